"""`tf.contrib.training`."""

from kerasrun.compat.contrib.elsewhere import names_elsewhere

_HPARAMS = "kerasrun.compat.contrib.hparams"
_WHERE = {
    "HParams": _HPARAMS,
    "checkpoints_iterator": "tensorflow.compat.v1.train",
    "parse_values": "kerasrun.compat.contrib.hparam_texts",
}
__all__ = [*_WHERE]
__getattr__ = names_elsewhere(__name__, _WHERE)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
