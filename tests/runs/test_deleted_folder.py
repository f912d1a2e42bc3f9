"""A run whose folder is deleted while it is at work."""

import textwrap
from collections.abc import Callable

from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import read_run
from kerasrun.runs.supervisor import supervise

RunMaker = Callable[..., RunFiles]
JobCommand = Callable[[RunFiles, str], list[str]]

DELETED = """
import shutil, subprocess
from kerasrun.runs.heartbeat import Heartbeat
task.began = True
task.metrics.evaluated(None, 1, {"loss": 1.0})
shutil.rmtree(task.files.folder)
with Heartbeat(task.files.heartbeat, every_secs=0.01):
    threading.Event().wait(0.05)
task.metrics.evaluated(None, 2, {"loss": 1.0})
print("still at work")
task.restore()
assert not task.files.folder.exists()
"""


def test_a_worker_outlives_its_folder_and_the_loss_is_said(
    make_run: RunMaker, job_command: JobCommand
) -> None:
    files = make_run()
    ended = supervise(files.folder, command=job_command(files, DELETED))
    assert ended.outcome.reason == (
        f"the run's folder {files.folder} was deleted while it was at work"
    )
    assert ended.outcome.command_code == 1
    assert not files.folder.exists()


def test_a_folder_that_is_made_anew_is_the_run_again(
    make_run: RunMaker, job_command: JobCommand
) -> None:
    """The Estimator makes it for its next checkpoint."""
    files = make_run(name="baseline")
    look = (
        "import sys; from pathlib import Path; from kerasrun.runs import read_run\n"
        "print(read_run(Path(sys.argv[1])).status)"
    )
    code = f"""
    from kerasrun._tensorflow_import import import_tensorflow
    import_tensorflow()
    from kerasrun.runs.job_observer import RunObserver
    task.files.folder.mkdir()
    RunObserver(task).checkpoint_saved("model.ckpt-3", 3)
    look = [sys.executable, "-c", {look!r}, str(task.files.folder)]
    seen = subprocess.check_output(look, text=True)
    (Path(sys.argv[1]).parent / "seen").write_text(seen)
    """
    command = job_command(files, DELETED + textwrap.dedent(code))
    ended = supervise(files.folder, command=command)
    assert ended.outcome.status == "completed", ended.traceback
    assert (files.folder.parent / "seen").read_text() == "running\n"
    run = read_run(files.folder)
    assert (str(run.status), run.name, run.step) == ("completed", "baseline", 3)
    assert len(run.attempts) == 1
