"""A `model_fn` as a `Program`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as v1

from kerasrun.bridge.batch_means import BatchMeans
from kerasrun.bridge.checkpoint_files import restore
from kerasrun.bridge.input_pipeline import Example
from kerasrun.bridge.mode_keys import ModeKeys
from kerasrun.bridge.model_fn.call import ModelFnCall
from kerasrun.bridge.model_fn.estimator_spec import EstimatorSpec
from kerasrun.bridge.model_fn.graph_session import GraphSession, begin_with_scaffold
from kerasrun.bridge.model_fn.hook_session import GraphHookSession
from kerasrun.bridge.model_fn.loss_mean import LossMean
from kerasrun.bridge.model_fn.shared_variables import SharedVariables
from kerasrun.bridge.model_fn.sharing import Sharing
from kerasrun.bridge.model_fn.signatures import signatures_of
from kerasrun.bridge.model_fn.steps import eval_tensors, metric_tensors, train_tensors
from kerasrun.bridge.model_fn.summary_hook import GraphSummaryHook
from kerasrun.bridge.model_fn.tables import tables_of
from kerasrun.bridge.model_fn.trace import SINGLE_OUTPUT, Trace, named
from kerasrun.bridge.model_fn.watched_steps import WatchedSteps
from kerasrun.bridge.symbols import is_nothing
from kerasrun.bridge.warm_start import WarmStart
from kerasrun.exporters import Signature, TracedReceiver

_Keys = v1.GraphKeys


class ModelFnProgram:
    """See `kerasrun.bridge.program.Program`.

    The function is called once for each mode and structure of batches; the graphs share their
    variables by name.

    Args:
        model_fn: See `kerasrun.bridge.model_fn.call.ModelFnCall`.
        arguments: Returns what the function is given besides: `params` and `config`.
        params: The first of these, to be checked at once.
        warm_start: What the initial state takes from another training.

    Attributes:
        sharing: How several processes share a training; None: there is one.
    """

    run_eagerly = any_shape = False
    sharing: Sharing | None

    def __init__(
        self,
        model_fn: Callable[..., EstimatorSpec],
        arguments: Callable[[], Mapping[str, Any]],
        params: Any = None,
        warm_start: WarmStart | None = None,
    ) -> None:
        self._call = ModelFnCall(model_fn)
        self._call.check_params(params)
        self._arguments, self._warm_start = arguments, warm_start
        self.global_step = tf.Variable(
            0, dtype=tf.int64, trainable=False, name=_Keys.GLOBAL_STEP, shape=[]
        )
        self._variables = SharedVariables({_Keys.GLOBAL_STEP: self.global_step})
        self._traces: dict[Any, Trace] = {}
        self._latest: dict[str, Trace] = {}
        self._means = BatchMeans()
        self._mode, self.sharing = ModeKeys.TRAIN, None

    def with_metrics(self, metric_fn: Callable[..., Mapping[str, Any]]) -> "ModelFnProgram":
        """Returns the program whose evaluations have more metrics.

        Args:
            metric_fn: Takes labels, predictions and features, returns `eval_metric_ops`.
        """

        def model_fn(features: Any, labels: Any, mode: str, **others: Any) -> EstimatorSpec:
            spec = self._call(features, labels, mode, **others)
            if mode != ModeKeys.EVAL:
                return spec
            added = metric_fn(labels, spec.predictions, features)
            return spec._replace(eval_metric_ops={**spec.eval_metric_ops, **added})

        return ModelFnProgram(model_fn, self._arguments, warm_start=self._warm_start)

    def default_receiver_specs(self) -> None:
        """Nothing but the data tells the features."""

    def build(self, spec: Example, *, mode: str) -> None:
        """Calls the function for batches of this structure, if it has not been."""
        if not is_nothing(spec.sample_weights):
            raise ValueError(
                "A model_fn takes features and labels; the data have sample weights, too, as a "
                "third element or as the features' key 'sample_weights'. Put them among the "
                "features under another name."
            )
        if mode == ModeKeys.PREDICT:
            spec = Example(spec.features)
        sharing = self.sharing if mode == ModeKeys.TRAIN else None
        key = (mode, repr((spec.features, spec.labels)), sharing)
        if key not in self._traces:
            self._traces[key] = self._traced(spec, mode, sharing)
        self._latest[mode], self._mode = self._traces[key], mode
        self._means.make("loss")

    def _traced(self, spec: Example, mode: str, sharing: Sharing | None) -> Trace:
        given = self._arguments()

        def call(features: Any, labels: Any) -> EstimatorSpec:
            return self._call(features, labels, mode, **given)

        return Trace(call, spec, self._variables, given["config"].tf_random_seed, sharing)

    def activate(self) -> None:
        """Nothing is shared with another Estimator."""

    def variables(self) -> dict[str, tf.Variable]:
        """The global variables of all graphs; those of metrics are none."""
        found = self._of_traces(_Keys.GLOBAL_VARIABLES)
        apart = {_Keys.GLOBAL_STEP, *self._of_traces(_Keys.LOCAL_VARIABLES)}
        return {name: variable for name, variable in found.items() if name not in apart}

    def training_state(self) -> dict[str, tf.Variable]:
        """What the steps of training change: variables, and what the mean of the loss has."""
        return self._latest[ModeKeys.TRAIN].variables() | self._kept_means()

    def trained_variables(self) -> dict[str, tf.Variable]:
        """The trainable variables of all graphs."""
        return self._of_traces(_Keys.TRAINABLE_VARIABLES)

    def served_variables(self) -> dict[str, tf.Variable]:
        """Those that predictions need."""
        return self._latest[ModeKeys.PREDICT].variables()

    def served_resources(self) -> Sequence[Any]:
        """The lookup tables that predictions need."""
        return tables_of(self._latest[ModeKeys.PREDICT])

    def accumulators(self) -> dict[str, tf.Variable]:
        """What the metrics have added up: the loss, and the local variables of the graphs."""
        local = self._of_traces(_Keys.LOCAL_VARIABLES)
        return self._kept_means() | {f"metrics/local/{name}": v for name, v in local.items()}

    def _kept_means(self) -> dict[str, tf.Variable]:
        return {f"metrics/{name}": v for name, v in self._means.variables.items()}

    def restore(self, path: str, variables: Mapping[str, tf.Variable]) -> None:
        """Gives these variables the values of the checkpoint `path`.

        It may hold more: what another mode needs. To evaluate or predict, a `Saver` of the scaffold
        reads what it was made for.
        """
        trace = self._latest[self._mode]
        if self.custom_restore:
            with trace.graph.as_default():
                trace.spec.scaffold.saver.restore(GraphSession(trace), path)
        else:
            if self._mode != ModeKeys.TRAIN:  # of other modes nothing is needed
                needed = {_Keys.GLOBAL_STEP, *trace.variables(_Keys.GLOBAL_VARIABLES)}
                variables = {name: v for name, v in variables.items() if name in needed}
            restore(path, variables, whole=False)

    @property
    def custom_restore(self) -> bool:
        """Whether the scaffold has a `Saver` of its own, to evaluate or predict."""
        scaffold = self._latest[self._mode].spec.scaffold
        saver = None if scaffold is None else scaffold.saver
        return self._mode != ModeKeys.TRAIN and isinstance(saver, v1.train.Saver)

    @property
    def bare_prediction(self) -> str | None:
        """`output` where the predictions are one tensor."""
        bare = not isinstance(self._latest[ModeKeys.PREDICT].spec.predictions, Mapping)
        return SINGLE_OUTPUT if bare else None

    def reset_to_initial(self) -> None:
        """Puts every variable back to what it was when it was made, then starts it warm.

        A training begins with what its scaffold does.
        """
        variables = self.variables()
        self._begin_again(variables | self._of_traces(_Keys.LOCAL_VARIABLES))
        self.global_step.assign(0)
        if self._warm_start is not None:
            self._warm_start.apply(variables, self.trained_variables())
        if self._mode == ModeKeys.TRAIN:
            begin_with_scaffold(self._latest[self._mode])

    def loaded(self) -> None:
        """Nothing follows from the variables."""

    def finalize(self) -> None:
        """The weights are what predictions are made with."""

    def train_step(self, batch: Example) -> tf.Tensor:
        """Runs the training operation; returns the loss."""
        trace = self._latest[ModeKeys.TRAIN]
        before = self.global_step.read_value()
        (loss,) = trace.cut(train_tensors(trace))(*trace.flat(batch))
        self.global_step.assign(before)  # the loop counts
        self._means.add("loss", loss)
        return loss

    def eval_step(self, batch: Example) -> tf.Tensor:
        """Runs the metrics' updates; returns the loss."""
        trace = self._latest[ModeKeys.EVAL]
        (loss,) = trace.cut(eval_tensors(trace))(*trace.flat(batch))
        self._means.add("loss", loss)
        return loss

    def predict_step(self, features: Any) -> dict[str, tf.Tensor]:
        """The predictions by name; a bare tensor is called `output`."""
        trace = self._latest[ModeKeys.PREDICT]
        outputs = named(trace.spec.predictions)
        answers = trace.cut(list(outputs.values()))(*trace.flat(Example(features)))
        return dict(zip(outputs, answers, strict=True))

    def forward(self, batch: Example, *, training: bool) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The loss of a batch and the predictions by name; changes nothing."""
        trace = self._latest[ModeKeys.TRAIN if training else ModeKeys.EVAL]
        outputs = named(trace.spec.predictions)
        fetches = [trace.spec.loss, *outputs.values()]
        loss, *answers = trace.cut(fetches)(*trace.flat(batch))
        return loss, dict(zip(outputs, answers, strict=True))

    def serving_signatures(self, receiver: TracedReceiver) -> list[Signature]:
        """One for each of the export outputs that the receiver can feed."""
        return signatures_of(self._latest[ModeKeys.PREDICT], receiver)

    def own_hooks(self, mode: str) -> Sequence[Any]:
        """Those of the spec."""
        spec = self._latest[mode].spec
        if mode == ModeKeys.TRAIN:
            if self.sharing is not None:
                return self.sharing.hooks(self._latest[mode])
            return (*spec.training_hooks, *spec.training_chief_hooks)
        return spec.evaluation_hooks if mode == ModeKeys.EVAL else spec.prediction_hooks

    def hook_session(
        self,
        mode: str,
        hooks: Sequence[Any],
        step: int,
        *,
        done: int = 0,
        every_steps: int | None = None,
        write_summary: Callable[[bytes, int], None] | None = None,
    ) -> GraphHookSession:
        """Calls the hooks; a training writes the graph's summaries, too. See `Program`."""
        trace = self._latest[mode]
        every = list(hooks)
        if write_summary and every_steps and trace.graph.get_collection(_Keys.SUMMARIES):
            merged = trace.derived("summaries", lambda _: v1.summary.merge_all())
            every.append(GraphSummaryHook(merged, step, every_steps, write_summary))
        watched = WatchedSteps(self.global_step, self._means, self.sharing)
        run = {ModeKeys.TRAIN: watched.train, ModeKeys.EVAL: watched.evaluate}
        return GraphHookSession(trace, every, run.get(mode, watched.predict), done=done)

    @property
    def graph_metrics(self) -> LossMean:
        """The mean of the loss, which is all that training has."""
        return LossMean(self._means)

    def metric_tensors(self) -> Mapping[str, tf.Tensor]:
        """The evaluation's metrics, as tensors: of the graph that is traced, or eager ones.

        Raises:
            ValueError: A metric's value is computed from a batch.
        """
        trace = self._latest.get(ModeKeys.EVAL)
        values = metric_tensors(trace) if trace is not None else {}
        if trace is None or not values:
            return {}
        found = trace.cut(list(values.values()), of_batch=False)()
        return dict(zip(values, found, strict=True))

    def metric_results(self, *, training: bool = False) -> dict[str, np.ndarray[Any, Any]]:
        """`loss` (mean over batches), and of an evaluation its metrics."""
        found = dict(self._means.results())
        if not training:
            found |= {name: value.numpy() for name, value in self.metric_tensors().items()}
        return found

    def reset_metrics(self) -> None:
        """Starts the metrics anew."""
        self._means.reset()
        self._begin_again(self._of_traces(_Keys.LOCAL_VARIABLES, ModeKeys.EVAL))

    def _begin_again(self, variables: Mapping[str, tf.Variable]) -> None:
        for name, variable in variables.items():
            variable.assign(self._variables.initial[name])

    def _of_traces(self, kind: str, mode: str | None = None) -> dict[str, tf.Variable]:
        found: dict[str, tf.Variable] = {}
        for (of_mode, *_), trace in self._traces.items():
            if mode in (None, of_mode):
                found |= trace.variables(kind)
        return found
