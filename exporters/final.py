"""One export, at the very end of training."""

import logging
from typing import Any

from kerasrun.exporters.arguments import ServingInputReceiverFn
from kerasrun.exporters.saved_model_exporter import SavedModelExporter

_LOGGER = logging.getLogger("tensorflow")


class FinalExporter(SavedModelExporter):
    """Exports once, when training has ended; see `tf.estimator.FinalExporter`.

    `train_and_evaluate` tells it so however training ends: by `max_steps`, with the data, or by
    early stopping; but not when it is interrupted.

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

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: ServingInputReceiverFn | None = None,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        *,
        warmup_examples: int = 0,
    ) -> None:
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text, warmup_examples)

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
        return self.write(estimator, export_path, checkpoint_path)
