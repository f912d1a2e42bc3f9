"""What a store serves follows its configuration: models and labels."""

import shutil
from pathlib import Path

import pytest

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.model_config import ModelConfig
from kerasrun.exporters.serving.store import ModelStore
from kerasrun.exporters.serving.version_policy import All
from tests.exporters.serving.asking import Put, answer, ask, refused, states


def test_labels_name_versions_that_are_served(
    store: ModelStore, base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    put(doubling, "1")
    put(tripling, "2")
    config = ModelConfig("affine", str(base), All(), {"stable": 1, "canary": 2})
    store.configure([config])
    assert (ask(store, label="stable"), ask(store, label="canary")) == (6.0, 9.0)
    assert [each.version for each in store.status("affine", label="canary")] == [2]
    assert refused(store, label="x") == ("INVALID_ARGUMENT: Unrecognized servable version label: x")
    store.configure([ModelConfig("affine", str(base), All(), {"stable": 2})])
    assert ask(store, label="stable") == 9.0
    assert refused(store, label="canary").startswith("INVALID_ARGUMENT")


def test_a_label_waits_for_its_version(
    store: ModelStore, base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    put(doubling, "1")
    store.configure([ModelConfig("affine", str(base), All(), {"stable": 1})])
    with pytest.raises(ServingError, match="label stable to version 2 of model affine") as caught:
        store.configure([ModelConfig("affine", str(base), All(), {"stable": 2})])
    assert caught.value.code == "FAILED_PRECONDITION"
    assert ask(store, label="stable") == 6.0
    put(tripling, "2")
    store.poll()
    assert ask(store, label="stable") == 9.0


def test_models_come_go_and_move(
    store: ModelStore, base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    put(doubling, "1")
    store.configure([ModelConfig("affine", str(base)), ModelConfig("other", str(base))])
    assert store.names() == ["affine", "other"]
    with store.use("affine") as servable:
        moved = base.with_name("moved")
        shutil.copytree(tripling, moved / "1")
        store.configure([ModelConfig("affine", str(moved))])
        assert answer(servable) == 6.0
    assert ask(store) == 9.0
    assert states(store) == {1: "AVAILABLE"}
    assert store.names() == ["affine"]
    with pytest.raises(ServingError, match=r"Latest\(other\)"), store.use("other"):
        pass
    with pytest.raises(ServingError, match=r"Specific\(other, 3\)"), store.use("other", 3):
        pass


def test_two_models_of_one_name_change_nothing(
    store: ModelStore, base: Path, put: Put, doubling: Path
) -> None:
    put(doubling, "1")
    model = ModelConfig("affine", str(base))
    store.configure([model])
    with pytest.raises(ServingError, match="list model affine multiple times"):
        store.configure([model, model])
    assert ask(store) == 6.0


def test_a_label_without_its_version_says_what_is_there_and_why(
    store: ModelStore, base: Path, put: Put, doubling: Path
) -> None:
    put(doubling, "1")
    (base / "2").mkdir()
    labelled = [ModelConfig("affine", str(base), All(), {"stable": 2})]
    with pytest.raises(ServingError, match=r"could not be loaded: .*/2.*\. Available: 1\. "):
        store.configure(labelled)
    with pytest.raises(ServingError, match=r"version 9 of model affine, .*Available: 1\. Give"):
        store.configure([ModelConfig("affine", str(base), All(), {"stable": 9})])


def test_a_new_label_may_be_given_ahead_where_that_is_allowed(
    base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    put(doubling, "1")
    store = ModelStore(labels_ahead=True)
    store.configure([ModelConfig("affine", str(base), All(), {"stable": 2})])
    assert refused(store, label="stable") == (
        "NOT_FOUND: Servable not found for request: Specific(affine, 2)"
    )
    put(tripling, "2")
    store.poll()
    assert ask(store, label="stable") == 9.0
    with pytest.raises(ServingError, match="label stable to version 3"):  # it has a version
        store.configure([ModelConfig("affine", str(base), All(), {"stable": 3})])
    assert ask(store, label="stable") == 9.0
    store.close()
