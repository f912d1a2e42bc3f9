"""Hyperparameters that keep their types."""

import copy
import pickle

import pytest

from kerasrun.compat.contrib.hparams import HParams


@pytest.fixture
def hparams() -> HParams:
    return HParams(rate=0.1, units=[10, 20], name="small", big=False, steps=3, of=None)


def test_a_text_sets_them(hparams: HParams) -> None:
    assert hparams.parse("rate=1, units=[5,6,7],name=a b,big=true,steps=-4") is hparams
    hparams.parse("units[1]=9")
    assert hparams.values() == {
        **{"rate": 1.0, "units": [5, 9, 7], "name": "a b", "big": True, "steps": -4, "of": None}
    }
    assert isinstance(hparams.rate, float)
    assert hparams.parse("units=[],name=,big=0").values() == {
        **{"rate": 1.0, "units": [], "name": "", "big": False, "steps": -4, "of": None}
    }
    assert hparams.parse("of=x").of == "x"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rte=1", r"Unknown hyperparameter 'rte'; there are \['big'"),
        ("steps=1.5", "'steps' must be of type int; received '1.5'"),
        ("big=yes", "'big' must be of type bool; received 'yes'"),
        ("steps=1,steps=2", "'steps' is given twice"),
        ("units[0]=1,units[0]=2", r"units\[0\] is given twice"),
        ("units[7]=1", "'units' has no element 7"),
        ("units[0]=[1,2]", r"units\[0\] must be one value"),
        ("units=3", "'units' must be a list; received 3"),
        ("steps=[3]", "'steps' must be no list"),
        ("steps", "Malformed hyperparameters, from 'steps' on"),
        ("steps=3;rate=1", "'steps' must be of type int"),
        ("units=[1", "Malformed"),
    ],
)
def test_a_text_of_another_form_is_refused(text: str, said: str, hparams: HParams) -> None:
    with pytest.raises(ValueError, match=said):
        hparams.parse(text)


def test_values_keep_their_types(hparams: HParams) -> None:
    hparams.set_hparam("rate", 2)
    assert isinstance(hparams.rate, float)
    with pytest.raises(ValueError, match=r"'steps' must be of type int; received 2.5"):
        hparams.set_hparam("steps", 2.5)
    with pytest.raises(ValueError, match="'units' must be of type int; received 'a'"):
        hparams.override_from_dict({"units": [1, "a"]})
    with pytest.raises(KeyError, match=r"have no 'stps'.*add_hparam adds one"):
        hparams.set_hparam("stps", 2)
    with pytest.raises(ValueError, match="'steps' is taken"):
        hparams.add_hparam("steps", 2)
    with pytest.raises(ValueError, match="'parse' is taken"):
        HParams(parse=2)
    with pytest.raises(ValueError, match="list 'empty' is empty"):
        HParams(empty=[])


def test_they_are_told_apart_and_listed(hparams: HParams) -> None:
    assert "rate" in hparams
    assert "parse" not in hparams
    assert (hparams.get("steps"), hparams.get("nothing", 7)) == (3, 7)
    with pytest.raises(ValueError, match="'steps' must be of type int; received 'a'"):
        hparams.get("steps", "a")
    hparams.del_hparam("of")
    assert hparams.to_json(sort_keys=True) == (
        '{"big": false, "name": "small", "rate": 0.1, "steps": 3, "units": [10, 20]}'
    )
    assert hparams.parse_json('{"units": [1], "steps": 4}').units == [1]
    assert repr(hparams).startswith("HParams(rate=0.1, units=[1], name='small'")


def test_copies_are_their_own(hparams: HParams) -> None:
    for other in (copy.deepcopy(hparams), pickle.loads(pickle.dumps(hparams))):
        other.units[0] = 7
        assert hparams.units == [10, 20]
        assert other.set_hparam("steps", 9) is None
        assert (other.values()["steps"], hparams.steps) == (9, 3)
