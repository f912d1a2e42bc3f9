"""The files of one run; its folder is mostly the Estimator's `model_dir`, and the only truth.

None of these names is one that an Estimator writes (`checkpoint`, `model.ckpt-*`, `input`,
`training.json`, `training.lock`, `eval`, `export`, `events.out.tfevents.*`).
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunFiles:
    """Where each file of the run in `folder` lies.

    Attributes:
        folder: The run's folder.
    """

    folder: Path

    @property
    def run_json(self) -> Path:
        """Identity, settings, params, versions, attempts."""
        return self.folder / "run.json"

    @property
    def metrics_json(self) -> Path:
        """The summary of every metric; written by the worker."""
        return self.folder / "metrics.json"

    @property
    def exit_json(self) -> Path:
        """The outcome; blank until the attempt has ended."""
        return self.folder / "exit.json"

    @property
    def lock(self) -> Path:
        """Held by the worker for its life; never deleted."""
        return self.folder / "lock"

    @property
    def heartbeat(self) -> Path:
        """Its modification time says when the worker was last alive."""
        return self.folder / "heartbeat"

    @property
    def output_log(self) -> Path:
        """All that the worker printed, every attempt."""
        return self.folder / "output.log"

    def worker_log(self, number: int) -> Path:
        """All that a worker beside the process that leads printed; that one has `output_log`."""
        return self.folder / f"worker-{number}.log"

    @property
    def evaluator_log(self) -> Path:
        """All that the evaluator printed, where that is a process of its own."""
        return self.folder / "evaluator.log"

    @property
    def evaluations_json(self) -> Path:
        """The summary of every metric that the evaluator found; written by it."""
        return self.folder / "evaluations.json"

    @property
    def stop_asked(self) -> Path:
        """There once the run was killed on request: nobody shall start it again by himself."""
        return self.folder / "stopped"

    @property
    def labels_json(self) -> Path:
        """Tags and a note; written by whoever labels the run."""
        return self.folder / "labels.json"

    @property
    def labels_lock(self) -> Path:
        """Held while the labels are changed."""
        return self.folder / "labels.lock"

    @property
    def copied_json(self) -> Path:
        """In a copy of a run: what its status was when it was copied; nowhere else."""
        return self.folder / "copied.json"

    @property
    def source(self) -> Path:
        """The model file, the uncommitted changes and the list of packages."""
        return self.folder / "source"

    @property
    def diff(self) -> Path:
        """What `git diff HEAD` said at the start."""
        return self.source / "diff.patch"

    @property
    def packages(self) -> Path:
        """`name==version`, one a line."""
        return self.source / "packages.txt"

    @property
    def model_dir_link(self) -> Path:
        """Where the program of the user's own keeps its Estimator, if it says so itself."""
        return self.folder / "model_dir"

    @property
    def model_dir(self) -> Path:
        """Where the run's (first) Estimator works: what that links to, else the run's folder."""
        link = self.model_dir_link
        return link if link.is_symlink() and link.is_dir() else self.folder

    @property
    def checkpoint_state(self) -> Path:
        """TensorFlow's own file that names the newest checkpoint."""
        return self.model_dir / "checkpoint"
