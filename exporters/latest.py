"""An export after every evaluation, the newest few kept."""

from typing import Any

from kerasrun.exporters.arguments import ServingInputReceiverFn
from kerasrun.exporters.retention import checked_exports_to_keep
from kerasrun.exporters.saved_model_exporter import SavedModelExporter


class LatestExporter(SavedModelExporter):
    """Exports after every evaluation; see `tf.estimator.LatestExporter`.

    Args:
        name: The folder under `model_dir/export`.
        serving_input_receiver_fn: Takes no argument and returns a `ServingInputReceiver`; None: the
            estimator's own default, whose inputs are the features that its model asks for.
        assets_extra: Files to lie under `assets.extra/`: relative destination to source path.
        as_text: Write `saved_model.pbtxt` for people rather than `saved_model.pb`.
        exports_to_keep: So many of the newest stay; None: all.
        warmup_examples: So many examples of the evaluation, of its first batch, are written as
            requests that a server runs before it serves the model (up to 1000). They are readable
            data: 0, the default, writes none.

    Raises:
        ValueError: `name` is empty or no string, `exports_to_keep` is not above 0, or
            `warmup_examples` is no such number.
        TypeError: `serving_input_receiver_fn` cannot be called.
    """

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: ServingInputReceiverFn | None = None,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
        *,
        warmup_examples: int = 0,
    ) -> None:
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text, warmup_examples)
        self._exports_to_keep = checked_exports_to_keep("LatestExporter", exports_to_keep)

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str | None,
        eval_result: dict[str, Any] | None,
        is_the_final_export: bool,
    ) -> str | None:
        """Exports the checkpoint and removes the exports that are too many; see `Exporter`."""
        path = self.write(estimator, export_path, checkpoint_path)
        self.tidy(export_path)
        return path
