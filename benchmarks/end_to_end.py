"""`mlrun train` of the iris example, 1,000 steps, evaluations, exports: CPU and wall seconds.

Against the same program for `tf.estimator` 2.15 where `make bench-legacy` has set that up, and
against the import of TensorFlow, which is the floor. And a start: one step, against `fit`'s first.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.processes import spent
from benchmarks.training import LEGACY_PYTHON
from benchmarks.verdicts import Verdict

_EXAMPLE = Path(__file__).parents[1] / "examples" / "keras_iris.py"
_FIRST_STEP_OF_FIT = """
import sys
sys.path.insert(0, sys.argv[1])
import keras_iris
model = keras_iris.build_model()
data = keras_iris.train_input_fn().map(lambda x, y: (x["iris_input"], y))
model.fit(data, steps_per_epoch=1, verbose=0)
"""


def measure(quick: bool) -> Iterator[Verdict]:
    """Prints the seconds of all; yields the ratios."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    python = sys.executable
    with tempfile.TemporaryDirectory() as root:
        train = [python, "-m", "kerasrun", "train", "--model", str(_EXAMPLE), "--root", root]
        systems: dict[str, Sequence[str]] = {
            "mlrun train, 1,000 steps": [*train, "--max-steps", "1000"],
            "import tensorflow": [python, "-c", "import tensorflow"],
            "mlrun train, 1 step": [*train, "--max-steps", "1"],
            "fit, 1 step": [python, "-c", _FIRST_STEP_OF_FIT, str(_EXAMPLE.parent)],
        }
        if LEGACY_PYTHON.exists():
            legacy = [str(LEGACY_PYTHON), "-m", "benchmarks.legacy_program"]
            systems["tf.estimator, 1,000 steps"] = legacy
        rounds = [
            {system: spent(command) for system, command in systems.items()}
            for _ in range(2 if quick else 3)
        ]
    for system in systems:
        cpu = statistics.median(r[system].cpu for r in rounds)
        wall = statistics.median(r[system].wall for r in rounds)
        print(f"end to end {system:28} {cpu:6.2f} CPU s   {wall:6.2f} s")
    ours, *_ = systems
    if LEGACY_PYTHON.exists():
        ratios = [r["tf.estimator, 1,000 steps"].cpu / r[ours].cpu for r in rounds]
        yield Verdict("end to end, CPU: times faster than tf.estimator", ratios, 1.0)
    floor = [r[ours].cpu / r["import tensorflow"].cpu for r in rounds]
    yield Verdict("end to end, CPU: times TensorFlow's import", floor, None)
    start = [r["mlrun train, 1 step"].wall / r["fit, 1 step"].wall for r in rounds]
    yield Verdict("cold start: times that of fit", start, None)
