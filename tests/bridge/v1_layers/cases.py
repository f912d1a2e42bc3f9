"""Uses of `tf.layers` and `tf.nn.rnn_cell`, and what TensorFlow computes of them."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
Given = Callable[..., Any]


def pattern(shape: Any, phase: float = 0.0) -> Any:
    """Values without order, the same everywhere."""
    size = int(np.prod(shape))
    return np.sin(np.arange(size) * 1.7 + phase).astype(np.float32).reshape(shape)


def l2(scale: float) -> Any:
    return lambda values: scale * tf.reduce_sum(tf.square(values))


def dense_cases(layers: Any) -> dict[str, Callable[[Given], Any]]:
    def twice(given: Given) -> Any:
        layer = layers.Dense(3, name="twice", kernel_regularizer=l2(0.1))
        return [layer(given(2, 4)), layer.apply(given(5, 4))]

    def reused(given: Given) -> Any:
        x = given(2, 4)
        with v1.variable_scope("a"):
            first = layers.dense(x, 3, name="b", bias_regularizer=l2(0.5))
            again = layers.dense(x, 3, name="b", reuse=True, bias_regularizer=l2(0.5))
        with v1.variable_scope("a", reuse=v1.AUTO_REUSE):
            return [first, again, layers.dense(x, 3, name="b"), layers.dense(x, 2)]

    def in_scope(given: Given) -> Any:
        partitioner = v1.fixed_size_partitioner(2)
        with v1.variable_scope("s", regularizer=l2(0.2), partitioner=partitioner):
            net = layers.dense(given(3, 4), 4, kernel_regularizer=l2(0.1))
            return layers.batch_normalization(net, training=True)

    def averaged(given: Given) -> Any:
        averages = v1.train.ExponentialMovingAverage(0.9)

        def average(getter: Any, name: str, *arguments: Any, **named: Any) -> Any:
            return averages.average(getter(name, *arguments, **named))

        with v1.variable_scope("a"):
            first = layers.dense(given(3, 4), 2, name="b", kernel_regularizer=l2(0.1))
        averages.apply(v1.trainable_variables())
        with v1.variable_scope("a", reuse=True, custom_getter=average):
            return first, layers.dense(given(3, 4), 2, name="b", kernel_regularizer=l2(0.1))

    return {
        "dense averaged": averaged,
        "dense": lambda given: layers.dense(given(4, 5), 3, tf.nn.relu),
        "dense rank 3": lambda given: layers.dense(given(2, 3, 5), 4, use_bias=False),
        "dense unnamed": lambda given: layers.dense(layers.dense(given(2, 3), 4, "tanh"), 2),
        "dense twice": twice,
        "dense reused": reused,
        "dense in scope": in_scope,
        "dense frozen": lambda given: layers.dense(given(2, 3), 4, trainable=False),
        "dense activity": lambda given: layers.dense(
            given(4, 5), 3, activity_regularizer=l2(0.1), name="active"
        ),
        "flatten": lambda given: layers.flatten(given(2, 3, 4, 2), name="flat"),
        "flatten first": lambda given: layers.flatten(given(2, 3, 4, 2), None, "channels_first"),
        "flatten rank 1": lambda given: layers.flatten(given(4)),
        "dropout": lambda given: layers.dropout(given(6, 5), 0.4, seed=5, training=True),
        "dropout shape": lambda given: layers.dropout(
            given(6, 5, 3), 0.4, (None, 1, 3), 7, training=v1.placeholder_with_default(True, [])
        ),
        "dropout off": lambda given: layers.dropout(given(6, 5), 0.4),
    }


def convolution_cases(layers: Any) -> dict[str, Callable[[Given], Any]]:
    return {
        "conv1d": lambda given: layers.conv1d(given(2, 9, 3), 4, 3, 2, "same", name="c"),
        "conv1d causal": lambda given: layers.conv1d(
            given(2, 9, 3), 4, 3, padding="causal", dilation_rate=2
        ),
        "conv2d": lambda given: layers.conv2d(
            given(2, 7, 6, 3), 4, (3, 2), (2, 1), "SAME", activation=tf.nn.relu
        ),
        "conv2d unnamed": lambda given: layers.conv2d(layers.conv2d(given(1, 5, 5, 2), 3, 2), 2, 2),
        "conv2d dilated": lambda given: layers.conv2d(given(1, 9, 9, 2), 3, 3, dilation_rate=2),
        "conv2d no bias": lambda given: layers.conv2d(given(1, 5, 5, 2), 3, 2, use_bias=False),
        "conv3d": lambda given: layers.conv3d(given(1, 4, 5, 6, 2), 3, 2, (1, 2, 1), "same"),
        "conv2d_transpose": lambda given: layers.conv2d_transpose(given(2, 4, 3, 3), 2, (3, 2), 2),
        "conv2d_transpose same": lambda given: layers.conv2d_transpose(
            given(2, 4, 3, 3), 2, 3, (2, 1), "same", activation=tf.nn.elu
        ),
        "conv3d_transpose": lambda given: layers.conv3d_transpose(given(1, 2, 3, 2, 3), 2, 2, 3),
        "separable_conv1d": lambda given: layers.separable_conv1d(
            given(2, 9, 3), 4, 3, 2, "same", depth_multiplier=2
        ),
        "separable_conv2d": lambda given: layers.separable_conv2d(
            given(2, 7, 6, 3), 4, 3, padding="same", pointwise_regularizer=l2(0.1)
        ),
        "max_pooling1d": lambda given: layers.max_pooling1d(given(2, 9, 3), 3, 2, name="p"),
        "max_pooling2d": lambda given: layers.max_pooling2d(given(2, 7, 6, 3), (3, 2), 2, "same"),
        "max_pooling3d": lambda given: layers.max_pooling3d(given(1, 5, 4, 6, 2), 2, 2),
        "average_pooling1d": lambda given: layers.average_pooling1d(given(2, 9, 3), 3, 2, "same"),
        "average_pooling2d": lambda given: layers.average_pooling2d(given(2, 7, 6, 3), 2, (2, 3)),
        "average_pooling3d": lambda given: layers.average_pooling3d(
            given(1, 5, 4, 6, 2), 2, 2, "same"
        ),
    }


def normalization_cases(layers: Any) -> dict[str, Callable[[Given], Any]]:
    normalized = layers.batch_normalization

    def tensor(value: bool) -> Any:
        return v1.placeholder_with_default(value, [])

    return {
        "bn": lambda given: normalized(given(6, 4), training=True, momentum=0.9),
        "bn predicts": lambda given: normalized(given(6, 4), gamma_regularizer=l2(0.1)),
        "bn images": lambda given: normalized(given(3, 4, 4, 2), training=True, name="bn"),
        "bn images predict": lambda given: normalized(given(3, 4, 4, 2)),
        "bn not fused": lambda given: normalized(given(3, 4, 4, 2), training=True, fused=False),
        "bn volumes": lambda given: normalized(given(2, 3, 3, 2, 2), training=True, scale=False),
        "bn tensor": lambda given: normalized(given(3, 4, 4, 2), training=tensor(True)),
        "bn tensor off": lambda given: normalized(given(3, 4, 4, 2), training=tensor(False)),
        "bn rows tensor": lambda given: normalized(given(5, 3), training=tensor(True)),
        "bn rows tensor off": lambda given: normalized(given(5, 3), training=tensor(False)),
        "bn axes": lambda given: normalized(given(3, 4, 2), [1, 2], training=True, center=False),
        "bn axis": lambda given: normalized(given(3, 4, 2), 1, training=True),
        "bn frozen": lambda given: normalized(given(6, 4), training=True, trainable=False),
        "bn reused": lambda given: [
            normalized(given(6, 4), training=True, name="x"),
            normalized(given(6, 4), training=True, name="x", reuse=True),
        ],
    }


def cell_cases(cells: Any) -> dict[str, Callable[[Given], Any]]:
    def dynamic(make: Callable[[], Any], **named: Any) -> Callable[[Given], Any]:
        def run(given: Given) -> Any:
            return v1.nn.dynamic_rnn(make(), given(3, 4, 5), [4, 2, 3], dtype=tf.float32, **named)

        return run

    def static(make: Callable[[], Any]) -> Callable[[Given], Any]:
        def run(given: Given) -> Any:
            return v1.nn.static_rnn(make(), [given(3, 5), given(3, 5)], dtype=tf.float32)

        return run

    def both_ways(given: Given) -> Any:
        return v1.nn.bidirectional_dynamic_rnn(
            cells.LSTMCell(3, name="mine"), cells.GRUCell(2), given(3, 4, 5), dtype=tf.float32
        )

    def several() -> Any:
        return cells.MultiRNNCell(
            [
                cells.DropoutWrapper(cells.BasicLSTMCell(5), 0.7, 0.6, 0.5, seed=3),
                cells.ResidualWrapper(cells.DeviceWrapper(cells.GRUCell(5), "/cpu:0")),
            ]
        )

    def variational() -> Any:
        return cells.DropoutWrapper(
            cells.MultiRNNCell([cells.LSTMCell(2), cells.BasicRNNCell(3)]),
            *(0.7, 0.6, 0.5, True),
            input_size=tf.TensorShape([5]),
            dtype=tf.float32,
            seed=4,
        )

    def side_by_side() -> Any:
        return cells.MultiRNNCell(
            [cells.BasicLSTMCell(2, state_is_tuple=False), cells.BasicRNNCell(3)],
            state_is_tuple=False,
        )

    def called(given: Given) -> Any:
        cell = cells.GRUCell(3, kernel_initializer=v1.ones_initializer())
        state = cell.zero_state(2, tf.float32)
        _, state = cell(given(2, 4), state, scope="first")
        return cell(given(2, 4), state)

    return {
        "rnn": dynamic(lambda: cells.BasicRNNCell(3, tf.nn.relu)),
        "gru": dynamic(lambda: cells.GRUCell(3), scope="mine"),
        "basic lstm": static(lambda: cells.BasicLSTMCell(3, forget_bias=0.5)),
        "lstm": static(lambda: cells.LSTMCell(3)),
        "lstm all": dynamic(
            lambda: cells.LSTMCell(3, True, 0.8, num_proj=2, proj_clip=0.4, activation=tf.nn.elu)
        ),
        "lstm one state": static(
            lambda: cells.LSTMCell(3, num_proj=2, state_is_tuple=False, activation="linear")
        ),
        "lstm shards": static(lambda: cells.LSTMCell(3, num_unit_shards=2)),
        "several": dynamic(several, parallel_iterations=1),  # the masks come in their order
        "side by side": static(side_by_side),
        "variational": static(variational),
        "both ways": both_ways,
        "called": called,
    }


def all_cases(layers: Any, cells: Any) -> dict[str, Callable[[Given], Any]]:
    """Each of them, which takes a function that gives an input of a shape, by name."""
    return {
        **dense_cases(layers),
        **convolution_cases(layers),
        **normalization_cases(layers),
        **cell_cases(cells),
    }


def signatures(layers: Any, cells: Any) -> list[str]:
    """What each class and function takes, by its name: `flatten(inputs, name, data_format)`."""
    names = [(module, name) for module in (layers, cells) for name in sorted(vars(module))]
    found = []
    for module, name in names:
        if name[0] != "_" and callable(vars(module)[name]) and name not in ("InputSpec", "Layer"):
            taken = inspect.signature(vars(module)[name]).parameters
            found.append(f"{name}({', '.join(taken)})")
    return found


def computed(case: Callable[[Given], Any]) -> dict[str, Any]:
    """Names of variables, outputs, gradients, losses, and what the updates leave."""
    feeds: dict[Any, Any] = {}

    def given(*shape: int) -> Any:
        placeholder = v1.placeholder(tf.float32, [None, *shape[1:]])
        feeds[placeholder] = pattern(shape, len(feeds))
        return placeholder

    config = v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True  # as they are, and sooner
    with tf.Graph().as_default(), v1.Session(config=config) as session:
        v1.set_random_seed(1)
        outputs = tf.nest.flatten(case(given))
        variables, trained = v1.global_variables(), v1.trainable_variables()
        loss = tf.add_n([tf.reduce_sum(tf.square(each + 0.3)) for each in outputs])
        wanted = [g for g in tf.gradients(loss, [*feeds, *trained]) if g is not None]
        norms = [tf.norm(tf.convert_to_tensor(gradient)) for gradient in wanted]
        losses = v1.losses.get_regularization_losses()
        updates = v1.get_collection(v1.GraphKeys.UPDATE_OPS)
        session.run([v1.assign(each, _value(each, n)) for n, each in enumerate(variables)])
        found = session.run({"outputs": outputs, "gradients": norms, "losses": losses}, feeds)
        session.run(updates, feeds)
        moved = [each for each in variables if "moving" in each.name]
        return {
            "names": np.array([f"{v.op.name} {v.shape}" for v in variables], dtype=str),
            "trained": np.array([each.op.name for each in trained], dtype=str),
            "shapes": np.array([str(each.shape) for each in outputs], dtype=str),
            "updates": np.array(len(updates)),
            "outputs": _one_row(found["outputs"]),
            "gradients": _one_row(found["gradients"]),
            "losses": np.sort(_one_row(found["losses"])),
            "moved": _one_row(session.run(moved)),
        }


def _value(variable: Any, number: int) -> Any:
    positive = 1.5 if "variance" in variable.name else 0.0
    return pattern(variable.shape.as_list(), number) / 2 + positive


def _one_row(arrays: list[Any]) -> Any:
    rows = [np.ravel(np.asarray(each, np.float32)) for each in arrays]
    return np.concatenate([np.zeros(0, np.float32), *rows])
