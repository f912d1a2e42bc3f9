"""One export, at the very end of training."""

import logging
from typing import Any

from kerasrun.exporters.arguments import ServingInputReceiverFn, checked_name, checked_receiver_fn
from kerasrun.exporters.exporter import Exporter

_LOGGER = logging.getLogger("tensorflow")


class FinalExporter(Exporter):
    """Exports once, when training has reached `max_steps`; see `tf.estimator.FinalExporter`.

    A training that ends before (its data ran out, it was stopped early) is no final one: nothing
    is exported then, as with `tf.estimator`. `LatestExporter` exports in each case.

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
        serving_input_receiver_fn: ServingInputReceiverFn | None = None,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
    ) -> None:
        self._name = checked_name("FinalExporter", name)
        self._receiver_fn = checked_receiver_fn("FinalExporter", serving_input_receiver_fn)
        self._assets_extra = assets_extra
        self._as_text = as_text

    @property
    def name(self) -> str:
        """The folder's name under `model_dir/export`."""
        return self._name

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str | None,
        eval_result: dict[str, Any] | None,
        is_the_final_export: bool,
    ) -> str | None:
        """Exports if this is the final call, and answers None before; see `Exporter`."""
        if not is_the_final_export:
            return None
        _LOGGER.info("Performing the final export in the end of training.")
        path: str | None = estimator.export_saved_model(
            export_path,
            self._receiver_fn,
            assets_extra=self._assets_extra,
            as_text=self._as_text,
            checkpoint_path=checkpoint_path,
        )
        return path
