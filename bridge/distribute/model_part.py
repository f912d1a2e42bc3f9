"""Which kind of model a program is of, for replicas that share its steps."""

from typing import Any

from kerasrun.bridge.distribute.agreement import Agreement
from kerasrun.bridge.distribute.keras_model import KerasModelPart
from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.distribute.shared_model_fn import SharedModelFn
from kerasrun.bridge.distribute.step import ModelPart, SharedStep
from kerasrun.bridge.keras_program import KerasProgram
from kerasrun.bridge.model_fn.program import ModelFnProgram
from kerasrun.bridge.program import Program


def shared_model(
    program: Program, replicas: Replicas, agreement: Agreement, *, own_data: bool
) -> tuple[Any, Any]:
    """What is to be known of a program to share its training, and the step that is shared.

    Raises:
        ValueError: Its steps cannot be shared: it says why.
    """
    inner = getattr(program, "unwrapped", program)
    if isinstance(inner, ModelFnProgram):
        model_fn = SharedModelFn(inner, replicas, agreement, own_data=own_data)
        return model_fn, model_fn.step
    model = model_part(program, replicas)
    step = model.train_step
    return model, SharedStep(
        model, step, replicas, agreement, program.global_step, own_data=own_data
    )


def model_part(program: Program, replicas: Replicas) -> ModelPart:
    """What is to be known of a program to share its steps.

    Raises:
        ValueError: Its steps cannot be shared: it says why.
    """
    program = getattr(program, "unwrapped", program)
    if isinstance(program, KerasProgram):
        return KerasModelPart(program, replicas)
    raise ValueError(
        "An Estimator of a model_fn evaluates on one device: leave eval_distribute out, or make it "
        "a Keras model."
    )
