"""Conversions that are run: what comes out answers as the SavedModel, or the error names why."""

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from kerasrun.exporters import CoreMLExporter, OnnxExporter, TFLiteExporter
from kerasrun.exporters.formats import coreml, onnx, tflite
from kerasrun.exporters.formats.conversion import Conversion, compared, size_of
from kerasrun.exporters.formats.coreml import convert_to_coreml
from kerasrun.exporters.formats.errors import ConversionError, UnsupportedOperations
from kerasrun.exporters.formats.examples import examples_for
from kerasrun.exporters.formats.onnx import convert_to_onnx
from kerasrun.exporters.formats.source import Source
from kerasrun.exporters.formats.tflite import convert_to_tflite
from tests.exporters.formats.models import (
    cnn,
    of_larger_pictures,
    of_many_layers,
    of_text,
    recurrent,
    saved,
    wide,
    with_exact_gelu,
)

pytestmark = [
    pytest.mark.slow,
    # of coremltools and tf2onnx, on a NumPy and a TensorFlow that are newer than they are
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
CONVERTERS: dict[str, Callable[..., Conversion]] = {
    "tflite": convert_to_tflite,
    "onnx": convert_to_onnx,
    "mlpackage": convert_to_coreml,
}


COMPUTED = "" if sys.platform == "darwin" else "computed with NumPy, not by Core ML"


@pytest.fixture(scope="module")
def picture_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """The SavedModel of a small CNN, and examples for it."""
    model, examples = cnn()
    return saved(model, str(tmp_path_factory.mktemp("cnn"))), examples


@pytest.mark.parametrize("form", CONVERTERS)
def test_a_converted_model_answers_as_the_saved_model(
    picture_model: Any, tmp_path: Path, form: str
) -> None:
    folder, examples = picture_model
    path = tmp_path / f"m.{form}"
    done = CONVERTERS[form](folder, str(path), examples)
    assert done.form == {"mlpackage": "coreml"}.get(form, form)
    assert (done.path, done.examples) == (str(path), 6)
    assert done.note == (COMPUTED if done.form == "coreml" else "")
    assert done.size == size_of(str(path)) > 1000
    assert done.difference is not None
    assert done.difference < 1e-5


def test_onnx_keeps_the_names(picture_model: Any, tmp_path: Path) -> None:
    import onnxruntime

    folder, _ = picture_model
    done = convert_to_onnx(folder, str(tmp_path / "m.onnx"))
    assert done.note == "asked with made-up numbers"
    session = onnxruntime.InferenceSession(done.path)
    assert {each.name for each in session.get_inputs()} == {"image", "scale_of_it"}
    assert {each.name for each in session.get_outputs()} == {"digit", "area"}


@pytest.mark.parametrize(
    ("quantize", "most"), [("dynamic", 0.05), ("float16", 0.01), ("int8", 0.1)]
)
def test_quantized_models_are_run_too(
    picture_model: Any, tmp_path: Path, quantize: str, most: float
) -> None:
    folder, examples = picture_model
    done = convert_to_tflite(folder, str(tmp_path / "m.tflite"), examples, quantize=quantize)
    assert done.quantize == quantize
    assert done.difference is not None
    assert 0 < done.difference < most


def test_core_ml_is_written_with_its_names_in_halves_too(
    picture_model: Any, tmp_path: Path
) -> None:
    coremltools = coreml._tools()

    folder, examples = picture_model
    path = tmp_path / "m.mlpackage"
    done = convert_to_coreml(folder, str(path), examples, quantize="float16")
    assert done.examples == 6
    assert done.difference is not None
    assert 1e-5 < done.difference < 0.01
    described = coremltools.models.MLModel(str(path), skip_model_load=True).get_spec().description
    assert {each.name for each in described.input} == {"image", "scale_of_it"}
    assert {each.name for each in described.output} == {"digit", "area"}


@pytest.mark.skipif(sys.platform == "darwin", reason="Core ML itself is asked there")
def test_core_ml_programs_are_computed_where_they_cannot_be_run(tmp_path: Path) -> None:
    model, examples = of_many_layers()
    path = str(tmp_path / "m.mlpackage")
    done = convert_to_coreml(saved(model, str(tmp_path / "all")), path, examples)
    assert (done.examples, done.note) == (5, COMPUTED)
    assert done.difference is not None
    assert done.difference < 1e-5
    model, examples = wide()
    smaller = convert_to_coreml(
        saved(model, str(tmp_path / "wide")), path, examples, quantize="int8"
    )
    assert smaller.size < 64 * 64 * 4
    assert smaller.difference is not None
    assert 1e-5 < smaller.difference < 0.1


@pytest.mark.skipif(sys.platform == "darwin", reason="Core ML itself is asked there")
def test_a_core_ml_program_that_cannot_be_computed_names_the_operation(tmp_path: Path) -> None:
    folder = saved(of_larger_pictures(), str(tmp_path / "larger"))
    done = convert_to_coreml(folder, str(tmp_path / "m.mlpackage"))
    assert (done.examples, done.difference) == (0, None)
    assert done.note == "not run: no evaluation of upsample_bilinear"


def test_a_part_that_is_compiled_on_its_own_is_named_with_the_mend(tmp_path: Path) -> None:
    folder = saved(of_larger_pictures(groups=2), str(tmp_path / "groups"))
    with pytest.raises(UnsupportedOperations, match=r"PartitionedCall. .* use groups=1 or Depthw"):
        convert_to_coreml(folder, str(tmp_path / "m.mlpackage"))


@pytest.mark.parametrize("form", ["tflite", "mlpackage"])
def test_recurrent_layers_need_unrolling(tmp_path: Path, form: str) -> None:
    model, examples = recurrent()
    looping = saved(model, str(tmp_path / "loop"))
    with pytest.raises(UnsupportedOperations, match="unroll=True") as error:
        CONVERTERS[form](looping, str(tmp_path / f"m.{form}"), examples)
    assert error.value.operations in (("TensorListReserve",), ("While",))
    model, examples = recurrent(unroll=True)
    unrolled = saved(model, str(tmp_path / "flat"))
    assert CONVERTERS[form](unrolled, str(tmp_path / f"m.{form}"), examples).size


def test_recurrent_layers_of_a_fixed_batch_keep_their_loop_in_tf_lite(tmp_path: Path) -> None:
    model, examples = recurrent()
    done = convert_to_tflite(
        saved(model, str(tmp_path / "one"), rows=1), str(tmp_path / "m.tflite"), examples
    )
    assert done.examples == 3
    assert done.difference is not None
    assert done.difference < 1e-5


@pytest.mark.parametrize("form", CONVERTERS)
def test_texts_stay_outside(tmp_path: Path, form: str) -> None:
    folder = saved(of_text(), str(tmp_path / "text"))
    with pytest.raises(ConversionError, match=r"the input 'word' is text.* stay outside"):
        CONVERTERS[form](folder, str(tmp_path / f"m.{form}"))


@pytest.mark.parametrize("form", ["onnx", "mlpackage"])
def test_an_operation_that_is_lacking_is_named_with_the_mend(tmp_path: Path, form: str) -> None:
    folder = saved(with_exact_gelu(), str(tmp_path / "gelu"))
    with pytest.raises(UnsupportedOperations, match=r"has no Erfc. Use gelu with approximate=True"):
        CONVERTERS[form](folder, str(tmp_path / f"m.{form}"))


def answering(answers: dict[str, Any]) -> Callable[[Any], dict[str, Any]]:
    return lambda batch: answers


def test_a_model_that_answers_otherwise_is_refused(picture_model: Any) -> None:
    folder, examples = picture_model
    source = Source(folder)
    changes: list[tuple[Callable[[Any], Any], str]] = [
        (lambda a: a + 0.1, "is 0.1 off the SavedModel's; at most 0.00"),
        (lambda a: a * np.nan, "is inf off"),
        (lambda a: a[:, :1, None], "has the shape"),
    ]
    for change, message in changes:
        answers = {name: change(value) for name, value in source(examples).items()}
        with pytest.raises(ConversionError, match=message):
            compared("it", source, answering(answers), examples, None)
    with pytest.raises(ConversionError, match="no output 'area' came out"):
        compared("it", source, answering({}), examples, None)


def test_examples_are_taken_where_they_fit(picture_model: Any) -> None:
    source, examples = Source(picture_model[0]), picture_model[1]
    taken = examples_for(source, {**examples, "more": np.ones(6)}, most=4)
    assert taken is not None
    assert {name: len(array) for name, array in taken.items()} == {"image": 4, "scale of it": 4}
    for unfit in (None, {}, {"image": examples["image"]}, examples["image"]):
        assert examples_for(source, unfit) is None


def test_int8_needs_data(picture_model: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="quantize='int8' needs data"):
        convert_to_tflite(picture_model[0], str(tmp_path / "m.tflite"), quantize="int8")


@pytest.mark.parametrize("exporter", [TFLiteExporter, CoreMLExporter, OnnxExporter])
def test_an_unknown_quantization_is_refused_at_once(exporter: Any) -> None:
    with pytest.raises(ValueError, match=r"quantize must be .* received 'int4'"):
        exporter("it", quantize="int4")


@pytest.mark.parametrize("exporter", [TFLiteExporter, CoreMLExporter, OnnxExporter])
def test_exporters_leave_the_file_beside_the_saved_model(exporter: Any, tmp_path: Path) -> None:
    from kerasrun import estimator as tf_estimator

    def input_fn() -> Any:
        import tensorflow as tf

        x = np.linspace(0, 1, 24, dtype="float32").reshape(8, 3)
        return tf.data.Dataset.from_tensor_slices(({"x": x}, x.sum(axis=1))).batch(4)

    model = keras.Sequential([keras.Input((3,), name="x"), keras.layers.Dense(1, name="y")])
    model.compile("sgd", "mse")
    estimator = tf_estimator.model_to_estimator(keras_model=model, model_dir=str(tmp_path))
    spec = tf_estimator.EvalSpec(
        input_fn, exporters=exporter("it", exports_to_keep=1), throttle_secs=0
    )
    _, paths = tf_estimator.train_and_evaluate(
        estimator, tf_estimator.TrainSpec(lambda: input_fn().repeat(), max_steps=2), spec
    )
    assert paths
    folder = Path(paths[0])
    assert folder.parent == tmp_path / "export" / "it"
    assert (folder / "saved_model.pb").exists()
    assert (folder / exporter.file_name).exists()
    record = json.loads((folder / "conversion.json").read_text())
    assert record["path"] == exporter.file_name
    assert record["examples"] == 4
    assert record["difference"] < 1e-5


def test_a_failed_conversion_leaves_nothing_and_a_cut_off_one_is_done(tmp_path: Path) -> None:
    exporter = TFLiteExporter("it")
    base = tmp_path / "export"
    folder = saved(recurrent(unroll=True)[0], str(base))
    assert exporter.finished_since(str(base), None) == folder
    assert (Path(folder) / "model.tflite").exists()
    saved(of_text(), str(base))
    with pytest.raises(ConversionError):
        exporter.finished_since(str(base), Path(folder).name)
    assert [path.name for path in base.iterdir()] == [Path(folder).name]


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [
        (tflite, "ai_edge_litert", "tflite"),
        (onnx, "tf2onnx", "onnx"),
        (coreml, "coremltools", "coreml"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    picture_model: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    package: str,
    extra: str,
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    convert = next(function for name, function in vars(module).items() if name in CONVERT_NAMES)
    with pytest.raises(ModuleNotFoundError, match=rf"pip install 'kerasrun\[{extra}\]'"):
        convert(picture_model[0], str(tmp_path / "m"))


CONVERT_NAMES = {function.__name__ for function in CONVERTERS.values()}


def test_our_warnings_are_heard_after_a_conversion() -> None:
    level = logging.getLogger("tensorflow").level
    coreml._tools()
    assert logging.getLogger("tensorflow").level == level < logging.WARNING
