"""Writes a SavedModel that TensorFlow alone can load: checked, then put in place.

    receiver = trace_receiver(serving_input_receiver_fn)
    signature = Signature("serving_default", lambda features: {"probs": model(features)}, receiver)
    fed = receiver_inputs(receiver, batch)                            # None: cannot be told
    live = model(receiver.features(fed))                              # what it must answer
    export = write_saved_model(
        "out/export/latest", [signature], model_variables, resources_of(model),
        check=ExpectedAnswer(fed, {"probs": live.numpy()}),
    )
    export.path                                                       # out/export/latest/1795300215

The folder holds each weight once, the lookup tables with their vocabulary files, and the traced
signatures; no Keras object and nothing of this package. It is written as `temp-<seconds>`, loaded
anew and asked; only then it gets its name. A failed export leaves nothing.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kerasrun.exporters.assets_extra import checked_assets_extra, copy_assets_extra
from kerasrun.exporters.check import ExpectedAnswer, check_export
from kerasrun.exporters.export_path import ExportPath
from kerasrun.exporters.saved_objects import root_of, save
from kerasrun.exporters.signature_names import finish_signatures
from kerasrun.exporters.signatures import (
    Signature,
    receiver_resources,
    traced,
    with_alternatives,
)
from kerasrun.exporters.version_folder import VersionFolder
from kerasrun.exporters.warmup import write_warmup_requests


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes:
        path: The folder, under its final name.
        examples: How many examples the check compared; 0 if none were given.
        difference: The largest absolute difference to what was expected.
    """

    path: ExportPath
    examples: int
    difference: float


def write_saved_model(
    export_dir_base: str,
    signatures: Iterable[Signature],
    variables: Iterable[Any] | Mapping[str, Any],
    resources: Iterable[Any] = (),
    *,
    assets_extra: Mapping[str, str] | None = None,
    as_text: bool = False,
    check: ExpectedAnswer | None = None,
    warmup_requests: Iterable[bytes] = (),
    clock: Callable[[], float] = time.time,
) -> Export:
    """Writes `<export_dir_base>/<seconds>`, a SavedModel tagged `serve`.

    Args:
        export_dir_base: Where the numbered exports lie; made if absent.
        signatures: At least one, each name once.
        variables: The model's variables, of TensorFlow or of Keras; in a dict by the name that
            they get in the export's checkpoint. Any other variable that a signature reads is added.
        resources: Lookup tables that the signatures use; those of the receivers are added.
        assets_extra: Files to lie under `assets.extra/`: relative destination to source path.
        as_text: Write `saved_model.pbtxt` rather than `saved_model.pb`.
        check: A question and the answer that the written model must give.
        warmup_requests: What a server runs before it serves the model, as `warmup_requests` makes
            them.
        clock: Answers the seconds since 1970. The folder is named by them; a name that is not above
            all before it is raised to the next free one, so that names always rise.

    Returns:
        The folder and what the check found.

    Raises:
        ValueError: A signature is unfit, an asset is missing, escapes or is a file of warm-up
            requests beside those given, or a signature uses a table that is not among `resources`.
            Nothing is written.
        ExportCheckError: The written model answers otherwise. Nothing is left of it.
    """
    listed = with_alternatives(signatures)
    assets = checked_assets_extra(assets_extra)
    names, functions = traced(listed)
    root = root_of(variables, [*resources, *receiver_resources(listed)], functions)
    with VersionFolder(export_dir_base, clock) as folder:
        save(root, folder.temporary, functions)
        finish_signatures(folder.temporary, names, as_text)
        copy_assets_extra(assets, folder.temporary)
        write_warmup_requests(warmup_requests, folder.temporary)
        difference = check_export(folder.temporary, names, check)
        path = folder.commit()
    return Export(ExportPath.of(path), check.examples if check else 0, difference)
