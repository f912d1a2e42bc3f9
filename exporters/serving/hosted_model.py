"""The versions of one model: which are loaded, and who uses them."""

import contextlib
import dataclasses
import logging
import threading
from collections.abc import Callable, Iterable, Mapping

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.model_config import ModelConfig
from kerasrun.exporters.serving.servable import Servable
from kerasrun.exporters.serving.version_folders import fingerprint, version_folders
from kerasrun.exporters.serving.version_status import State, VersionStatus

_log = logging.getLogger(__name__)
_KEPT_ENDED = 100  # versions that are no more; a model exported each minute has many

Loader = Callable[[str, str, int], Servable]


@dataclasses.dataclass(eq=False)
class _Entry:
    """One attempt to serve one version."""

    version: int
    path: str
    state: State = State.START
    servable: Servable | None = None
    users: int = 0
    error: ServingError | None = None
    seen: object = None  # of a broken one: what its folder was like

    def status(self) -> VersionStatus:
        if self.error is None:
            return VersionStatus(self.version, self.state)
        return VersionStatus(self.version, self.state, self.error.code, self.error.message)


class _Use(contextlib.AbstractContextManager[Servable]):
    """A version in use. A class, for a generator costs a quick request three times as much."""

    __slots__ = ("_entry", "_model", "_version")

    def __init__(self, model: "HostedModel", version: int | None) -> None:
        self._model, self._version = model, version

    def __enter__(self) -> Servable:
        self._entry, servable = self._model._taken(self._version)
        return servable

    def __exit__(self, *failure: object) -> None:
        self._model._given_back(self._entry)


class HostedModel:
    """One model. Threads may use it while one of them polls.

    Args:
        config: What to serve.
        load: Makes a servable of a folder, a name and a version.
        labels_ahead: Whether a label that no version has had may be given to one that is not
            served yet.

    Attributes:
        config: What to serve; `poll` follows when it is replaced.
    """

    def __init__(self, config: ModelConfig, load: Loader, labels_ahead: bool = False) -> None:
        self.config = config
        self._load, self._labels_ahead = load, labels_ahead
        self._entries: dict[int, _Entry] = {}
        self._labels: dict[str, int] = {}
        self._lock = threading.Lock()
        self._unreadable = False

    def poll(self) -> None:
        """Loads the versions that are new and wanted; then unloads those that are not wanted.

        In place of one that cannot be loaded, the policy chooses among the others. The old ones
        stay while no new one can be served, and while the base cannot be read.
        """
        folders = version_folders(self.config.base_path)
        self._tell_unreadable(folders is None)
        if folders is None:
            return
        self._unload(self._outdated(self._load_wanted(folders)))
        self._set_labels()

    def unload(self) -> None:
        """Unloads all versions."""
        with self._lock:
            served = [each for each in self._entries.values() if each.state is State.AVAILABLE]
        self._unload(served)

    def missing_labels(self) -> dict[str, int]:
        """Returns the labels whose version cannot be served now; they are set once it can."""
        with self._lock:
            return {
                label: version
                for label, version in self.config.labels.items()
                if self._labels.get(label) != version
            }

    def statuses(self) -> list[VersionStatus]:
        """Returns the state of all versions, the highest first."""
        with self._lock:
            entries = sorted(self._entries.values(), key=lambda each: -each.version)
            return [each.status() for each in entries]

    def version_of(self, label: str) -> int:
        """Returns the version that a label names.

        Raises:
            ServingError: None has been given this label.
        """
        with self._lock:
            if label not in self._labels:
                raise ServingError(
                    "INVALID_ARGUMENT", f"Unrecognized servable version label: {label}"
                )
            return self._labels[label]

    def use(self, version: int | None) -> contextlib.AbstractContextManager[Servable]:
        """Returns a version, the newest if None, to use it in a `with` statement.

        It is not unloaded meanwhile.

        Raises:
            ServingError: It is not served; on entering.
        """
        return _Use(self, version)

    def _taken(self, version: int | None) -> tuple[_Entry, Servable]:
        with self._lock:
            served = {
                number: each
                for number, each in self._entries.items()
                if each.state is State.AVAILABLE
            }
            if version is None or (version == 0 and 0 not in self._entries):
                found = served[max(served)] if served else None
                asked = f"Latest({self.config.name})"
            else:
                found = served.get(version)
                asked = f"Specific({self.config.name}, {version})"
            if found is None or found.servable is None:
                raise ServingError("NOT_FOUND", f"Servable not found for request: {asked}")
            found.users += 1
            return found, found.servable

    def _given_back(self, entry: _Entry) -> None:
        with self._lock:
            entry.users -= 1
            last = not entry.users and entry.state is State.UNLOADING
        if last:
            self._close(entry)

    def _load_wanted(self, folders: Mapping[int, str]) -> set[int]:
        """Loads what the policy chooses and is new; returns all that it has chosen."""
        left, wanted = dict(folders), set[int]()
        while True:
            chosen = self.config.policy.choose(left)
            for version in sorted(chosen - wanted, reverse=True):
                if self._is_new(version, folders[version]):
                    self._add(version, folders[version])
            wanted |= chosen
            bad = {version for version in chosen if self._is_bad(version)}
            if not bad:
                return wanted
            left = {version: path for version, path in left.items() if version not in bad}

    def _is_bad(self, version: int) -> bool:
        with self._lock:
            entry = self._entries.get(version)
        return entry is not None and entry.state is State.END and entry.error is not None

    def _is_new(self, version: int, path: str) -> bool:
        with self._lock:
            entry = self._entries.get(version)
        if entry is None or entry.path != path or entry.state is State.UNLOADING:
            return True
        if entry.state is not State.END:
            return False
        return entry.error is None or entry.seen != fingerprint(path)

    def _add(self, version: int, path: str) -> None:
        """Loads a version; it takes the place of the entry of this number when that is done."""
        entry = _Entry(version, path, State.LOADING)
        with self._lock:
            old = self._entries.get(version)
            if old is None or old.state is not State.AVAILABLE:
                self._entries[version] = entry
        seen = fingerprint(path)
        try:
            entry.servable = self._load(path, self.config.name, version)
        except Exception as error:
            self._failed(entry, seen, error)
            return
        with self._lock:
            entry.state = State.AVAILABLE
            self._entries[version] = entry
        _log.info("Serving version %d of model %s from %s", version, self.config.name, path)
        if old is not None and old.state is State.AVAILABLE:
            self._unload([old])

    def _failed(self, entry: _Entry, seen: object, error: Exception) -> None:
        reason = (
            error
            if isinstance(error, ServingError)
            else ServingError("UNKNOWN", f"{type(error).__name__}: {error}")
        )
        with self._lock:
            entry.state, entry.seen = State.END, seen
            entry.error = reason
        _log.warning(
            "Version %d of model %s is not served: %s", entry.version, self.config.name, reason
        )

    def _outdated(self, wanted: Iterable[int]) -> list[_Entry]:
        with self._lock:
            served = [each for each in self._entries.values() if each.state is State.AVAILABLE]
            good = {each.version for each in served} & set(wanted)
            if wanted and not good:
                return []
            return [each for each in served if each.version not in good]

    def _unload(self, entries: Iterable[_Entry]) -> None:
        for entry in entries:
            with self._lock:
                entry.state = State.UNLOADING
                last = not entry.users
            if last:
                self._close(entry)

    def _close(self, entry: _Entry) -> None:
        servable, entry.servable = entry.servable, None
        if servable is not None:
            servable.close()
        with self._lock:
            entry.state = State.END
            self._forget()
        _log.info("Unloaded version %d of model %s", entry.version, self.config.name)

    def _forget(self) -> None:
        ended = sorted(each.version for each in self._entries.values() if each.state is State.END)
        for version in ended[:-_KEPT_ENDED]:
            del self._entries[version]

    def _set_labels(self) -> None:
        with self._lock:
            wanted = self.config.labels
            kept = {label: each for label, each in self._labels.items() if label in wanted}
            for label, version in wanted.items():
                entry = self._entries.get(version)
                served = entry is not None and entry.state is State.AVAILABLE
                if served or (self._labels_ahead and label not in kept):
                    kept[label] = version
            self._labels = kept

    def _tell_unreadable(self, unreadable: bool) -> None:
        if unreadable and not self._unreadable:
            _log.warning(
                "Model %s: the base path %s cannot be read", self.config.name, self.config.base_path
            )
        self._unreadable = unreadable
