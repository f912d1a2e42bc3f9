"""Before a sweep begins: its model file and the parameters of all trials are looked at, once."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import kerasrun
from kerasrun.runs.errors import RunError, UsageError
from kerasrun.runs.outcome import outcome_of_death
from kerasrun.runs.sweep.files import SweepFiles
from kerasrun.runs.sweep.plan import Plan
from kerasrun.runs.sweep.space import Params, Range, Space

_TIMEOUT_SECS = 600
_SAID_WHY = (1, 2)  # see kerasrun.runs.errors; else its last line is anything


def check_before(files: SweepFiles, plan: Plan, samples: Sequence[Params]) -> None:
    """Raises if the model file does not take what the trials give it.

    Args:
        files: The sweep's, whose `sweep.json` is written.
        plan: What stands there.
        samples: Parameters of trials, one at least.

    Raises:
        UsageError: The model file or a parameter is wrong.
        RunError: It could not be found out.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "kerasrun.runs.sweep.check_job", str(files.folder)],
            input=json.dumps(list(samples)),
            cwd=plan.cwd,
            env=_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECS,
        )
    except subprocess.TimeoutExpired:
        raise RunError(f"the model file has not been loaded after {_TIMEOUT_SECS} s") from None
    if done.returncode:
        said = done.stderr.strip()
        line = said.rpartition("\n")[2]
        if not line or done.returncode not in _SAID_WHY:
            ended = outcome_of_death(done.returncode, attempt=1, out_of_memory=False)
            line = f"the process was killed ({ended.signal})" if ended.signal else ended.reason
        kind = UsageError if done.returncode == UsageError.exit_code else RunError
        raise kind(line if kind is UsageError else f"the model file: {line}", detail=said)


def _environment() -> dict[str, str]:
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    home = Path(kerasrun.__file__).parent.parent
    if home.name != "site-packages":  # a checkout, which -P may hide
        paths = [environment.get("PYTHONPATH", ""), str(home)]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment


def corners(space: Space) -> list[Params]:
    """Combinations that have every text of the choices, and two numbers of each range.

    Those are not whole unless all in the range are: a parameter may be an `int`.
    """
    most = max((2 if isinstance(d, Range) else len(d.texts) for d in space.values()), default=1)
    return [
        {name: _value(domain, index) for name, domain in space.items()} for index in range(most)
    ]


def _value(domain: object, index: int) -> str:
    if isinstance(domain, Range):
        if domain.whole:
            return str(int(domain.low if index % 2 == 0 else domain.high))
        share = (0.1, 0.9)[index % 2] / math.pi  # no whole number comes of it
        return repr(domain.low + share * (domain.high - domain.low))
    texts: tuple[str, ...] = domain.texts  # type: ignore[attr-defined]
    return texts[index % len(texts)]
