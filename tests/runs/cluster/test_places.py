"""TF_CONFIG, lists of hosts and devices, read without TensorFlow."""

import json
import re
import socket

import pytest

from kerasrun.runs.cluster.devices import split_devices, visible_devices
from kerasrun.runs.cluster.places import (
    Place,
    local_places,
    place_among,
    place_from_environ,
)
from kerasrun.runs.errors import UsageError


def of(cluster: dict[str, list[str]], kind: str, index: int = 0) -> Place | None:
    task = {"type": kind, "index": index}
    return place_from_environ({"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})})


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "name", "leads"),
    [
        ({"chief": ["a:1"], "worker": ["b:1", "c:1"]}, "chief", 0, "chief", True),
        ({"chief": ["a:1"], "worker": ["b:1", "c:1"]}, "worker", 0, "worker 0", False),
        ({"master": ["a:1"], "worker": ["b:1"]}, "master", 0, "master", True),
        ({"worker": ["a:1", "b:1"]}, "worker", 0, "worker 0", True),
        ({"worker": ["a:1", "b:1"]}, "worker", 1, "worker 1", False),
        ({"chief": ["a:1"], "worker": ["b:1"]}, "evaluator", 0, "evaluator", False),
    ],
)
def test_one_process_of_a_cluster_leads(
    cluster: dict[str, list[str]], kind: str, index: int, name: str, leads: bool
) -> None:
    place = of(cluster, kind, index)
    assert place is not None
    assert (place.name, place.leads) == (name, leads)
    assert place_from_environ({"TF_CONFIG": place.tf_config}) == place


def test_who_trains_alone_is_in_no_cluster() -> None:
    assert place_from_environ({}) is None
    assert place_from_environ({"TF_CONFIG": " "}) is None
    assert place_from_environ({"TF_CONFIG": "{}"}) is None
    assert of({"chief": ["a:1"]}, "chief") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "Expecting property name"),
        ("[]", "cannot be used"),
        ('{"cluster": {"worker": ["a:1", "b:1"]}}', "'task'"),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "wroker", "index": 0}}',
            "Did you mean 'worker'",
        ),
        (
            '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}',
            "there is no worker 2",
        ),
        (
            '{"cluster": {"chief": ["a:1"], "ps": ["b:1"]}, "task": {"type": "chief", "index": 0}}',
            "parameter servers",
        ),
    ],
)
def test_a_tf_config_that_is_wrong_is_one_error(text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=f"TF_CONFIG.*{re.escape(expected)}"):
        place_from_environ({"TF_CONFIG": text})


def test_a_list_of_hosts_is_a_cluster_whose_first_leads() -> None:
    places = [place_among("a:1, b:2,c:3", index) for index in range(3)]
    assert [(place.name, place.leads) for place in places] == [
        ("master", True),
        ("worker 0", False),
        ("worker 1", False),
    ]
    assert places[1].cluster == {"master": ["a:1"], "worker": ["b:2", "c:3"]}
    for hosts, index, expected in (
        ("a:1,b", 0, "'b' is no address"),
        ("a:1,b:99999", 0, "'b:99999' is no address"),
        ("a:1,a:1", 0, "a:1 comes twice"),
        ("a:1,b:1", 2, "from 0 to 1"),
    ):
        with pytest.raises(UsageError, match=expected):
            place_among(hosts, index)


def test_local_places_have_ports_that_are_free() -> None:
    places = local_places(4)
    addresses = [address for found in places[0].cluster.values() for address in found]
    assert len(set(addresses)) == 4
    for address in addresses:
        with socket.socket() as one:
            one.bind(("127.0.0.1", int(address.partition(":")[2])))


def test_devices_are_split_or_left_out_or_refused() -> None:
    environments, told = split_devices(2, ["2", "5", "7"])
    assert environments == [{"CUDA_VISIBLE_DEVICES": "2"}, {"CUDA_VISIBLE_DEVICES": "5"}]
    assert told == "2 processes, one accelerator each: CUDA devices 2, 5"
    environments, told = split_devices(2, [])
    assert environments == [{}, {}]
    assert "a rehearsal of a cluster, not faster than one process" in told
    environments, told = split_devices(2, ["0"])
    assert environments == [{"CUDA_VISIBLE_DEVICES": "-1"}] * 2
    assert "left out" in told
    with pytest.raises(UsageError, match="--workers 3: 2 CUDA devices are visible"):
        split_devices(3, ["0", "1"])
    assert visible_devices({"CUDA_VISIBLE_DEVICES": "1,-1,2"}) == ["1"]
