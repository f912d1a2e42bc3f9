"""TensorFlow's import, two fifths shorter, for processes of our own."""

import gc
import sys


def import_tensorflow() -> None:
    """Imports TensorFlow, unless that is done, without the garbage collector.

    The import makes a million objects that stay to the end. The collector would look at all of
    them again and again meanwhile, and later whenever it looks at everything.
    """
    if "tensorflow" in sys.modules:
        return
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        import tensorflow  # noqa: F401
    finally:
        gc.freeze()
        if was_at_work:
            gc.enable()
