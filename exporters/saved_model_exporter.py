"""What the exporters have in common that write a SavedModel through the Estimator."""

from typing import Any

from kerasrun.exporters.arguments import ServingInputReceiverFn, checked_name, checked_receiver_fn
from kerasrun.exporters.exporter import Exporter


class SavedModelExporter(Exporter):
    """Base of `LatestExporter`, `FinalExporter` and `BestExporter`; a subclass says when.

    Args:
        name: The folder under `model_dir/export`.
        serving_input_receiver_fn: Takes no argument and returns a `ServingInputReceiver`; None: the
            estimator's own default, whose inputs are the features that its model asks for.
        assets_extra: Files to lie under `assets.extra/`: relative destination to source path.
        as_text: Write `saved_model.pbtxt` for people rather than `saved_model.pb`.

    Raises:
        ValueError: `name` is empty or no string.
        TypeError: `serving_input_receiver_fn` cannot be called.
    """

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: ServingInputReceiverFn | None,
        assets_extra: dict[str, str] | None,
        as_text: bool,
    ) -> None:
        kind = type(self).__name__
        self._name = checked_name(kind, name)
        self._receiver_fn = checked_receiver_fn(kind, serving_input_receiver_fn)
        self._assets_extra = assets_extra
        self._as_text = as_text

    @property
    def name(self) -> str:
        """The folder's name under `model_dir/export`."""
        return self._name

    def write(self, estimator: Any, export_path: str, checkpoint_path: str | None) -> str | None:
        """Has the Estimator export a checkpoint; returns the folder that was written."""
        path: str | None = estimator.export_saved_model(
            export_path,
            self._receiver_fn,
            assets_extra=self._assets_extra,
            as_text=self._as_text,
            checkpoint_path=checkpoint_path,
        )
        return path
