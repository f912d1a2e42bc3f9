"""The compiled loops of one Estimator: made when they are first needed."""

from collections.abc import Callable
from functools import cached_property

from kerasrun.bridge.distribute.replicas import Replicas
from kerasrun.bridge.distribute.shared_evaluation import SharedEvaluation
from kerasrun.bridge.distribute.shared_training import SharedTraining
from kerasrun.bridge.distribute.strategies import evaluating_replicas_of, replicas_of
from kerasrun.bridge.input_pipeline import INPUT_CONTEXT, InputFn, asks_for
from kerasrun.bridge.loop import CompiledLoop
from kerasrun.bridge.loop_choice import LoopChoice, LoopSettings
from kerasrun.bridge.program import Program
from kerasrun.bridge.run_config import RunConfig
from kerasrun.bridge.trainer import collected_every


class Loops:
    """Run the steps of a program on batch after batch.

    Args:
        program: The model.
        config: How it runs.
        chosen: Told how steps are run.
    """

    def __init__(
        self, program: Program, config: RunConfig, chosen: Callable[[LoopChoice], None]
    ) -> None:
        self._program, self._config, self._chosen = program, config, chosen
        self._training: dict[bool, tuple[CompiledLoop, SharedTraining | None]] = {}

    @cached_property
    def replicas(self) -> Replicas | None:
        """Those that train the model together; None: one device does.

        Raises:
            ValueError, RuntimeError: They cannot; see `replicas_of`.
        """
        return replicas_of(self._config)

    def training(self, input_fn: InputFn) -> tuple[CompiledLoop, SharedTraining | None]:
        """The loop of `train_step`; with it, what several replicas share.

        Raises:
            ValueError: They cannot train this model.
        """
        own_data = self.replicas is not None and asks_for(input_fn, INPUT_CONTEXT)
        if own_data not in self._training:
            self._training[own_data] = self._made(own_data=own_data)
        return self._training[own_data]

    @cached_property
    def evaluation(self) -> CompiledLoop:
        """The loop of `eval_step`."""
        replicas = evaluating_replicas_of(self._config)
        shared = None if replicas is None else SharedEvaluation(self._program, replicas)
        return CompiledLoop(
            self._program.eval_step if shared is None else shared.step,
            eagerly=self._program.run_eagerly,
            # XLA rounds otherwise: evaluations are compared, whenever they were made.
            settings=LoopSettings(jit_compile=False, fixed=_fixed(self._config, replicas)),
            together=shared,
        )

    def _made(self, *, own_data: bool) -> tuple[CompiledLoop, SharedTraining | None]:
        program, config, shared = self._program, self._config, None
        if self.replicas is not None:
            if config.jit_compile is True:
                raise ValueError(
                    "RunConfig(jit_compile=True): XLA cannot compile the steps that several "
                    "replicas take together. Leave jit_compile at 'auto'."
                )
            shared = SharedTraining(program, self.replicas, own_data=own_data)
        loop = CompiledLoop(
            program.train_step if shared is None else shared.step,
            program.global_step,
            eagerly=program.run_eagerly,
            settings=_settings(config, self.replicas),
            chosen=self._chosen,
            summaries=lambda: (program.graph_metrics, collected_every(config)),
            weights=lambda: program.trained_variables().values(),
            together=shared,
        )
        return loop, shared


def _settings(config: RunConfig, replicas: Replicas | None) -> LoopSettings:
    fixed = _fixed(config, replicas)
    jit_compile = config.jit_compile if config.jit_compile is not None else "auto"
    if fixed and jit_compile == "auto":
        jit_compile = False
    steps_per_loop = config.steps_per_loop if config.steps_per_loop is not None else "auto"
    return LoopSettings(steps_per_loop, jit_compile, fixed)


def _fixed(config: RunConfig, replicas: Replicas | None) -> str:
    if replicas is not None:
        return "several replicas take each step together"
    return "RunConfig(deterministic=True)" if config.deterministic else ""
