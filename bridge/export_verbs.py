"""The verbs of an Estimator that write SavedModels."""

import logging
import os
from collections.abc import Mapping
from typing import Any

from kerasrun.bridge.checkpoint_files import exists
from kerasrun.bridge.eager import eagerly
from kerasrun.bridge.engine import Engine
from kerasrun.bridge.exporting import export_modes
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.model_folder import ModelFolder

_LOGGER = logging.getLogger("tensorflow")


class ExportVerbs(ModelFolder):
    """The part of an Estimator that exports; see `kerasrun.bridge.estimator.Estimator`."""

    _engine: Engine

    def export_saved_model(
        self,
        export_dir_base: str | os.PathLike[str],
        serving_input_receiver_fn: Any = None,
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | os.PathLike[str] | None = None,
        experimental_mode: str = ModeKeys.PREDICT,
        *,
        warmup_examples: int = 0,
    ) -> str:
        """Writes a SavedModel with the signature `serving_default`, checks it, and names it.

        The folder is written aside, loaded anew, asked with examples of the last evaluation (where
        the receiver takes them) and compared with the live model's answers; then it is renamed.

        Args:
            export_dir_base: Where `<seconds since 1970>` will appear.
            serving_input_receiver_fn: What a served model is asked with; None: its features.
            assets_extra: Files to copy to `assets.extra/`, destination to source.
            as_text: Writes `saved_model.pbtxt` in place of `saved_model.pb`.
            checkpoint_path: Which checkpoint; None: the newest, or the initial weights.
            experimental_mode: `train` or `eval` writes the graph that trains or evaluates, fed as
                a `SupervisedInputReceiver` tells.
            warmup_examples: Up to so many (1000 at most) examples of the last evaluation, of its
                first batch, are written as requests that a server runs before it serves the model.

        Returns:
            The folder's path.

        Raises:
            ValueError: There is no such checkpoint, nothing tells what the features are, or
                `warmup_examples` is no such number.
            ExportCheckError: The written model answers otherwise than the live one.
        """
        return self.experimental_export_all_saved_models(
            export_dir_base,
            {experimental_mode: serving_input_receiver_fn},
            assets_extra,
            as_text,
            checkpoint_path,
            warmup_examples=warmup_examples,
        )

    def export_savedmodel(
        self,
        export_dir_base: str | os.PathLike[str],
        serving_input_receiver_fn: Any = None,
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | os.PathLike[str] | None = None,
        strip_default_attrs: bool = True,
    ) -> str:
        """Does what `export_saved_model` does, under its older name.

        Args:
            export_dir_base: As there; so are the others.
            serving_input_receiver_fn: Likewise.
            assets_extra: Likewise.
            as_text: Likewise.
            checkpoint_path: Likewise.
            strip_default_attrs: Has no effect: attributes with default values are left out.
        """
        return self.export_saved_model(
            export_dir_base, serving_input_receiver_fn, assets_extra, as_text, checkpoint_path
        )

    @eagerly
    def experimental_export_all_saved_models(
        self,
        export_dir_base: str | os.PathLike[str],
        input_receiver_fn_map: Mapping[str, Any],
        assets_extra: Mapping[str, str] | None = None,
        as_text: bool = False,
        checkpoint_path: str | os.PathLike[str] | None = None,
        *,
        warmup_examples: int = 0,
    ) -> str:
        """Writes a graph for each of several modes; as `export_saved_model` in all else.

        Args:
            input_receiver_fn_map: Mode (`train`, `eval`, `infer`) to what its graph is fed with.
                The graphs have the tags `train`, `eval` and `serve`.

        Raises:
            ValueError: The map is empty or names no mode.
        """
        path, base = self._existing(checkpoint_path), os.fspath(export_dir_base)
        export = export_modes(
            self._engine, path, base, input_receiver_fn_map, assets_extra, as_text, warmup_examples
        )
        name = os.path.basename(os.path.normpath(base))
        _LOGGER.info("SavedModel written to: %s", export.path)
        self._engine.tell("exported", name, export.path, export.examples, export.difference)
        return export.path

    def _existing(self, checkpoint_path: str | os.PathLike[str] | None) -> str | None:
        """The checkpoint to use: the given one, the newest, or None for the initial weights."""
        if checkpoint_path is None:
            return self.whole_checkpoint()
        path = os.fspath(checkpoint_path)
        if not exists(path):
            raise ValueError(f"There is no checkpoint at {path!r}.")
        return path
