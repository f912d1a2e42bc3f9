"""What `train_and_evaluate` is told about training and about evaluation."""

from collections.abc import Callable, Iterable
from numbers import Integral
from typing import Any, NamedTuple, Self

from kerasrun.bridge.hooks.session import checked_hooks
from kerasrun.bridge.listeners import checked_listeners
from kerasrun.exporters import Exporter

InputFn = Callable[..., Any]
_THROTTLE_SECS = 600


class _TrainFields(NamedTuple):
    input_fn: InputFn
    max_steps: int | None
    hooks: tuple[Any, ...]
    saving_listeners: tuple[Any, ...]


class TrainSpec(_TrainFields):
    """How to train; see `tf.estimator.TrainSpec`.

    Args:
        input_fn: Gives the training data; see `Estimator.train`.
        max_steps: Where training ends, in `global_step`s from the very first; None: with the data.
        hooks: `SessionRunHook`s of the training.
        saving_listeners: Told before and after each checkpoint.

    Raises:
        TypeError: `input_fn` cannot be called, or a hook or listener is none.
        ValueError: `max_steps` is not above 0.
    """

    __slots__ = ()

    def __new__(
        cls,
        input_fn: InputFn,
        max_steps: int | None = None,
        hooks: Iterable[Any] | None = None,
        saving_listeners: Iterable[Any] | None = None,
    ) -> Self:
        """Checks the fields and makes the tuple."""
        _check_callable("TrainSpec", input_fn)
        _check_above_zero("TrainSpec", "max_steps", max_steps)
        listeners = checked_listeners(saving_listeners)
        return super().__new__(cls, input_fn, max_steps, checked_hooks(hooks), listeners)


class _EvalFields(NamedTuple):
    input_fn: InputFn
    steps: int | None
    name: str | None
    hooks: tuple[Any, ...]
    exporters: tuple[Exporter, ...]
    start_delay_secs: float
    throttle_secs: float
    every_steps: int | None


class EvalSpec(_EvalFields):
    """How to evaluate and export; see `tf.estimator.EvalSpec`.

    An evaluation is due at each checkpoint, unless the one before began less than `throttle_secs`
    ago; with `every_steps` exactly at the multiples of that number, where checkpoints are saved
    too, and however little time has passed. The last checkpoint is evaluated in any case.

    Args:
        input_fn: Gives the evaluation data.
        steps: How many batches to evaluate; None: all of them.
        name: Names the evaluation where there are several: its folder is `eval_<name>`.
        hooks: `SessionRunHook`s of the evaluations.
        exporters: One Exporter or several, called after each evaluation.
        start_delay_secs: A separate evaluator waits so long before its first evaluation.
        throttle_secs: The least time from the start of an evaluation to the next. None: 600
            seconds, and 0 with `every_steps`.
        every_steps: Evaluate when `global_step` is a multiple of this; not in `tf.estimator`.

    Raises:
        TypeError: `input_fn` cannot be called, `name` is no string, an exporter is none.
        ValueError: A number is out of range, two exporters share a name, or `every_steps` and a
            `throttle_secs` above 0 are both given.
    """

    __slots__ = ()

    def __new__(
        cls,
        input_fn: InputFn,
        steps: int | None = 100,
        name: str | None = None,
        hooks: Iterable[Any] | None = None,
        exporters: Exporter | Iterable[Exporter] | None = None,
        start_delay_secs: float = 120,
        throttle_secs: float | None = None,
        *,
        every_steps: int | None = None,
    ) -> Self:
        """Checks the fields and makes the tuple."""
        _check_callable("EvalSpec", input_fn)
        _check_above_zero("EvalSpec", "steps", steps)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"EvalSpec: name must be a string; received {name!r}.")
        _check_not_negative("start_delay_secs", start_delay_secs)
        delays = (start_delay_secs, _throttle_secs(throttle_secs, every_steps))
        checked = checked_hooks(hooks), _checked_exporters(exporters)
        return super().__new__(cls, input_fn, steps, name, *checked, *delays, every_steps)


def _check_callable(spec: str, input_fn: object) -> None:
    if not callable(input_fn):
        raise TypeError(
            f"{spec}: input_fn must be a function that returns the data; received {input_fn!r}."
        )


def _check_above_zero(spec: str, field: str, value: float | None) -> None:
    if value is not None and value <= 0:
        raise ValueError(f"{spec}: {field} must be above 0, or None; received {value!r}.")


def _check_not_negative(field: str, value: float) -> None:
    if value < 0:
        raise ValueError(f"EvalSpec: {field} must not be negative; received {value!r}.")


def _throttle_secs(throttle_secs: float | None, every_steps: int | None) -> float:
    """What holds, of what was given."""
    if every_steps is None:
        throttle_secs = _THROTTLE_SECS if throttle_secs is None else throttle_secs
        _check_not_negative("throttle_secs", throttle_secs)
        return throttle_secs
    if not isinstance(every_steps, Integral) or every_steps is True or every_steps <= 0:
        raise ValueError(
            f"EvalSpec: every_steps must be a whole number above 0, or None; received "
            f"{every_steps!r}."
        )
    if throttle_secs:
        raise ValueError(
            "EvalSpec: every_steps evaluates at exact steps, so that throttle_secs cannot hold; "
            f"received every_steps={every_steps!r} and throttle_secs={throttle_secs!r}. Leave out "
            "one of them."
        )
    return 0


def _checked_exporters(exporters: Exporter | Iterable[Exporter] | None) -> tuple[Exporter, ...]:
    if exporters is None:
        return ()
    listed = (exporters,) if isinstance(exporters, Exporter) else tuple(exporters)
    names: set[str] = set()
    for exporter in listed:
        if not isinstance(exporter, Exporter):
            raise TypeError(f"EvalSpec: exporters must be Exporters; received {exporter!r}.")
        name = exporter.name
        if not isinstance(name, str) or not name:
            raise ValueError(
                f"EvalSpec: an exporter's name must be a string that is not empty; {exporter!r} "
                f"has {name!r}."
            )
        if name in names:
            raise ValueError(
                f"EvalSpec: each exporter needs a name of its own; {name!r} is used twice."
            )
        names.add(name)
    return listed


def checked_eval_specs(eval_spec: EvalSpec | Iterable[EvalSpec]) -> tuple[EvalSpec, ...]:
    """Returns one EvalSpec or several as a tuple.

    Raises:
        TypeError: One is no EvalSpec.
        ValueError: There is none, or two share a name or an exporter's name.
    """
    alone = isinstance(eval_spec, EvalSpec) or not isinstance(eval_spec, Iterable)
    specs: tuple[Any, ...] = (eval_spec,) if alone else tuple(eval_spec)
    for spec in specs:
        if not isinstance(spec, EvalSpec):
            raise TypeError(
                "train_and_evaluate: eval_spec must be of type EvalSpec, or a list of them; "
                f"received {spec!r}."
            )
    if not specs:
        raise ValueError(
            "train_and_evaluate: eval_spec must hold one EvalSpec at least; it is empty."
        )
    _check_once("name", [spec.name or None for spec in specs], "writes eval_<name>")
    exporters = [exporter.name for spec in specs for exporter in spec.exporters]
    _check_once("exporter name", exporters, "exports to export/<name>")
    return specs


def _check_once(what: str, names: list[str | None], why: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"train_and_evaluate: each {what} may be used by one EvalSpec, as each {why}; "
                f"{name!r} is used {names.count(name)} times."
            )
