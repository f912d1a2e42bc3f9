"""What is said of each kind of name."""

import re
from collections.abc import Callable

import pytest

from kerasrun import estimator, experimental, export, inputs
from kerasrun.runs.old_programs.contrib_names import CONTRIB
from kerasrun.runs.old_programs.estimator_names import ESTIMATOR
from kerasrun.runs.old_programs.installed import Installed
from kerasrun.runs.old_programs.keras_names import KERAS
from kerasrun.runs.old_programs.report import FileReport
from kerasrun.runs.old_programs.verdict import DIFFERS, EDIT, READY, UNSUPPORTED, WORKS
from tests.runs.old_programs.public_names import V1_ESTIMATOR, V2_ESTIMATOR

Examine = Callable[[str], FileReport]
PLAIN, V1_IMPORT = "import tensorflow as tf\n", "import tensorflow.compat.v1 as tf\n"


@pytest.mark.parametrize(
    ("program", "kind", "text"),
    [
        (PLAIN + "tf.estimator.DNNClassifier", WORKS, ""),
        (PLAIN + "tf.keras.estimator.model_to_estimator", WORKS, ""),
        (PLAIN + "tf.feature_column.crossed_column", WORKS, ""),
        (PLAIN + "tf.compat.v1.layers.dense", WORKS, ""),
        (V1_IMPORT + "tf.layers.dense", WORKS, ""),
        (V1_IMPORT + "tf.placeholder", WORKS, ""),
        (V1_IMPORT + "tf.app.flags.DEFINE_string", WORKS, ""),
        (V1_IMPORT + "tf.Session", DIFFERS, "eager mode is on"),
        (PLAIN + "tf.estimator.BestExporter", DIFFERS, "it remembers its best result"),
        (PLAIN + "tf.Session", EDIT, "import tensorflow.compat.v1 as tf"),
        (PLAIN + "tf.placeholder", EDIT, "import tensorflow.compat.v1 as tf"),
        (PLAIN + "tf.train.AdamOptimizer", EDIT, "import tensorflow.compat.v1 as tf"),
        (PLAIN + "tf.layers.dense", EDIT, "import tensorflow.compat.v1 as tf"),
        (PLAIN + "tf.flags.FLAGS.rate", EDIT, "import tensorflow.compat.v1 as tf"),
        (PLAIN + "tf.feature_column.input_layer", EDIT, "import tensorflow.compat.v1 as tf"),
        (PLAIN + "data.make_one_shot_iterator()", EDIT, "tf.compat.v1.data.make_one_shot_iter"),
        (PLAIN + "e.export_savedmodel('x')", EDIT, ".export_saved_model"),
        (PLAIN + "tf.estimator.ModeKeys.INFER", EDIT, "tf.estimator.ModeKeys.PREDICT"),
        (PLAIN + "tf.keras.optimizers.Adam(lr=1)", EDIT, "learning_rate="),
        (PLAIN + "tf.keras.layers.DenseFeatures", EDIT, "kerasrun.feature_columns.DenseFeatures"),
        (PLAIN + "tf.contrib.tpu.RunConfig", EDIT, "tf.estimator.RunConfig"),
        (PLAIN + "tf.contrib.data.map_and_batch", EDIT, "tf.data.experimental.map_and_batch"),
        (PLAIN + "tf.contrib.estimator.add_metrics", EDIT, "tf.estimator.add_metrics"),
        (PLAIN + "tf.contrib.metrics.auc", EDIT, "tf.compat.v1.metrics.auc"),
        ("import tensorflow.contrib.slim as s", EDIT, "tf_slim"),
        ("from tensorflow.contrib import layers", EDIT, "leave it out"),
        (
            "from tensorflow.contrib.learn.python.learn.learn_runner import run",
            EDIT,
            "tf.estimator.train_and_evaluate",
        ),
        ("from tensorflow.examples.tutorials.mnist import input_data", EDIT, "tf.keras.datasets"),
        ("from tensorflow.python.keras.layers import Dense", EDIT, "tensorflow.keras"),
        ("from tensorflow.python.estimator.canned.head import _Head", EDIT, "tf.estimator.Head"),
        ("from tensorflow.python.estimator.model_fn import EstimatorSpec", WORKS, ""),
        ("from tensorflow.python.training.saver import Saver", WORKS, "private, and still in"),
        ("from tensorflow.python.training.saver import Foo", UNSUPPORTED, "it was private"),
        ("from tensorflow_estimator.python.estimator.util import x", UNSUPPORTED, "a private part"),
        (PLAIN + "tf.estimator.BoostedTreesClassifier", UNSUPPORTED, "YDF"),
        (PLAIN + "tf.estimator.tpu.TPUEstimator", UNSUPPORTED, "use tf.estimator.Estimator"),
        (PLAIN + "tf.estimator.EvalSpek", UNSUPPORTED, "Did you mean 'EvalSpec'?"),
        (PLAIN + "tf.contrib.rnn.GRUCell", EDIT, "tf.compat.v1.nn.rnn_cell.GRUCell; mlrun exec"),
        (PLAIN + "tf.contrib.util.nest", EDIT, "mlrun exec runs it as it is"),
        (PLAIN + "tf.contrib.rnn.LSTMBlockCell", UNSUPPORTED, "see tf.compat.v1.nn.rnn_cell"),
        (
            "from tensorflow.contrib.layers.python.layers.optimizers import optimize_loss",
            EDIT,
            "; mlrun exec runs it as it is",
        ),
        (PLAIN + "tf.contrib.nothing.of_the_kind", UNSUPPORTED, "has no heir"),
        (PLAIN + "tf.keras.nothing", UNSUPPORTED, "Keras 3 has no such name"),
        (PLAIN + "tf.nothing", UNSUPPORTED, "has no such name"),
        (V1_IMPORT + "tf.nn.rnn_cell.LSTMCell", WORKS, ""),
    ],
)
def test_a_name_has_its_verdict(program: str, kind: str, text: str, report_on: Examine) -> None:
    (finding,) = report_on(program).findings
    assert finding.verdict.kind == kind
    assert finding.verdict.text.startswith(text) if not text else text in finding.verdict.text


def test_arguments_that_lost_their_effect_are_told_of(report_on: Examine) -> None:
    report = report_on(PLAIN + "tf.estimator.RunConfig(\n  model_dir='x',\n  session_config=None)")
    config, argument = report.findings
    assert (config.symbol, config.verdict.kind) == ("tf.estimator.RunConfig", WORKS)
    assert argument.symbol == "tf.estimator.RunConfig(session_config=)"
    assert argument.verdict.kind == DIFFERS
    assert argument.places == [(4, 3)]


def test_a_session_works_as_it_did_where_eager_mode_is_off(report_on: Examine) -> None:
    report = report_on(V1_IMPORT + "tf.disable_v2_behavior()\ntf.Session()")
    assert {one.symbol: one.verdict.kind for one in report.findings} == {
        "tf.compat.v1.disable_v2_behavior": WORKS,
        "tf.compat.v1.Session": WORKS,
    }


def test_an_iterator_of_version_1_needs_no_edit(report_on: Examine) -> None:
    assert report_on(V1_IMPORT + "tf.data.Dataset.range(3).make_one_shot_iterator()").is_ready
    assert report_on("x.make_one_shot_iterator()").is_ready


@pytest.mark.parametrize(
    ("names", "import_line"), [(V2_ESTIMATOR, PLAIN), (V1_ESTIMATOR, V1_IMPORT)]
)
def test_every_name_of_tf_estimator_has_a_verdict_of_its_own(
    names: list[str], import_line: str, report_on: Examine
) -> None:
    report = report_on(import_line + "\n".join(f"tf.{name}" for name in names))
    told = [one.symbol.removeprefix("tf.").removeprefix("compat.v1.") for one in report.findings]
    assert told == names
    unknown = [one.symbol for one in report.findings if "no such name" in one.verdict.text]
    assert unknown == []


def test_what_kerasrun_offers_under_the_name_of_tf_estimator_is_said_to_work() -> None:
    names = [f"estimator.{name}" for name in estimator.__all__]
    for module, part in ((experimental, "experimental"), (export, "export"), (inputs, "inputs")):
        all_of_it: list[str] = module.__all__
        names += [f"estimator.{part}.{name}" for name in all_of_it]
    of_both = [name for name in names if name in ESTIMATOR]
    assert len(of_both) > 40
    assert [name for name in of_both if ESTIMATOR[name].kind not in READY] == []


def test_what_is_named_instead_needs_no_edit(report_on: Examine) -> None:
    said = [one.text for one in {**CONTRIB, **ESTIMATOR, **KERAS}.values() if one.kind == EDIT]
    named = {name for text in said for name in re.findall(r"\btf\.[A-Za-z_][\w.]*\w", text)}
    assert len(named) > 80
    report = report_on(PLAIN + "\n".join(sorted(named)))
    assert [one for one in report.findings if one.verdict.kind not in READY] == []


@pytest.mark.slow
def test_what_is_read_of_tensorflow_is_what_it_has() -> None:
    import tensorflow as tf

    installed = Installed()
    for name in (
        *("Session", "placeholder", "constant", "train.AdamOptimizer", "train.Checkpoint"),
        *("metrics.accuracy", "metrics.Accuracy", "losses.mean_squared_error", "losses.Loss"),
        *("gfile.Glob", "logging.INFO", "summary.FileWriterCache", "app.run", "contrib", "layers"),
        *("keras.layers.Dense", "keras.layers.DenseFeatures", "keras.backend.get_session"),
        *("keras.preprocessing.image.ImageDataGenerator", "nn.dynamic_rnn", "nn.relu", "bool"),
        *("data.experimental.CsvDataset", "lookup.HashTable", "saved_model.tag_constants.SERVING"),
    ):
        parts = name.split(".")
        assert bool(installed.v2_symbol(name)) == _has(tf, parts), name
        if parts[0] != "layers":
            assert bool(installed.v1_symbol(name)) == _has(tf.compat.v1, parts), name


def _has(module: object, parts: list[str]) -> bool:
    for part in parts:
        if not hasattr(module, part):
            return False
        module = getattr(module, part)
    return True
