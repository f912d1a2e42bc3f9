"""Examples to classify or regress, out of JSON."""

import pytest

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.json_examples import Feature, parse_examples


def test_features_of_examples() -> None:
    body = b'{"examples": [{"a": [1, true], "b": [], "c": {"b64": "/w=="}, "d": 2.5, "d": 1.5}]}'
    (example,) = parse_examples(body).examples
    assert example == {
        "a": Feature("int64_list", [1, 1]),
        "b": Feature("", []),
        "c": Feature("bytes_list", [b"\xff"]),
        "d": Feature("float_list", [1.5]),  # the last of equal keys, unlike elsewhere
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"examples": [1]}', "Example must be JSON object but got JSON Number"),
        ('{"examples": [{}], "context": []}', "Example must be JSON object but got JSON Array"),
        ('{"examples": [{"a": [1, 2.0]}]}', "feature: a expecting type: int64"),
        ('{"examples": [{"a": [2.0, "x"]}]}', "feature: a expecting type: float"),
        ('{"examples": [{"a": 1e39}]}', "to float without loss of precision"),
        ('{"examples": [{"a": {"b64": 1}}]}', "unexpected JSON type: Object"),
        ('{"examples": []}', "'examples' value is an empty array"),
        ("{}", "key 'examples' is expected and was not found"),
    ],
)
def test_examples_that_are_none(body: str, words: str) -> None:
    with pytest.raises(ServingError, match=words):
        parse_examples(body.encode())


def test_a_name_of_a_feature_is_text() -> None:
    with pytest.raises(ServingError, match="is not valid UTF-8"):
        parse_examples(b'{"examples": [{"\xff": 1}]}')
