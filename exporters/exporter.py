"""What an exporter is: told after each evaluation, it decides whether and how the model leaves."""

import abc
from typing import Any


class Exporter(abc.ABC):
    """Base of everything that `EvalSpec(exporters=...)` takes; see `tf.estimator.Exporter`.

    A subclass says *whether* to export; `estimator.export_saved_model` does the writing.

    Example:
        >>> class EveryThousandSteps(Exporter):
        ...     @property
        ...     def name(self):
        ...         return "thousands"
        ...
        ...     def export(
        ...         self, estimator, export_path, checkpoint_path, eval_result, is_the_final_export
        ...     ):
        ...         if eval_result["global_step"] % 1000:
        ...             return None
        ...         return estimator.export_saved_model(export_path, None)
    """

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """The folder's name under `model_dir/export`: no two of an EvalSpec share it."""

    @abc.abstractmethod
    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str | None,
        eval_result: dict[str, Any] | None,
        is_the_final_export: bool,
    ) -> str | None:
        """Exports, or decides not to. Called by keyword after each evaluation.

        Args:
            estimator: The Estimator that was evaluated: has `model_dir` and
                `export_saved_model(export_dir_base, serving_input_receiver_fn, assets_extra=,
                as_text=, checkpoint_path=)`, and `warmup_examples=` where that is not 0.
            export_path: The folder of this exporter, `<model_dir>/export/<name>`. It may not exist.
            checkpoint_path: The checkpoint that was evaluated.
            eval_result: What `evaluate` answered: metrics, `loss` and `global_step` by name.
            is_the_final_export: Whether training has reached `TrainSpec.max_steps`.

        Returns:
            The folder that was written; None if nothing was.
        """
