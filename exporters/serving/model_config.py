"""Which models to serve, from where, and which of their versions."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from kerasrun.exporters.serving.errors import ServingError, serving_api
from kerasrun.exporters.serving.version_policy import NEWEST, VersionPolicy, policy_from_proto

_PLATFORM = "tensorflow"


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """One model to serve.

    Attributes:
        name: What clients call it.
        base_path: The folder whose numbered subfolders are its versions.
        policy: Which of them are served.
        labels: Names of versions, such as `{"stable": 3}`.

    Raises:
        ServingError: The name or the path is empty.
    """

    name: str
    base_path: str
    policy: VersionPolicy = NEWEST
    labels: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name:
            raise ServingError("INVALID_ARGUMENT", f"The model at {self.base_path!r} has no name.")
        if not self.base_path:
            raise ServingError("INVALID_ARGUMENT", f"The model {self.name!r} has no base path.")


def checked_models(models: Sequence[ModelConfig]) -> list[ModelConfig]:
    """Returns the models as a list.

    Raises:
        ServingError: Two have the same name.
    """
    names = [model.name for model in models]
    for name in names:
        if names.count(name) > 1:
            raise ServingError(
                "INVALID_ARGUMENT", f"Illegal to list model {name} multiple times in config list"
            )
    return list(models)


def model_from_flag(text: str) -> ModelConfig:
    """Returns the model that a flag names as `NAME=BASE_DIR`.

    Raises:
        ServingError: `text` is of another form.
    """
    name, _, base_path = text.partition("=")
    if not (name and base_path):
        raise ServingError(
            "INVALID_ARGUMENT",
            f"No model in {text!r}. Expected NAME=BASE_DIR, such as iris=exports/iris.",
        )
    return ModelConfig(name, base_path)


def models_from_text(text: str) -> list[ModelConfig]:
    """Returns the models of a file such as TensorFlow Serving's `--model_config_file` takes.

    Raises:
        ServingError: `text` is no `ModelServerConfig` in protocol buffers' text form, or one that
            is not served here.
    """
    from google.protobuf import text_format

    message = serving_api("config.model_server_config_pb2").ModelServerConfig()
    try:
        return models_from_proto(text_format.Parse(text, message))
    except text_format.ParseError as error:
        raise ServingError("INVALID_ARGUMENT", f"No ModelServerConfig: {error}") from None


def models_from_proto(config: Any) -> list[ModelConfig]:
    """Returns the models of a `ModelServerConfig`.

    Raises:
        ServingError: It is for a server of another kind, or a model in it is wrong.
    """
    if config.WhichOneof("config") == "custom_model_config":
        raise ServingError("UNIMPLEMENTED", "custom_model_config is not served here.")
    return checked_models([_model_from_proto(each) for each in config.model_config_list.config])


def _model_from_proto(config: Any) -> ModelConfig:
    platform = config.model_platform or _PLATFORM
    if platform != _PLATFORM:
        raise ServingError(
            "INVALID_ARGUMENT",
            f"The model {config.name!r} has the platform {platform!r}. Expected {_PLATFORM!r}.",
        )
    return ModelConfig(
        config.name,
        config.base_path,
        policy_from_proto(config.model_version_policy),
        dict(config.version_labels),
    )
