"""A small model behind the REST API, and requests to it without a network."""

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import tensorflow as tf

from kerasrun.exporters.serving.batching import Batcher
from kerasrun.exporters.serving.model_config import ModelConfig
from kerasrun.exporters.serving.rest import RestApp, RestOptions
from kerasrun.exporters.serving.store import ModelStore

NAME = "saved_model_half_plus_two_2_versions"  # as TensorFlow Serving's tests call it
EXAMPLES = tf.TensorSpec([None], tf.string, name="inputs")
NUMBERS = tf.TensorSpec([None], tf.float32, name="x")


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HalfPlusTwo(tf.Module):
    """TensorFlow Serving's own test model: `x / 2 + 2`, in all three ways."""

    def __init__(self) -> None:
        super().__init__()
        self.half = tf.Variable(0.5)

    @tf.function(input_signature=[NUMBERS])
    def predict(self, x: Any) -> Any:
        return {"y": x * self.half + 2.0}

    @tf.function(input_signature=[EXAMPLES])
    def regress(self, inputs: Any) -> Any:
        return {"outputs": self._column(inputs)}

    @tf.function(input_signature=[EXAMPLES])
    def classify(self, inputs: Any) -> Any:
        column = self._column(inputs)
        classes = tf.tile([["few", "m\u00e4ny"]], [tf.shape(column)[0], 1])
        return {"scores": tf.concat([column, column + 1], 1), "classes": classes}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.string, name="text")])
    def texts(self, text: Any) -> Any:
        return {"same": text, "same_bytes": text, "ids": tf.strings.length(text)}

    def _column(self, inputs: Any) -> Any:
        spec = {"x": tf.io.FixedLenFeature([1], tf.float32)}
        return tf.io.parse_example(inputs, spec)["x"] * self.half + 2.0


def write_half_plus_two(base: Path) -> None:
    """Writes it as version 123."""
    model = HalfPlusTwo()
    signatures = {
        "serving_default": model.predict,
        "regress_x_to_y": model.regress,
        "classify_x_to_y": model.classify,
        "texts": model.texts,
    }
    tf.saved_model.save(model, str(base / "123"), signatures)


@contextlib.contextmanager
def serving(base: Path, **options: Any) -> Iterator[RestApp]:
    """Serves the model, also under a name that has a slash."""
    store = ModelStore()
    labels = {"Version_Label": 123} if (base / "123").exists() else {}
    store.configure([ModelConfig(NAME, str(base), labels=labels), ModelConfig("a/b c", str(base))])
    try:
        yield RestApp(store, OneLoop(), RestOptions(**options))
    finally:
        store.close()


class OneLoop:
    """A batcher for each call: here each runs in a loop of its own."""

    async def run(self, *args: Any) -> Any:
        batcher = Batcher()
        try:
            return await batcher.run(*args)
        finally:
            batcher.close()


async def send(
    app: RestApp,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    parts: int = 1,
) -> Reply:
    """Sends one request, its body in so many parts."""
    size = max(1, -(-len(body) // parts))
    pieces = [body[i : i + size] for i in range(0, len(body), size)] or [b""]
    messages = [
        {"type": "http.request", "body": each, "more_body": number + 1 < len(pieces)}
        for number, each in enumerate(pieces)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else await asyncio.Event().wait()

    async def keep(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode("latin-1", "replace"),
        "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
    }
    await app(scope, receive, keep)
    start, last = sent
    assert (start["type"], last["type"]) == ("http.response.start", "http.response.body")
    return Reply(
        start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, last["body"]
    )


def ask(app: RestApp, method: str, path: str, body: bytes | str = b"", **more: Any) -> Reply:
    """Sends one request and waits for the answer."""
    data = body.encode() if isinstance(body, str) else body
    return asyncio.run(send(app, method, path, data, **more))


def predict(app: RestApp, body: bytes | str, **more: Any) -> Reply:
    """Asks the model to predict."""
    return ask(app, "POST", f"/v1/models/{NAME}:predict", body, **more)
