import errno

import pytest

from kerasrun.runs.errors import ModelFileError, UsageError
from kerasrun.runs.outcome import describe, is_bad_input, outcome_of_death, outcome_of_error


class FeatureKeyError(KeyError):
    """As the bridge has one: its text is a sentence."""

    def __str__(self) -> str:
        return str(self.args[0])


class OpError(Exception):
    """The root of TensorFlow's errors."""


class InvalidArgumentError(OpError):
    """One of them."""


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("units must be > 0"), "units must be > 0"),
        (FeatureKeyError("no key 'x'"), "no key 'x'"),
        (KeyError("x"), "KeyError: 'x'"),
        (UsageError("unknown parameter"), "unknown parameter"),
        (RuntimeError(), "RuntimeError"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.csv"), "No such file: a.csv"),
        (RuntimeError("two\n   lines"), "RuntimeError: two lines"),
        (
            RuntimeError("{{function_node __wrapped__SaveV2}} disk full [Op:SaveV2]"),
            "RuntimeError: disk full",
        ),
    ],
)
def test_an_error_becomes_one_line(error: Exception, text: str) -> None:
    assert describe(error) == text


def test_a_long_error_is_cut() -> None:
    assert len(describe(RuntimeError("x" * 5000))) < 600


@pytest.mark.parametrize(
    ("error", "bad"),
    [
        (ValueError("x"), True),
        (FeatureKeyError("x"), True),
        (FileNotFoundError("x"), True),
        (InvalidArgumentError("x"), True),
        (OSError(errno.ENOSPC, "No space left on device"), False),
        (MemoryError(), False),
        (RuntimeError("x"), False),
    ],
)
def test_errors_of_the_input_are_told_from_those_of_the_machine(
    error: Exception, bad: bool
) -> None:
    assert is_bad_input(error) is bad
    assert outcome_of_error(error, began=False, attempt=1).command_code == (2 if bad else 1)
    assert outcome_of_error(error, began=True, attempt=1).command_code == 1


def test_a_model_file_error_in_mid_training_is_a_failed_run() -> None:
    error = ModelFileError("net.py, line 3: x")
    assert outcome_of_error(error, began=True, attempt=1).command_code == 1
    assert outcome_of_error(error, began=False, attempt=1).command_code == 2


def test_an_exit_code_of_2_in_mid_training_is_a_failed_run() -> None:
    assert outcome_of_error(SystemExit(2), began=True, attempt=1).command_code == 1


def test_a_kill_for_memory_is_said() -> None:
    outcome = outcome_of_death(-9, attempt=1, out_of_memory=True)
    assert (outcome.status, outcome.reason) == ("killed", "SIGKILL, out of memory")
    segfault = outcome_of_death(-11, attempt=1, out_of_memory=True)
    assert segfault.reason == "SIGSEGV"
