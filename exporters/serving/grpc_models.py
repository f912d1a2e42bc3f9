"""TensorFlow Serving's `ModelService` over gRPC: states of models, and another configuration."""

import asyncio
from typing import Any

from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
)

from kerasrun.exporters.serving.errors import ServingError, code_number
from kerasrun.exporters.serving.grpc_errors import answered
from kerasrun.exporters.serving.model_config import models_from_proto
from kerasrun.exporters.serving.store import ModelStore


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """Tells of models, and takes another list of them.

    Args:
        store: The models.
    """

    def __init__(self, store: ModelStore) -> None:
        self._store = store

    async def GetModelStatus(self, request: Any, context: Any) -> Any:
        """The states of a model's versions, or of one."""
        return await answered(context, self._status(request.model_spec))

    async def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:
        """Serves the models of another configuration; answers when they are loaded."""
        return await answered(context, self._reload(request.config))

    async def _status(self, spec: Any) -> Any:
        if not spec.name:
            raise ServingError("INVALID_ARGUMENT", "Missing ModelSpec")
        version = spec.version.value if spec.HasField("version") else None
        response = get_model_status_pb2.GetModelStatusResponse()
        for found in self._store.status(spec.name, version, spec.version_label or None):
            told = response.model_version_status.add(version=found.version, state=int(found.state))
            told.status.error_code = code_number(found.error_code)
            told.status.error_message = found.error_message
        return response

    async def _reload(self, config: Any) -> Any:
        response = model_management_pb2.ReloadConfigResponse()
        try:
            if config.WhichOneof("config") != "model_config_list":
                raise ServingError(
                    "INVALID_ARGUMENT", "ServerConfig does not contain a model_config_list"
                )
            await asyncio.to_thread(self._store.configure, models_from_proto(config))
        except ServingError as error:
            response.status.error_code = error.number
            response.status.error_message = error.message
        return response
