"""A name is found whatever the program calls it, and nothing is found that hides it."""

from collections.abc import Callable

import pytest

from kerasrun.runs.old_programs.report import FileReport

Found = Callable[[str], dict[str, str]]
SPEC = {"tf.estimator.EvalSpec"}


@pytest.mark.parametrize(
    "program",
    [
        "import tensorflow as tf\ntf.estimator.EvalSpec",
        "import tensorflow\ntensorflow.estimator.EvalSpec",
        "from tensorflow import estimator\nestimator.EvalSpec",
        "from tensorflow import estimator as est\nest.EvalSpec",
        "from tensorflow.estimator import EvalSpec",
        "from tensorflow.estimator import EvalSpec as E",
        "import tensorflow as tf\nest = tf.estimator\nest.EvalSpec",
        "import tensorflow as tf\na, b = tf.estimator, 3\na.EvalSpec",
        "import tensorflow as tf\ngetattr(tf, 'estimator').EvalSpec",
        "import tensorflow as tf\ngetattr(tf.estimator, 'EvalSpec', None)",
        "import importlib\nimportlib.import_module('tensorflow.estimator').EvalSpec",
        "import tensorflow as tf\nif (e := tf.estimator): e.EvalSpec",
        "import tensorflow as tf\nclass A(tf.estimator.EvalSpec): pass",
        "import tensorflow as tf\ndef f(x: tf.estimator.EvalSpec): pass",
        "def f():\n    return tf.estimator.EvalSpec\nimport tensorflow as tf",
        "import tensorflow as tf\n@tf.estimator.EvalSpec\nasync def f(): pass",
        "import tensorflow as tf\nf'{tf.estimator.EvalSpec}'",
        "import tensorflow as tf\n[tf.estimator.EvalSpec(x) for x in y]",
        "import tensorflow as tf\nmatch x:\n    case tf.estimator.EvalSpec(): pass",
        "def f():\n    import tensorflow as tf\n    def g():\n        return tf.estimator.EvalSpec",
        "import tensorflow.compat.v2 as tf\ntf.estimator.EvalSpec",
    ],
)
def test_spellings_of_one_name(program: str, found: Found) -> None:
    assert set(found(program)) == SPEC


@pytest.mark.parametrize(
    "program",
    [
        "import tensorflow.compat.v1 as tf\ntf.estimator.EvalSpec",
        "from tensorflow.compat import v1\nv1.estimator.EvalSpec",
        "import tensorflow as tf\ntf.compat.v1.estimator.EvalSpec",
        "import tensorflow as tf\ntf = tf.compat.v1\ntf.estimator.EvalSpec",
        "import tensorflow as tf\nif tf.__version__ > '2':\n    tf = tf.compat.v1\n"
        "tf.estimator.EvalSpec",
        "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n"
        "    import tensorflow as tf\ntf.estimator.EvalSpec",
        "import tensorflow_estimator as te\nte.estimator.EvalSpec",
        "from tensorflow_estimator.python.estimator.api._v1 import estimator as e\ne.EvalSpec",
    ],
)
def test_the_namespace_of_version_1_is_told_apart(program: str, found: Found) -> None:
    assert set(found(program)) == {"tf.compat.v1.estimator.EvalSpec"}


@pytest.mark.parametrize(
    "program",
    [
        "import tensorflow as tf\ndef f(tf): tf.contrib.x",
        "import tensorflow as tf\nlambda tf: tf.contrib.x",
        "import tensorflow as tf\n[tf.contrib for tf in x]",
        "import tensorflow as tf\nfor tf in x: tf.contrib",
        "import tensorflow as tf\ntf = open('x')\ntf.contrib",
        "import tensorflow as tf\nwith open('x') as tf: tf.contrib",
        "import tensorflow as tf\nimport numpy as tf\ntf.contrib",
        "from . import tensorflow as tf\ntf.contrib",
        "class A:\n    import tensorflow as tf\n    def f(self): return tf.contrib",
        "from tensorflow import estimator\ndef f(estimator): estimator.tpu.TPUConfig",
        "import tensorflow as tf\ntry:\n    import tensorflow.contrib.eager as e\n"
        "except ImportError: e = None",
        "import tensorflow as tf\ntry:\n    tf.enable_eager_execution()\n"
        "except (AttributeError, TypeError): pass",
        "import tensorflow as tf\ntf.constant(1); tf.data.Dataset.range(3); tf.__version__",
    ],
)
def test_nothing_is_told_of(program: str, found: Found) -> None:
    assert found(program) == {}


def test_a_name_has_all_its_places(report_on: Callable[[str], FileReport]) -> None:
    report = report_on(
        'import tensorflow as tf\n"é"; tf.estimator.EvalSpec(\n    tf.estimator.EvalSpec\n)\n'
    )
    (finding,) = report.findings
    assert finding.places == [(2, 6), (3, 5)]
