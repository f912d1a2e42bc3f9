"""Verdicts on arguments and methods that old programs use."""

from kerasrun.runs.old_programs.verdict import Verdict, differs, edit, unsupported

_KEPT = differs("kept without effect: there are no sessions")
_ALONE = differs("kept without effect: training is not distributed by it")
_NO_QUEUE = differs("ignored: there are no queues")
_QUEUE = dict.fromkeys(("queue_capacity", "num_threads"), _NO_QUEUE)

# of a name, or of all below one that ends in `.*`
ARGUMENTS: dict[str, dict[str, Verdict]] = {
    "estimator.RunConfig": {
        "session_config": _KEPT,
        "device_fn": _KEPT,
        "train_distribute": _ALONE,
        "eval_distribute": _ALONE,
        "experimental_distribute": _ALONE,
    },
    "estimator.WarmStartSettings": {
        "var_name_to_vocab_info": unsupported(
            "leave what has another vocabulary out of vars_to_warm_start"
        )
    },
    "estimator.inputs.numpy_input_fn": _QUEUE,
    "estimator.inputs.pandas_input_fn": _QUEUE,
    "keras.estimator.model_to_estimator": {
        "checkpoint_format": differs("both formats write the same files"),
        "keras_model_path": differs("a file of Keras 3, not the folder of a SavedModel"),
    },
    "keras.optimizers.*": {
        "lr": edit("learning_rate="),
        "decay": differs("ignored by Keras 3: give learning_rate= a schedule"),
    },
}

_ITERATOR = edit("import tensorflow.compat.v1 as tf, or tf.compat.v1.data.{}(dataset)")
# of datasets that `tf.data` makes, where `tf` is not tensorflow.compat.v1
DATASET_METHODS: dict[str, Verdict] = {
    name: edit(_ITERATOR.text.format(name))
    for name in ("make_one_shot_iterator", "make_initializable_iterator")
}
# of estimators
METHODS: dict[str, Verdict] = {"export_savedmodel": edit(".export_saved_model(...)")}


def argument_verdict(symbol: str, argument: str) -> Verdict | None:
    """The verdict on an argument of a function or class; None where it is as it was."""
    exact = ARGUMENTS.get(symbol, {})
    below = ARGUMENTS.get(f"{symbol.rpartition('.')[0]}.*", {})
    return exact.get(argument) or below.get(argument)
