"""What holds for every exporter, also for one that is added later."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import kerasrun.exporters
from kerasrun.exporters import Exporter


def _subclasses(cls: type[Exporter]) -> Iterator[type[Exporter]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def _ours() -> list[type[Exporter]]:
    for module in pkgutil.iter_modules(kerasrun.exporters.__path__, "kerasrun.exporters."):
        importlib.import_module(module.name)
    for name in kerasrun.exporters.__all__:  # those in folders of their own
        getattr(kerasrun.exporters, name)
    every = set(_subclasses(Exporter))  # type: ignore[type-abstract]
    ours = (c for c in every if c.__module__.startswith("kerasrun.") and not inspect.isabstract(c))
    return sorted(ours, key=lambda c: c.__name__)


def test_there_are_exporters_to_walk() -> None:
    names = [cls.__name__ for cls in _ours()]
    assert {"BestExporter", "FinalExporter", "LatestExporter"} <= set(names)


@pytest.mark.parametrize("cls", _ours())
class TestEveryExporter:
    def test_is_a_public_name(self, cls: type[Exporter]) -> None:
        assert getattr(kerasrun.exporters, cls.__name__) is cls

    def test_needs_a_name_that_is_a_string(self, cls: Any) -> None:
        for name in ("", None, 3):
            with pytest.raises(ValueError, match=f"{cls.__name__}: name must be a string"):
                cls(name)

    def test_refuses_a_receiver_where_a_function_is_wanted(self, cls: Any) -> None:
        with pytest.raises(TypeError, match="must be a function without arguments"):
            cls("it", {"x": 1})

    def test_refuses_what_is_no_number_of_warm_up_examples(self, cls: Any) -> None:
        for wrong in (-1, 1001, 1.0, True, None, "5"):
            with pytest.raises(ValueError, match=f"{cls.__name__}: warmup_examples must be a num"):
                cls("it", warmup_examples=wrong)
        assets = {"./tf_serving_warmup_requests": "mine"}
        with pytest.raises(ValueError, match="warmup_examples would write that file, too"):
            cls("it", assets_extra=assets, warmup_examples=1)
        cls("it", assets_extra=assets, warmup_examples=0)

    def test_is_called_by_the_contract_s_keywords(self, cls: type[Exporter]) -> None:
        assert list(inspect.signature(cls.export).parameters) == [
            "self",
            "estimator",
            "export_path",
            "checkpoint_path",
            "eval_result",
            "is_the_final_export",
        ]

    def test_the_final_export_is_loadable_and_numbered(
        self, cls: Any, estimator: Any, export_path: Path
    ) -> None:
        path = cls("it").export(
            estimator=estimator,
            export_path=str(export_path),
            checkpoint_path="model.ckpt-7",
            eval_result={"loss": 0.5, "global_step": 7},
            is_the_final_export=True,
        )
        assert Path(path).parent == export_path
        assert len(Path(path).name) == 10
        assert Path(path).name.isdigit()
        assert estimator.calls == [{"checkpoint_path": "model.ckpt-7"}]
        serve = tf.saved_model.load(path).signatures["serving_default"]
        assert serve(x=tf.constant([[1.0, 1.0]]))["y"].numpy().tolist() == [[6.0]]

    def test_forwards_text_and_assets(
        self, cls: Any, estimator: Any, export_path: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "labels.txt").write_text("cat\n")
        assets = {"texts/labels.txt": str(tmp_path / "labels.txt")}
        path = cls("it", assets_extra=assets, as_text=True).export(
            estimator=estimator,
            export_path=str(export_path),
            checkpoint_path=None,
            eval_result={"loss": 0.5},
            is_the_final_export=True,
        )
        assert (Path(path) / "assets.extra/texts/labels.txt").read_text() == "cat\n"
        assert (Path(path) / "saved_model.pbtxt").exists()
        assert not (Path(path) / "saved_model.pb").exists()


def test_importing_the_package_does_not_import_tensorflow(run_python: Any) -> None:
    code = "import sys, kerasrun.exporters as e; assert 'BestExporter' in dir(e); "
    assert run_python(code + "print('tensorflow' in sys.modules)") == "False"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'StepsExporter'"):
        _ = kerasrun.exporters.StepsExporter
