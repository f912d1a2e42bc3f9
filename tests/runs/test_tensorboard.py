import socket
from pathlib import Path

import pytest

from kerasrun.runs.errors import RunError
from kerasrun.runs.tensorboard import TensorBoard


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
