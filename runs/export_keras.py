"""A run's model as a `.keras` file, read back and compared."""

import traceback
from typing import TYPE_CHECKING, Any

from kerasrun.runs.errors import RunError

if TYPE_CHECKING:
    from kerasrun.exporters.formats.conversion import Conversion, Runner
    from kerasrun.exporters.formats.examples import Arrays
    from kerasrun.exporters.formats.source import Source


def save_keras(
    program: Any, source: "Source", path: str, examples: "Arrays | None"
) -> "Conversion":
    """Saves the model with the weights that it holds.

    Args:
        program: The `KerasProgram`.
        source: The SavedModel of the same weights.
        path: The file to write, `*.keras`.
        examples: What the file is asked afterwards.

    Raises:
        RunError: Keras cannot read it back.
        ConversionError: It answers otherwise than the SavedModel.
    """
    from kerasrun.exporters.formats.conversion import Conversion, compared, size_of

    program.model.save(path)
    rows, difference, note = compared("keras", source, keras_runner(program, path), examples, None)
    return Conversion("keras", path, size_of(path), rows, difference, None, note)


def keras_runner(program: Any, path: str) -> "Runner":
    """A `.keras` file as a function of arrays by input name.

    Args:
        program: The `KerasProgram` of its model.
        path: The file.

    Raises:
        RunError: Keras cannot read it.
    """
    import keras

    try:
        loaded = keras.saving.load_model(path, compile=False)
    except (TypeError, ValueError) as error:
        raise RunError(
            "Keras cannot read the .keras file back. Layers, losses and models of your own need "
            "@keras.saving.register_keras_serializable(); --format saved_model needs none",
            detail=traceback.format_exc(),
        ) from error

    def run(batch: "Arrays") -> dict[str, Any]:
        answer = loaded(program.keys.features(batch), training=False)
        return {name: value.numpy() for name, value in program.keys.named_outputs(answer).items()}

    return run
