"""The metrics of an export on the run's evaluation data, beside those of the model itself."""

import dataclasses
from typing import TYPE_CHECKING, Any

from kerasrun.runs.export_keras import keras_runner
from kerasrun.runs.reopened import Written

if TYPE_CHECKING:
    from kerasrun.exporters.formats.conversion import Conversion, Runner
    from kerasrun.exporters.formats.examples import Arrays
    from kerasrun.exporters.formats.source import Source


def with_metrics(
    conversion: "Conversion", written: Written, source: "Source", steps: int | None
) -> "Conversion":
    """Asks an export with all evaluation data, and adds the metrics of its answers.

    Args:
        conversion: The export. One that could not be run is returned as it is, as is one that the
            evaluation data do not fit or whose answers do not tell the metrics.
        written: The SavedModel that it was made from.
        source: The same, opened.
        steps: How many batches; None: as in the run's own evaluation; 0: none.
    """
    from kerasrun.bridge.answer_metrics import metrics_of_answers
    from kerasrun.exporters.formats.examples import all_answers, examples_for, fixed_rows

    steps = written.spec.steps if steps is None else steps
    if not conversion.examples or steps == 0:
        return conversion
    run, size = _runner(conversion, written, source), fixed_rows(source)

    def answer(features: Any) -> "Arrays | None":
        examples = examples_for(source, features, most=None)
        return None if examples is None else all_answers(run, examples, size)

    found = metrics_of_answers(written.estimator, written.spec.input_fn, steps, answer)
    if found is None:
        return conversion
    return dataclasses.replace(conversion, metrics=found.given, metrics_as_trained=found.live)


def _runner(conversion: "Conversion", written: Written, source: "Source") -> "Runner":
    from kerasrun.exporters.formats.opened import opened

    if conversion.form == "keras":
        return keras_runner(written.estimator.program, conversion.path)
    return opened(conversion, source)
