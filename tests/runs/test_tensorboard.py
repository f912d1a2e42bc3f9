import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun.runs.errors import RunError
from kerasrun.runs.layout import RunFiles
from kerasrun.runs.run import read_run
from kerasrun.runs.tensorboard import TensorBoard, log_folder


def test_given_runs_are_linked_by_name(make_run: Callable[..., RunFiles]) -> None:
    plain = read_run(make_run("20261121-223015-a3f1").folder)
    named = read_run(make_run("20261121-223016-77d0", name="lr/0.1").folder)
    with log_folder(plain.folder.parent, [plain, named]) as folder:
        links = {path.name: path.resolve() for path in folder.iterdir()}
        assert links == {"20261121-223015-a3f1": plain.folder, "lr-0.1-77d0": named.folder}
    assert not folder.exists()
    assert plain.folder.exists()


def test_no_runs_mean_the_root(tmp_path: Path) -> None:
    with log_folder(tmp_path, []) as folder:
        assert folder == tmp_path
    assert tmp_path.exists()


@pytest.mark.slow
def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = TensorBoard(tmp_path, port=port)
        with pytest.raises(RunError, match=rf"TensorBoard ended: .*port {port}.*in use"):
            server.url()
        server.stop()
