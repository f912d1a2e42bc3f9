"""Processes of our own import TensorFlow without the garbage collector, and have it back then."""

import subprocess
import sys

import pytest

PROGRAM = """
import gc
from kerasrun._tensorflow_import import import_tensorflow

import_tensorflow()
frozen = gc.get_freeze_count()
import_tensorflow()
print(gc.isenabled(), frozen, gc.get_freeze_count() == frozen)
gc.disable()
import_tensorflow()
print(gc.isenabled())
"""


@pytest.mark.slow
def test_what_the_import_makes_is_never_collected() -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    at_work, frozen, same, still = done.stdout.split()
    assert (at_work, same, still) == ("True", "True", "False")
    assert int(frozen) > 100_000
