"""A Core ML program computed with NumPy, where Core ML itself cannot be run.

coremltools reads the package, and computes what it folds as constants itself; `coreml_operations`
has the rest.
"""

from typing import Any

import numpy as np

from kerasrun.exporters.formats.coreml_operations import OPERATIONS
from kerasrun.exporters.formats.examples import Arrays

Values = dict[str, Any]


class NoEvaluation(Exception):
    """Nothing here computes an operation of the program.

    Args:
        operation: Its name in Core ML's language of programs (MIL).
    """

    def __init__(self, operation: str) -> None:
        super().__init__(f"no evaluation of {operation}")


class Program:
    """The main function of a saved package, as a function of named arrays.

    Args:
        tools: The module `coremltools`.
        path: The package, `*.mlpackage`.
    """

    def __init__(self, tools: Any, path: str) -> None:
        from coremltools.converters.mil.frontend.milproto.load import load

        model = tools.models.MLModel(path, skip_model_load=True)
        spec = model.get_spec()
        program = load(spec, spec.specificationVersion, model.weights_dir)
        self._function = program.functions[program.default_function_name]

    def __call__(self, inputs: Arrays) -> Arrays:
        """Answers arrays `[batch, ...]` by input name with arrays by output name.

        Raises:
            NoEvaluation: The program has an operation that cannot be computed here.
        """
        from coremltools.converters.mil.mil import Function

        values: Values = {name: inputs[name] for name in self._function.inputs}
        with Function({}, opset_version=self._function.opset_version):  # what is computed is built
            for operation in self._function.operations:
                outputs = _outputs(operation, values)
                names = [each.name for each in operation.outputs]
                values |= dict(zip(names, outputs, strict=True))
        return {each.name: np.asarray(values[each.name]) for each in self._function.outputs}


def _outputs(operation: Any, values: Values) -> list[Any]:
    if operation.op_type == "const":
        return [operation.val.val]
    if hasattr(operation, "materialized_val_inference"):  # weights that are packed
        return [operation.materialized_val_inference()]
    given = {name: _given(each, values) for name, each in operation.inputs.items()}
    if operation.op_type not in OPERATIONS:
        return _folded(operation, given)
    if given.pop("ceil_mode", False):
        raise NoEvaluation(f"{operation.op_type} with ceil_mode")
    try:
        return [OPERATIONS[operation.op_type](**_of_32_bits(given)).astype(given["x"].dtype)]
    except (TypeError, ValueError) as error:  # an argument that is new, or a shape
        raise NoEvaluation(operation.op_type) from error


def _of_32_bits(given: Values) -> Values:
    """Sums of halves are not those of Core ML either way, and NumPy is slow at them."""
    half = np.float16
    return {
        name: np.float32(value) if getattr(value, "dtype", None) == half else value
        for name, value in given.items()
    }


def _given(variable: Any, values: Values) -> Any:
    if isinstance(variable, (list, tuple)):
        return [values[each.name] for each in variable]
    return values[variable.name]


def _folded(operation: Any, given: Values) -> list[Any]:
    """What coremltools computes of constants."""
    from coremltools.converters.mil import Builder

    if operation.blocks:
        raise NoEvaluation(operation.op_type)
    try:
        with np.errstate(all="ignore"):  # an infinity is an answer
            found = getattr(Builder, operation.op_type)(**given)
    except Exception as error:  # it has no kinds of its own, and mistakes
        raise NoEvaluation(operation.op_type) from error
    variables = list(found) if isinstance(found, (list, tuple)) else [found]
    if any(each.val is None for each in variables):
        raise NoEvaluation(operation.op_type)
    return [each.val for each in variables]
