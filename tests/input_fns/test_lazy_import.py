"""Importing the package costs nothing: TensorFlow and pandas come with the first use of a name."""

import subprocess
import sys

import pytest

import kerasrun.input_fns


def test_importing_the_package_imports_neither_tensorflow_nor_pandas() -> None:
    code = "import kerasrun.input_fns, sys; print({'tensorflow', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_public_names() -> None:
    assert kerasrun.input_fns.__all__ == ["csv_input_fn", "numpy_input_fn", "pandas_input_fn"]
    assert set(kerasrun.input_fns.__all__) <= set(dir(kerasrun.input_fns))
    with pytest.raises(AttributeError, match="has no attribute 'parquet_input_fn'"):
        _ = kerasrun.input_fns.parquet_input_fn
