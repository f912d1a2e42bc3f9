"""What the exporters have in common that write a SavedModel through the Estimator."""

from typing import Any

from kerasrun.exporters.arguments import ServingInputReceiverFn, checked_name, checked_receiver_fn
from kerasrun.exporters.exporter import Exporter
from kerasrun.exporters.retention import newer_than, remove_old_exports
from kerasrun.exporters.warmup import checked_warmup_examples


class SavedModelExporter(Exporter):
    """Base of `LatestExporter`, `FinalExporter` and `BestExporter`; a subclass says when.

    Args:
        name: The folder under `model_dir/export`.
        serving_input_receiver_fn: Takes no argument and returns a `ServingInputReceiver`; None: the
            estimator's own default, whose inputs are the features that its model asks for.
        assets_extra: Files to lie under `assets.extra/`: relative destination to source path.
        as_text: Write `saved_model.pbtxt` for people rather than `saved_model.pb`.
        warmup_examples: So many examples of the evaluation, of its first batch, are written as
            requests that a server runs before it serves the model (up to 1000). They are readable
            data: 0, the default, writes none.

    Raises:
        ValueError: `name` is empty or no string, or `warmup_examples` is no such number.
        TypeError: `serving_input_receiver_fn` cannot be called.
    """

    _exports_to_keep: int | None = None

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: ServingInputReceiverFn | None,
        assets_extra: dict[str, str] | None,
        as_text: bool,
        warmup_examples: int = 0,
    ) -> None:
        kind = type(self).__name__
        self._name = checked_name(kind, name)
        self._receiver_fn = checked_receiver_fn(kind, serving_input_receiver_fn)
        self._assets_extra = assets_extra
        self._as_text = as_text
        self._warmup_examples = checked_warmup_examples(kind, warmup_examples, assets_extra)

    @property
    def name(self) -> str:
        """The folder's name under `model_dir/export`."""
        return self._name

    def finished_since(self, export_path: str, version: str | None) -> str | None:
        """The export that a killed process had finished and could not tell of any more.

        What was still to be done after it is done: exports beyond those to be kept are removed.

        Args:
            export_path: As in `export`.
            version: The newest export before the process began with it, a name of ten digits; None:
                there was none.

        Returns:
            The folder; None if the process did not come so far.
        """
        path = newer_than(export_path, version)
        if path is not None:
            self.tidy(export_path)
        return path

    def tidy(self, export_path: str) -> None:
        """Removes the exports beyond those to be kept: all are, unless a subclass has a number."""
        remove_old_exports(export_path, self._exports_to_keep)

    def write(self, estimator: Any, export_path: str, checkpoint_path: str | None) -> str | None:
        """Has the Estimator export a checkpoint; returns the folder that was written."""
        # An Estimator of another make need not know what it is not asked for.
        more = {"warmup_examples": self._warmup_examples} if self._warmup_examples else {}
        path: str | None = estimator.export_saved_model(
            export_path,
            self._receiver_fn,
            assets_extra=self._assets_extra,
            as_text=self._as_text,
            checkpoint_path=checkpoint_path,
            **more,
        )
        return path
