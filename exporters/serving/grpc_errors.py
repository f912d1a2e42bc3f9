"""What a client of gRPC reads when a request is not answered."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any, TypeVar

from kerasrun.exporters.serving.errors import ServingError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


async def answered(context: Any, work: Awaitable[_T]) -> _T:
    """Returns what `work` does; where it fails, ends the call with one of gRPC's codes.

    An error that is none of ours is told as INTERNAL, and its traceback stays in our log.
    """
    try:
        return await work
    except ServingError as error:
        await context.abort(error.grpc_code, error.message)
        raise
    except asyncio.CancelledError:
        raise
    except Exception:
        _log.exception("A request failed")
        await context.abort(ServingError("INTERNAL", "").grpc_code, "Internal error")
        raise
