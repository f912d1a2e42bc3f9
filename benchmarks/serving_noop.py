"""The floor of a server in Python: an application that answers the same whatever it is asked.

Usage: python -m benchmarks.serving_noop PORT. It runs on uvicorn, set as `mlrun serve` sets it.
"""

import sys
from typing import Any

import uvicorn

_BODY = b'{\n    "predictions": [[0.999246, 0.000753996079, 1.93356192e-15]]\n}'
_HEAD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(_BODY)),
    ],
}


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Answers one request, as ASGI has it; the body is not read."""
    await send(_HEAD)
    await send({"type": "http.response.body", "body": _BODY})


if __name__ == "__main__":
    uvicorn.run(
        answer,
        port=int(sys.argv[1]),
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
    )
