"""TensorFlow Serving's `PredictionService` over gRPC, on the models and batches that REST uses."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from kerasrun.exporters.serving.batching import Answer, Batcher
from kerasrun.exporters.serving.errors import Code, ServingError
from kerasrun.exporters.serving.example_input import serialized_examples
from kerasrun.exporters.serving.grpc_errors import answered
from kerasrun.exporters.serving.prometheus import Metrics
from kerasrun.exporters.serving.rest import RestOptions
from kerasrun.exporters.serving.results import (
    INPUTS,
    check_classify,
    check_regress,
    classifications,
    regressions,
)
from kerasrun.exporters.serving.servable import Servable
from kerasrun.exporters.serving.signature import CLASSIFY, DEFAULT_SIGNATURE, REGRESS
from kerasrun.exporters.serving.store import ModelStore
from kerasrun.exporters.serving.tensor_proto import fill_tensor, read_tensor

_METADATA = "signature_def"
_INTERNAL: Code = "INTERNAL"
_MANY_VALUES = 10_000
_T = TypeVar("_T")


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers requests; an error is a status with one of gRPC's codes, never a traceback.

    Args:
        store: The models.
        batcher: What joins requests; of the event loop in which the server runs.
        metrics: Where requests are counted, all but those for metadata.
        limits: Its sizes hold for requests over gRPC, too.
    """

    def __init__(
        self,
        store: ModelStore,
        batcher: Batcher,
        metrics: Metrics | None = None,
        limits: RestOptions | None = None,
    ) -> None:
        self._store, self._batcher = store, batcher
        self._metrics, self._limits = metrics or Metrics(), limits or RestOptions()

    async def Predict(self, request: Any, context: Any) -> Any:
        """Runs any signature."""
        name = request.model_spec.name
        return await answered(context, self._counted("Predict", name, self._predict(request)))

    async def Classify(self, request: Any, context: Any) -> Any:
        """Runs a signature that classifies examples."""
        name = request.model_spec.name
        return await answered(context, self._counted("Classify", name, self._classify(request)))

    async def Regress(self, request: Any, context: Any) -> Any:
        """Runs a signature that gives each example a number."""
        name = request.model_spec.name
        return await answered(context, self._counted("Regress", name, self._regress(request)))

    async def MultiInference(self, request: Any, context: Any) -> Any:
        """Runs several signatures of one model on the same examples."""
        name = request.tasks[0].model_spec.name if request.tasks else ""
        return await answered(
            context, self._counted("MultiInference", name, self._several(request))
        )

    async def GetModelMetadata(self, request: Any, context: Any) -> Any:
        """Tells a model's signatures."""
        return await answered(context, self._metadata(request))

    async def _counted(self, api: str, model: str, work: Awaitable[tuple[_T, int]]) -> _T:
        """The first of the two things that `work` returns; the other is how many rows it had."""
        start, code = time.perf_counter(), _INTERNAL
        rows: int | None = None
        try:
            response, rows = await work
            code = "OK"
            return response
        except ServingError as error:
            code = error.code
            raise
        except asyncio.CancelledError:  # the client hung up, or its deadline has passed
            code = "CANCELLED"
            raise
        finally:
            if model and (code == "OK" or model in self._store.names()):
                micros = (time.perf_counter() - start) * 1e6
                self._metrics.request(model, api, "GRPC", code, micros, rows)

    async def _predict(self, request: Any) -> tuple[Any, int]:
        largest = self._limits.max_body_bytes
        inputs = {name: read_tensor(name, value, largest) for name, value in request.inputs.items()}
        rows = max((len(each) for each in inputs.values() if each.ndim), default=1)
        self._check_rows(rows)
        with self._used(request.model_spec) as servable:
            name = request.model_spec.signature_name or DEFAULT_SIGNATURE
            outputs = await self._batcher.run(servable, name, inputs, list(request.output_filter))
            response = predict_pb2.PredictResponse()
            _describe(response.model_spec, servable, name)
        if (
            sum(each.size for each in outputs.values()) > _MANY_VALUES
        ):  # others are answered meanwhile
            await asyncio.to_thread(_fill_outputs, response, outputs)
        else:
            _fill_outputs(response, outputs)
        return response, rows

    async def _classify(self, request: Any) -> tuple[Any, int]:
        response = classification_pb2.ClassificationResponse()
        with self._used(request.model_spec) as servable:
            outputs, examples = await self._on_examples(servable, request, check_classify)
            _fill_classes(response.result, outputs, examples)
            _describe(response.model_spec, servable, request.model_spec.signature_name)
        return response, examples

    async def _regress(self, request: Any) -> tuple[Any, int]:
        response = regression_pb2.RegressionResponse()
        with self._used(request.model_spec) as servable:
            outputs, examples = await self._on_examples(servable, request, check_regress)
            _fill_values(response.result, outputs, examples)
            _describe(response.model_spec, servable, request.model_spec.signature_name)
        return response, examples

    async def _several(self, request: Any) -> tuple[Any, int]:
        _check_tasks(request.tasks)
        response = inference_pb2.MultiInferenceResponse()
        examples = 0
        for task in request.tasks:
            one = type("Task", (), {"model_spec": task.model_spec, "input": request.input})
            classifies = task.method_name == CLASSIFY
            found, examples = await (self._classify(one) if classifies else self._regress(one))
            result = response.results.add()
            result.model_spec.CopyFrom(found.model_spec)
            kind = result.classification_result if classifies else result.regression_result
            kind.CopyFrom(found.result)
        return response, examples

    async def _metadata(self, request: Any) -> Any:
        _check_fields(request.metadata_field)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        with self._used(request.model_spec) as servable:
            response.metadata[_METADATA].Pack(servable.metadata)
            _describe(response.model_spec, servable, "")
        return response

    async def _on_examples(
        self, servable: Servable, request: Any, check: Any
    ) -> tuple[Answer, int]:
        """The outputs for the examples in a request, and how many these are."""
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        signature = servable.signatures.get(name)
        if signature is None:
            raise ServingError("INVALID_ARGUMENT", f"No signature was found with the name: {name}")
        wanted = check(signature)
        examples = serialized_examples(request.input)
        self._check_rows(len(examples))
        return await self._batcher.run(servable, name, {INPUTS: examples}, wanted), len(examples)

    def _check_rows(self, rows: int) -> None:
        limit = self._limits.max_rows
        if rows > limit:
            raise ServingError(
                "INVALID_ARGUMENT", f"The request has {rows} rows; the limit is {limit}."
            )

    def _used(self, spec: Any) -> Any:
        if not spec.name:
            raise ServingError("INVALID_ARGUMENT", "Missing ModelSpec")
        version = spec.version.value if spec.HasField("version") else None
        return self._store.use(spec.name, version, spec.version_label or None)


def _fill_outputs(response: Any, outputs: Answer) -> None:
    for output, value in outputs.items():
        fill_tensor(response.outputs[output], value)


def _describe(spec: Any, servable: Servable, signature: str) -> None:
    spec.name = servable.name
    spec.version.value = servable.version
    spec.signature_name = signature


def _fill_classes(result: Any, outputs: Answer, examples: int) -> None:
    for row in classifications(outputs, examples):
        found = result.classifications.add()
        for label, score in row:
            found.classes.add(label=label, score=score)


def _fill_values(result: Any, outputs: Answer, examples: int) -> None:
    for value in regressions(outputs, examples):
        result.regressions.add(value=value)


def _check_tasks(tasks: Sequence[Any]) -> None:
    if len({task.model_spec.name for task in tasks}) > 1:
        raise ServingError(
            "INVALID_ARGUMENT", "All ModelSpecs in a request must access the same model name."
        )
    names = [task.model_spec.signature_name or DEFAULT_SIGNATURE for task in tasks]
    for task, name in zip(tasks, names, strict=True):
        if names.count(name) > 1:
            raise ServingError("INVALID_ARGUMENT", f"Duplicate evaluation of signature: {name}")
        if task.method_name not in (CLASSIFY, REGRESS):
            raise ServingError(
                "UNIMPLEMENTED", f"Unsupported signature method_name: {task.method_name}"
            )


def _check_fields(fields: Sequence[str]) -> None:
    if not fields:
        raise ServingError(
            "INVALID_ARGUMENT", "GetModelMetadataRequest must specify at least one metadata_field"
        )
    for name in fields:
        if name != _METADATA:
            raise ServingError("INVALID_ARGUMENT", f"Metadata field {name} is not supported")
