"""An export whenever the evaluation is the best so far, also across restarts."""

import inspect
import logging
import os
import re
from typing import Any, Literal, Protocol

from kerasrun.exporters.arguments import ServingInputReceiverFn
from kerasrun.exporters.best_result import BestResult
from kerasrun.exporters.better import BetterMetric, loss_smaller
from kerasrun.exporters.event_results import event_results
from kerasrun.exporters.retention import checked_exports_to_keep, versions
from kerasrun.exporters.saved_model_exporter import SavedModelExporter

_LOGGER = logging.getLogger("tensorflow")


class CompareFn(Protocol):
    """Whether the current evaluation result is better than the best; called by keyword."""

    def __call__(
        self, *, best_eval_result: dict[str, Any], current_eval_result: dict[str, Any]
    ) -> bool:
        """Returns True if `current_eval_result` is better: then it is exported."""
        ...


class BestExporter(SavedModelExporter):
    """Exports when the evaluation beats all before it; see `tf.estimator.BestExporter`.

    The best result is remembered in `<export_path>/best_result.json`: a restarted training does
    not export a worse model, which `tf.estimator` did. A folder that holds exports but no such file
    (`tf.estimator` wrote it) is judged by its event files. The first export into a folder without
    exports is unconditional. An equal result is not better, and NaN never is.

    Args:
        name: The folder under `model_dir/export`.
        serving_input_receiver_fn: Takes no argument and returns a `ServingInputReceiver`; None: the
            estimator's own default, whose inputs are the features that its model asks for.
        event_file_pattern: Event files of the evaluation, relative to `model_dir`, for a folder
            without `best_result.json`; a named evaluation needs `eval_<name>/*.tfevents.*`. None:
            none is read.
        compare_fn: A function of `best_eval_result` and `current_eval_result` that answers whether
            the current one is better. The default: its `loss` is smaller.
        assets_extra: Files to lie under `assets.extra/`: relative destination to source path.
        as_text: Write `saved_model.pbtxt` for people rather than `saved_model.pb`.
        exports_to_keep: So many of the newest stay; None: all.
        metric: Instead of `compare_fn`: the metric to compare, `loss` if only `mode` is given.
        mode: `min` if a smaller value of the metric is better (the default), `max` if a larger is.
        warmup_examples: So many examples of the evaluation, of its first batch, are written as
            requests that a server runs before it serves the model (up to 1000). They are readable
            data: 0, the default, writes none.

    Raises:
        ValueError: `name` is empty or no string; `exports_to_keep` is not above 0; `compare_fn` is
            None, has other arguments than the two, or is given together with `metric` or `mode`;
            `mode` is neither word; `warmup_examples` is no such number.
        TypeError: `serving_input_receiver_fn` cannot be called.
    """

    def __init__(
        self,
        name: str = "best_exporter",
        serving_input_receiver_fn: ServingInputReceiverFn | None = None,
        event_file_pattern: str | None = "eval/*.tfevents.*",
        compare_fn: CompareFn = loss_smaller,
        assets_extra: dict[str, str] | None = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
        *,
        metric: str | None = None,
        mode: Literal["min", "max"] | None = None,
        warmup_examples: int = 0,
    ) -> None:
        super().__init__(name, serving_input_receiver_fn, assets_extra, as_text, warmup_examples)
        self._event_file_pattern = event_file_pattern
        self._compare_fn = _chosen_compare_fn(compare_fn, metric, mode)
        self._exports_to_keep = checked_exports_to_keep("BestExporter", exports_to_keep)

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str | None,
        eval_result: dict[str, Any] | None,
        is_the_final_export: bool,
    ) -> str | None:
        """Exports if `eval_result` is the best so far, else answers None; see `Exporter`.

        Raises:
            ValueError: A result lacks the metric that is compared.
        """
        current = dict(eval_result or {})
        if isinstance(self._compare_fn, BetterMetric):
            self._compare_fn.check(current)
        remembered = BestResult(export_path)
        best = remembered.read()
        if best is None and versions(export_path):
            own_step = _step(current, checkpoint_path)
            best = self._best_of_events(estimator.model_dir, own_step)
        if best is not None and not self._is_better(best, current):
            return None
        _LOGGER.info("Performing best model export.")
        remembered.intend(current, best)
        path = self.write(estimator, export_path, checkpoint_path)
        if path is not None:
            remembered.write(current, path)
        self.tidy(export_path)
        return path

    def finished_since(self, export_path: str, version: str | None) -> str | None:
        """See `SavedModelExporter`; the best result is noted as exported, too."""
        path = super().finished_since(export_path, version)
        remembered = BestResult(export_path)
        if path is not None and (best := remembered.read()) is not None:
            remembered.write(best, path)
        return path

    def _is_better(self, best: dict[str, Any], current: dict[str, Any]) -> bool:
        return bool(self._compare_fn(best_eval_result=best, current_eval_result=current))

    def _best_of_events(self, model_dir: str, own_step: int | None) -> dict[str, Any] | None:
        """The best result in the event files, but for the one that is being judged."""
        if not self._event_file_pattern:
            return None
        _LOGGER.info("Loading best metric from event files.")
        best: dict[str, Any] | None = None
        for step, result in event_results(os.path.join(model_dir, self._event_file_pattern)):
            if step == own_step or not self._comparable(result):
                continue
            if best is None or self._is_better(best, result):
                best = result
        return best

    def _comparable(self, result: dict[str, float]) -> bool:
        if isinstance(self._compare_fn, BetterMetric):
            return self._compare_fn.metric in result
        return self._compare_fn is not loss_smaller or "loss" in result


def _chosen_compare_fn(
    compare_fn: CompareFn, metric: str | None, mode: Literal["min", "max"] | None
) -> CompareFn:
    if metric is None and mode is None:
        return _checked_compare_fn(compare_fn)
    if compare_fn is not loss_smaller:
        raise ValueError(
            f"BestExporter: give either compare_fn or metric and mode, not both; received "
            f"compare_fn={compare_fn!r}, metric={metric!r}, mode={mode!r}."
        )
    return BetterMetric(metric or "loss", mode or "min")


def _checked_compare_fn(compare_fn: CompareFn) -> CompareFn:
    if not callable(compare_fn):
        raise ValueError(
            "BestExporter: compare_fn must be a function of best_eval_result and "
            f"current_eval_result; received {compare_fn!r}."
        )
    expected = {"best_eval_result", "current_eval_result"}
    parameters = inspect.signature(compare_fn).parameters.values()
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters)
    names = {p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    if names - expected or (expected - names and not takes_all):
        raise ValueError(
            "BestExporter: compare_fn is called by keyword with best_eval_result and "
            f"current_eval_result and may have no other arguments; {compare_fn!r} has "
            f"{sorted(names)}."
        )
    return compare_fn


def _step(eval_result: dict[str, Any], checkpoint_path: str | None) -> int | None:
    """The global step that was evaluated, if it can be told."""
    if "global_step" in eval_result:
        return int(eval_result["global_step"])
    number = re.search(r"-(\d+)$", checkpoint_path or "")
    return int(number[1]) if number else None
