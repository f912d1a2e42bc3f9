"""What a watcher of a training hears: progress, checkpoints, evaluations, exports.

An observer is told, never asked: it cannot change the training. Hooks
(`tf.estimator.SessionRunHook`) are the way to do that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kerasrun.bridge.loop_choice import LoopChoice


@dataclass(frozen=True)
class Progress:
    """How far training has come.

    Attributes:
        step: `global_step`, in updates done.
        max_steps: Where training ends, or None when it ends with the data.
        metrics: `loss` and the compiled metrics by name, as Python floats, averaged since the
            summary before.
        steps_per_sec: Updates a second since the progress before, or None when not known yet.
    """

    step: int
    max_steps: int | None
    metrics: Mapping[str, float]
    steps_per_sec: float | None


class Observer:
    """Base class: every method may be left as it is."""

    def train_begin(self, step: int, max_steps: int | None) -> None:
        """Training is about to start at `global_step` `step`."""

    def progress(self, progress: Progress) -> None:
        """About twice a second while training, and at its last step."""

    def loop_chosen(self, choice: LoopChoice) -> None:
        """Steps are run in this way from now on; told again when another turns out faster."""

    def checkpoint_saved(self, path: str, step: int) -> None:
        """A whole checkpoint of `global_step` `step` lies at the prefix `path`."""

    def evaluated(self, name: str | None, result: Mapping[str, Any], checkpoint_path: str) -> None:
        """An evaluation named `name` (None: the default one) has ended.

        `result` is what `Estimator.evaluate` returns: numpy values, `loss` and `global_step` too.
        """

    def exported(self, exporter_name: str, path: str, examples: int, difference: float) -> None:
        """An export lies at `path` and has been loaded anew and asked.

        `examples` is how many examples it answered (0: none was at hand), `difference` the largest
        absolute difference from the live model's answers.
        """

    def notice(self, text: str) -> None:
        """Something has happened that was probably not meant to: `text` says what, and the mend."""

    def train_end(self, step: int) -> None:
        """Training has ended, for whatever reason, at `global_step` `step`."""
