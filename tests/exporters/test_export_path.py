"""The path of an export, as old and new programs use it."""

import copy
import os
import pickle

from hypothesis import given
from hypothesis import strategies as st

from kerasrun.exporters import ExportPath


def test_old_programs_decode_it_and_new_ones_do_not() -> None:
    path = ExportPath("export/1795300215")
    assert type(path.decode()) is str
    assert path == path.decode() == path.decode("utf-8", errors="ignore")
    assert os.path.join(path, "variables") == "export/1795300215/variables"


@given(st.text().filter(lambda text: text.isprintable()))
def test_it_survives_copies_and_comes_of_bytes(text: str) -> None:
    path = ExportPath(text)
    for other in (pickle.loads(pickle.dumps(path)), copy.deepcopy(path), ExportPath.of(text)):
        assert type(other) is ExportPath
        assert other == text
    assert ExportPath.of(text.encode()) == text
