"""Whether the processes of a cluster are about to do the same training.

Their collective operations are told from one another by counting: processes that make others would
wait for each other for ever, or add up what does not belong together.
"""

import zlib
from collections.abc import Mapping

import keras
import tensorflow as tf

import kerasrun
from kerasrun.bridge.distribute.replicas import Replicas

_NONE = -1


def check_same_training(
    replicas: Replicas,
    variables: Mapping[str, tf.Variable],
    *,
    stop_at: int | None,
    batches: int,
) -> None:
    """Checks that all processes train one model to one step; called by all of them.

    Args:
        replicas: The processes.
        variables: What this one has, by name.
        stop_at: Where its training ends; None: with the data.
        batches: How many its dataset has, as `tf.data.Dataset.cardinality` tells.

    Raises:
        ValueError: They do not: it says what differs.
    """
    if not replicas.several_processes:
        return
    versions = (
        f"kerasrun {kerasrun.__version__}, TensorFlow {tf.__version__}, Keras {keras.__version__}"
    )
    shapes = sorted((name, str(v.shape), v.dtype.name) for name, v in variables.items())
    end = "with its data" if stop_at is None else f"at step {stop_at}"
    here = {
        f"run other versions than the chief (this process: {versions})": _number(versions),
        "have other variables: one model has other names or shapes than the chief's, as from a "
        "vocabulary or a number of classes that each process finds for itself": _number(shapes),
        f"end at other steps (this process ends {end})": _NONE if stop_at is None else stop_at,
        f"read different data (the dataset of this process has {_count(batches)})": batches,
    }
    told = replicas.told_by_all(list(here.values()))
    for what, numbers in zip(here, zip(*told, strict=True), strict=True):
        if len(set(numbers)) > 1:
            raise ValueError(
                f"The processes of the cluster would not do one training together: they {what}. "
                "Start the same program, with the same arguments and the same data, in each."
            )


def _number(what: object) -> int:
    return zlib.crc32(repr(what).encode())


def _count(batches: int) -> str:
    if batches == tf.data.INFINITE_CARDINALITY:
        return "no end"
    return "an unknown end" if batches < 0 else f"{batches:,} batches"
