"""The path of a written export: a string that old programs may still `.decode()`."""

from typing import Self


class ExportPath(str):
    """A path, and what programs for `tf.estimator` make of it.

    `tf.estimator` answered bytes, so programs call `.decode()` on the result of
    `export_saved_model`. New ones may use it as the string that it is.

    Example:
        >>> path = ExportPath("export/latest/1795300215")
        >>> path.decode("utf-8") == path
        True
    """

    __slots__ = ()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Returns the path as a plain `str`; both arguments are there for the caller's sake."""
        del encoding, errors
        return str.__str__(self)

    @classmethod
    def of(cls, path: str | bytes) -> Self:
        """Returns `path` as an `ExportPath`, whichever of the two it was."""
        return cls(path.decode() if isinstance(path, bytes) else path)
