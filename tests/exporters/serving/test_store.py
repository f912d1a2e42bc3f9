"""Versions come, go and break, while they are asked."""

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kerasrun.exporters.serving.errors import ServingError
from kerasrun.exporters.serving.model_config import ModelConfig
from kerasrun.exporters.serving.store import ModelStore
from kerasrun.exporters.serving.version_policy import All, Latest, Specific, VersionPolicy
from kerasrun.exporters.serving.version_status import State
from tests.exporters.serving.asking import Put, answer, ask, refused, states


def test_the_newest_version_is_served(
    store: ModelStore, base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    put(doubling, "1")
    store.configure([ModelConfig("affine", str(base))])
    assert store.names() == ["affine"]
    assert (ask(store), ask(store, 1), ask(store, 0)) == (6.0, 6.0, 6.0)
    put(tripling, "0000000012")
    assert ask(store) == 6.0
    store.poll()
    assert (ask(store), ask(store, 12)) == (9.0, 9.0)
    assert states(store) == {12: "AVAILABLE", 1: "END"}
    assert refused(store, 1) == "NOT_FOUND: Servable not found for request: Specific(affine, 1)"


def test_a_version_0_is_asked_by_its_number(
    store: ModelStore, base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    put(doubling, "0")
    put(tripling, "1")
    store.configure([ModelConfig("affine", str(base), All())])
    assert (ask(store, 0), ask(store)) == (6.0, 9.0)
    assert [each.version for each in store.status("affine", 0)] == [0]


@pytest.mark.parametrize(
    ("policy", "versions"),
    [(Latest(2), {2, 3}), (Specific((1, 3, 9)), {1, 3}), (All(), {1, 2, 3})],
)
def test_policies(
    store: ModelStore,
    base: Path,
    put: Put,
    doubling: Path,
    policy: VersionPolicy,
    versions: set[int],
) -> None:
    for version in "123":
        put(doubling, version)
    store.configure([ModelConfig("affine", str(base), policy)])
    assert states(store) == dict.fromkeys(versions, "AVAILABLE")


def test_what_is_no_folder_with_a_number_is_no_version(
    store: ModelStore, base: Path, put: Put, doubling: Path
) -> None:
    for name in (
        "temp-1",
        "v2",
        "3.0",
        "-4",
        "\N{ARABIC-INDIC DIGIT FIVE}",
        "99999999999999999999",
    ):
        put(doubling, name)
    (base / "6").write_text("a file")
    (base / os.fsdecode(b"\xff")).write_text("a name that is no UTF-8")
    put(doubling, "7")
    put(doubling, "007")
    store.configure([ModelConfig("affine", str(base), All())])
    assert states(store) == {7: "AVAILABLE"}


def test_a_version_in_use_lives_until_its_request_ends(
    store: ModelStore, base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    shutil_me = put(doubling, "1")
    store.configure([ModelConfig("affine", str(base))])
    with store.use("affine") as first, store.use("affine", 1) as second:
        shutil.rmtree(shutil_me)
        put(tripling, "2")
        store.poll()
        assert states(store) == {2: "AVAILABLE", 1: "UNLOADING"}
        assert ask(store) == 9.0
        assert answer(first) == answer(second) == 6.0
    assert states(store) == {2: "AVAILABLE", 1: "END"}
    with pytest.raises(ServingError, match="Version 1 of model affine is unloaded"):
        answer(first)


def test_all_versions_go_when_their_folders_do(
    store: ModelStore, base: Path, put: Put, doubling: Path
) -> None:
    folder = put(doubling, "1")
    store.configure([ModelConfig("affine", str(base))])
    shutil.rmtree(folder)
    store.poll()
    assert states(store) == {1: "END"}
    assert refused(store) == "NOT_FOUND: Servable not found for request: Latest(affine)"
    put(doubling, "1")
    store.poll()
    assert ask(store) == 6.0


def test_what_is_loaded_stays_while_the_base_cannot_be_read(
    store: ModelStore,
    base: Path,
    put: Put,
    doubling: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    put(doubling, "1")
    store.configure([ModelConfig("affine", str(base))])
    base.rename(base.with_name("away"))
    store.poll()
    store.poll()
    assert ask(store) == 6.0
    assert caplog.text.count("cannot be read") == 1


def test_a_broken_version_is_reported_and_never_served(
    store: ModelStore, base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    put(doubling, "1")
    (base / "2").mkdir()
    (base / "2" / "saved_model.pb").write_bytes(b"half of a fi")
    store.configure([ModelConfig("affine", str(base))])
    (status,) = store.status("affine", 2)
    assert (status.state, status.error_code) == (State.END, "INVALID_ARGUMENT")
    assert str(base / "2") in status.error_message
    assert refused(store, 2).startswith("NOT_FOUND")


def test_a_good_version_stays_while_the_next_is_broken_and_goes_once_it_is_whole(
    store: ModelStore, base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    put(doubling, "1")
    store.configure([ModelConfig("affine", str(base))])
    (base / "2").mkdir()  # somebody begins to copy
    store.poll()
    assert states(store) == {2: "END", 1: "AVAILABLE"}
    assert ask(store) == 6.0
    shutil.copytree(tripling, base / "2", dirs_exist_ok=True)
    store.poll()
    assert states(store) == {2: "AVAILABLE", 1: "END"}
    assert store.status("affine", 2)[0].error_code == "OK"
    assert ask(store) == 9.0


def test_a_broken_newest_version_gives_its_place_to_an_older_one(
    store: ModelStore, base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    put(doubling, "1")
    put(tripling, "2")
    (base / "3").mkdir()
    (base / "4").mkdir()
    store.configure([ModelConfig("affine", str(base))])
    assert states(store) == {4: "END", 3: "END", 2: "AVAILABLE"}
    assert ask(store) == 9.0
    store.configure([ModelConfig("affine", str(base), Latest(2))])
    assert states(store) == {4: "END", 3: "END", 2: "AVAILABLE", 1: "AVAILABLE"}
    store.configure([ModelConfig("affine", str(base), Specific((3,)))])  # no other is asked for
    assert states(store) == {4: "END", 3: "END", 2: "AVAILABLE", 1: "AVAILABLE"}
    shutil.copytree(doubling, base / "3", dirs_exist_ok=True)
    store.poll()
    assert states(store) == {4: "END", 3: "AVAILABLE", 2: "END", 1: "END"}


def test_a_broken_version_is_not_tried_again_while_it_is_the_same(
    store: ModelStore, base: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (base / "1").mkdir()
    store.configure([ModelConfig("affine", str(base))])
    store.poll()
    store.poll()
    assert caplog.text.count("Version 1 of model affine is not served") == 1


def test_the_state_of_what_is_not_there(store: ModelStore, base: Path) -> None:
    store.configure([ModelConfig("affine", str(base))])
    for name in ("affine", "nope"):
        with pytest.raises(ServingError, match=f"Could not find any versions of model {name}"):
            store.status(name)
        with pytest.raises(ServingError, match=f"Could not find version 3 of model {name}"):
            store.status(name, 3)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_the_base_may_be_in_a_store(
    store: ModelStore, base: Path, put: Put, doubling: Path, scheme: str
) -> None:
    put(doubling, "1")
    (base / "2").mkdir()
    store.configure([ModelConfig("affine", f"{scheme}{base}/", All())])
    assert states(store) == {2: "END", 1: "AVAILABLE"}
    shutil.copytree(doubling, base / "2", dirs_exist_ok=True)
    store.poll()
    assert states(store) == {2: "AVAILABLE", 1: "AVAILABLE"}


def test_a_folder_that_holds_itself_is_a_broken_version(
    store: ModelStore, base: Path, put: Put, doubling: Path
) -> None:
    put(doubling, "1")
    (base / "2").symlink_to(base)
    (base / "3").symlink_to(base)
    (base / "4").symlink_to(base / "nothing")
    (base / "5").symlink_to(doubling)
    store.configure([ModelConfig("affine", str(base), All())])
    store.poll()
    assert states(store) == {5: "AVAILABLE", 3: "END", 2: "END", 1: "AVAILABLE"}


def test_no_request_is_lost_while_versions_change(
    store: ModelStore, base: Path, put: Put, doubling: Path, tripling: Path
) -> None:
    put(doubling, "1")
    store.configure([ModelConfig("affine", str(base))])
    store.start(poll_secs=0.01)
    done = threading.Event()
    answers: list[float] = []

    def client() -> None:
        while not done.is_set():
            answers.append(ask(store))

    threads = [threading.Thread(target=client) for _ in range(3)]
    for each in threads:
        each.start()
    put(tripling, "2")
    wait_for(lambda: states(store) == {2: "AVAILABLE", 1: "END"})
    shutil.rmtree(base / "1")
    put(tripling, "3")
    wait_for(lambda: states(store) == {3: "AVAILABLE", 2: "END", 1: "END"})
    done.set()
    for each in threads:
        each.join()
    store.stop()
    assert set(answers) == {6.0, 9.0}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_stopped_store_does_not_poll(
    store: ModelStore, base: Path, put: Put, doubling: Path
) -> None:
    store.configure([ModelConfig("affine", str(base))])
    store.start(poll_secs=0)
    store.start(poll_secs=0.001)
    store.stop()
    store.stop()
    put(doubling, "1")
    time.sleep(0.01)
    with pytest.raises(ServingError, match="any versions"):
        store.status("affine")


def test_a_closed_store_serves_nothing_after_its_last_request(
    store: ModelStore, base: Path, put: Put, doubling: Path
) -> None:
    put(doubling, "1")
    store.configure([ModelConfig("affine", str(base))])
    with store.use("affine") as servable:
        store.close()
        assert answer(servable) == 6.0
    with pytest.raises(ServingError, match="is unloaded"):
        answer(servable)
    assert store.names() == []
