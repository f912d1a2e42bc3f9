"""The models that are served, kept as their folders and the configuration have them."""

import contextlib
import logging
import threading
from collections.abc import Sequence

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.hosted_model import HostedModel, Loader
from kerasrun.exporters.serving.load import load
from kerasrun.exporters.serving.model_config import ModelConfig, checked_models
from kerasrun.exporters.serving.servable import Servable
from kerasrun.exporters.serving.version_status import State, VersionStatus

_log = logging.getLogger(__name__)


class ModelStore:
    """Versions of models by name. All methods may be called from any thread.

    Example:
        store = ModelStore()
        store.configure([ModelConfig("iris", "exports/iris")])
        store.start(poll_secs=1.0)
        with store.use("iris") as servable:
            answer = servable.run("serving_default", {"x": x})
        store.close()

    Args:
        load: Makes a servable of a folder, a name and a version.
        labels_ahead: Whether a label that no version has had may be given to one that is not
            served yet, as TensorFlow Serving's `--allow_version_labels_for_unavailable_models`
            has it.
    """

    def __init__(self, load: Loader = load, *, labels_ahead: bool = False) -> None:
        self._load, self._labels_ahead = load, labels_ahead
        self._models: dict[str, HostedModel] = {}  # replaced, never changed
        self._changing = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def configure(self, models: Sequence[ModelConfig]) -> None:
        """Serves these models from now on; returns when their versions are loaded, or found bad.

        A model that was served under the same name goes on until its new versions are there.

        Raises:
            ServingError: Two models have one name; nothing was changed then. Or a label is for a
                version that is not served: all else was done, and the label is set by the poll
                that finds the version.
        """
        checked = checked_models(models)
        with self._changing:
            old, new = self._models, {}
            for config in checked:
                new[config.name] = old.get(config.name) or HostedModel(
                    config, self._load, self._labels_ahead
                )
                new[config.name].config = config
            self._models = new
            for name in old.keys() - new.keys():
                old[name].unload()
            self._poll_all()
        for model in new.values():
            for label, version in model.missing_labels().items():
                raise _not_available(model, label, version)

    def poll(self) -> None:
        """Looks for versions that came or went, loads and unloads."""
        with self._changing:
            self._poll_all()

    def start(self, poll_secs: float) -> None:
        """Polls from now on in a thread of its own; not at all if `poll_secs` is not above 0."""
        self.stop()
        if poll_secs > 0:
            self._stop.clear()
            self._thread = threading.Thread(
                target=self._poll_on, args=(poll_secs,), name="serving-poll", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Stops polling; what is loaded stays."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """Stops polling and unloads all models, each when its last user is done."""
        self.stop()
        with self._changing:
            models, self._models = self._models, {}
            for model in models.values():
                model.unload()

    def use(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> contextlib.AbstractContextManager[Servable]:
        """Returns a version of a model, for a `with` statement: it is not unloaded meanwhile.

        Args:
            name: The model's name.
            version: The newest if None, and if 0 where there is no version 0.
            label: The name of a version, in place of its number.

        Raises:
            ServingError: The model or the version is not served.
        """
        model = self._models.get(name)
        if model is None:
            asked = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise ServingError("NOT_FOUND", f"Servable not found for request: {asked}")
        return model.use(model.version_of(label) if label else version)

    def status(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> list[VersionStatus]:
        """Returns the state of a version, or of all, the highest first. Arguments as for `use`.

        Raises:
            ServingError: There are none.
        """
        model = self._models.get(name)
        found = model.statuses() if model else []
        if label and model:
            version = model.version_of(label)
        if version is not None and not (version == 0 and all(each.version for each in found)):
            found = [each for each in found if each.version == version]
            if not found:
                raise ServingError("NOT_FOUND", f"Could not find version {version} of model {name}")
        if not found:
            raise ServingError("NOT_FOUND", f"Could not find any versions of model {name}")
        return found

    def names(self) -> list[str]:
        """Returns the names of the models, sorted."""
        return sorted(self._models)

    def _poll_on(self, poll_secs: float) -> None:
        while not self._stop.wait(poll_secs):
            self.poll()

    def _poll_all(self) -> None:
        for name, model in self._models.items():
            try:
                model.poll()
            except Exception:  # of a store, say: the other models are served, and the next poll
                _log.exception("Could not poll model %s", name)


def _not_available(model: HostedModel, label: str, version: int) -> ServingError:
    """Why a label is not given, in TensorFlow Serving's words and some more."""
    found = {each.version: each for each in model.statuses()}
    served = [str(each.version) for each in found.values() if each.state is State.AVAILABLE]
    why = found[version].error_message.rstrip(".\n") if version in found else ""
    return ServingError(
        "FAILED_PRECONDITION",
        f"Request to assign label {label} to version {version} of model {model.config.name}, "
        "which is not currently available for inference. "
        + (f"It could not be loaded: {why}. " if why else "")
        + f"Available: {', '.join(served) or 'none'}. Give the label to one of these, have its "
        "policy choose the version, or serve with --allow_version_labels_for_unavailable_models.",
    )
