"""Models named on the command line, or in TensorFlow Serving's own file."""

import pytest

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.model_config import (
    ModelConfig,
    model_from_flag,
    models_from_text,
)
from kerasrun.exporters.serving.version_policy import All, Latest, Specific, VersionPolicy


def in_file(model: str) -> str:
    return f"model_config_list {{ config {{ {model} }} }}"


def test_a_flag_names_a_model_and_its_folder() -> None:
    assert model_from_flag("iris=exports/a=b") == ModelConfig("iris", "exports/a=b", Latest(1), {})


@pytest.mark.parametrize("text", ["", "iris", "iris=", "=exports"])
def test_a_flag_of_another_form_is_shown_with_the_right_one(text: str) -> None:
    with pytest.raises(ServingError, match=f"No model in {text!r}. Expected NAME=BASE_DIR"):
        model_from_flag(text)


@pytest.mark.parametrize(("name", "base_path"), [("", "exports"), ("iris", "")])
def test_a_model_needs_a_name_and_a_folder(name: str, base_path: str) -> None:
    with pytest.raises(ServingError, match="has no"):
        ModelConfig(name, base_path)


@pytest.mark.parametrize(
    ("policy", "versions"),
    [
        (Latest(1), {12}),
        (Latest(2), {3, 12}),
        (Latest(9), {1, 3, 12}),
        (Specific((1, 7)), {1}),
        (All(), {1, 3, 12}),
    ],
)
def test_a_policy_chooses_versions(policy: VersionPolicy, versions: set[int]) -> None:
    assert policy.choose([3, 12, 1]) == versions


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("", Latest(1)),
        ("latest {}", Latest(1)),
        ("latest { num_versions: 2 }", Latest(2)),
        ("specific { versions: 1 versions: 7 }", Specific((1, 7))),
        ("all {}", All()),
    ],
)
def test_a_file_says_all_of_it(text: str, policy: VersionPolicy) -> None:
    (model,) = models_from_text(
        in_file(
            "name: 'iris' base_path: '/exports' model_platform: 'tensorflow' "
            f"model_version_policy {{ {text} }} version_labels {{ key: 'stable' value: 1 }}"
        )
    )
    assert model == ModelConfig("iris", "/exports", policy, {"stable": 1})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model_config_list {", "No ModelServerConfig: "),
        ("models { name: 'iris' }", "No ModelServerConfig: .*models"),
        ("custom_model_config {}", "custom_model_config is not served here"),
        (in_file("name: 'iris'"), "'iris' has no base path"),
        (in_file("name: 'a' base_path: 'b' model_platform: 'onnx'"), "'onnx'. Expected 'tensorf"),
        (
            in_file("name: 'a' base_path: 'b' model_version_policy { specific {} }"),
            "specific without versions",
        ),
        (
            in_file("name: 'a' base_path: 'b' } config { name: 'a' base_path: 'c'"),
            "Illegal to list model a multiple times",
        ),
    ],
)
def test_a_wrong_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(ServingError, match=message):
        models_from_text(text)
