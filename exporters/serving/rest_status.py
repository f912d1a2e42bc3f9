"""States of versions and signatures of a model, as TensorFlow Serving's REST API has them."""

import json
from collections.abc import Iterable
from typing import Any

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.servable import Servable
from kerasrun.exporters.serving.store import ModelStore
from kerasrun.exporters.serving.version_status import State, VersionStatus

__all__ = ["is_ready", "metadata_json", "status_json"]


def status_json(statuses: Iterable[VersionStatus]) -> bytes:
    """Returns the states of versions, in their order."""
    listed = [
        {
            "version": str(each.version),
            "state": each.state.name,
            "status": {"error_code": each.error_code, "error_message": each.error_message},
        }
        for each in statuses
    ]
    return _text({"model_version_status": listed})


def metadata_json(servable: Servable) -> bytes:
    """Returns the signatures that the file of a version has, with TensorFlow's own."""
    from google.protobuf.json_format import MessageToDict

    signatures = {
        name: MessageToDict(
            each, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        for name, each in servable.signature_defs.items()
    }
    spec = {"name": servable.name, "signature_name": "", "version": str(servable.version)}
    # Twice the same key: the name of the metadata, and the field of the message in it.
    metadata = {"signature_def": {"signature_def": signatures}}
    return _text({"model_spec": spec, "metadata": metadata})


def is_ready(store: ModelStore) -> bool:
    """Whether each model has a version that can be asked."""
    try:
        return all(
            any(each.state == State.AVAILABLE for each in store.status(name))
            for name in store.names()
        )
    except ServingError:  # it has no version yet
        return False


def _text(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")
