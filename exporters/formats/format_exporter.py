"""What the exporters of other formats have in common: a SavedModel with the file beside it."""

import abc
import os
from typing import Any

import tensorflow as tf

from kerasrun.exporters.arguments import ServingInputReceiverFn
from kerasrun.exporters.durable import flush_to_disk, flush_tree_to_disk
from kerasrun.exporters.formats.conversion import Conversion, checked_quantize
from kerasrun.exporters.formats.examples import Arrays, examples_for
from kerasrun.exporters.formats.source import Source
from kerasrun.exporters.retention import checked_exports_to_keep
from kerasrun.exporters.saved_model_exporter import SavedModelExporter


class FormatExporter(SavedModelExporter):
    """Base of the exporters that convert; a subclass says how.

    Args:
        name: The folder under `model_dir/export`.
        serving_input_receiver_fn: As for a `LatestExporter`.
        assets_extra: As for a `LatestExporter`.
        as_text: As for a `LatestExporter`.
        exports_to_keep: So many of the newest stay; None: all.
        quantize: How weights are made smaller, one of `quantizations`, or None.
        warmup_examples: As for a `LatestExporter`.

    Attributes:
        file_name: What the converted model is called in the folder of the export.
        quantizations: What `quantize` may be.
        quantize: How weights are made smaller, or None.

    Raises:
        ValueError: `name` is empty, or `exports_to_keep`, `quantize` or `warmup_examples` is none
            that there is.
        TypeError: `serving_input_receiver_fn` cannot be called.
    """

    file_name = ""
    quantizations: tuple[str, ...] = ()

    def __init__(
        self,
        name: str,
        serving_input_receiver_fn: ServingInputReceiverFn | None = None,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
        *,
        quantize: str | None = None,
        warmup_examples: int = 0,
    ) -> None:
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text, warmup_examples)
        self._exports_to_keep = checked_exports_to_keep(type(self).__name__, exports_to_keep)
        self.quantize = checked_quantize(quantize, self.quantizations)

    @abc.abstractmethod
    def convert(self, saved_model: str, path: str, examples: Arrays | None) -> Conversion:
        """Writes the SavedModel in the other format, and runs that.

        Args:
            saved_model: The folder.
            path: Where to write.
            examples: Evaluation data to ask it with; None if there are none that fit.
        """

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str | None,
        eval_result: dict[str, Any] | None,
        is_the_final_export: bool,
    ) -> str | None:
        """Exports the checkpoint, converts it, and removes what is too many; see `Exporter`.

        Raises:
            ConversionError: It cannot be converted, or answers otherwise. Nothing is left of it.
        """
        path = self.write(estimator, export_path, checkpoint_path)
        if path is not None:
            self._complete(path, getattr(estimator, "eval_examples", None))
            self.tidy(export_path)
        return path

    def finished_since(self, export_path: str, version: str | None) -> str | None:
        """As in `SavedModelExporter`; a conversion that was cut off is done now."""
        path = super().finished_since(export_path, version)
        if path is not None and not os.path.exists(os.path.join(path, self.file_name)):
            self._complete(path, None)
        return path

    def _complete(self, folder: str, features: Any) -> None:
        try:
            examples = examples_for(Source(folder), features)
            write_beside(folder, self.file_name, lambda path: self.convert(folder, path, examples))
        except BaseException:
            tf.io.gfile.rmtree(folder)
            raise


def write_beside(folder: str, file_name: str, convert: Any) -> Conversion:
    """Converts a SavedModel into a file in its own folder, which appears when it is whole.

    Args:
        folder: The SavedModel.
        file_name: What the file is called.
        convert: Writes to the path that it is given, and returns a `Conversion`.
    """
    stem, end = os.path.splitext(file_name)
    aside, path = os.path.join(folder, f"{stem}.aside{end}"), os.path.join(folder, file_name)
    conversion: Conversion = convert(aside)
    done = Conversion(**{**vars(conversion), "path": path})
    done.record(folder)
    flush_tree_to_disk(aside) if os.path.isdir(aside) else flush_to_disk(aside)
    os.replace(aside, path)
    flush_to_disk(folder)
    return done
