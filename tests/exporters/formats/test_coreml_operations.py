"""Operations of Core ML in NumPy answer as TensorFlow's."""

import itertools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from kerasrun.exporters.formats.coreml_operations import OPERATIONS

pytestmark = pytest.mark.slow
RANDOM = np.random.default_rng(0)
PLAIN: dict[str, Any] = {"pad": [0, 0, 0, 0]}
Array = np.ndarray[Any, Any]


def normal(*shape: int) -> Array:
    return RANDOM.normal(size=shape).astype(np.float32)


def channels_last(x: Array) -> Array:
    return np.moveaxis(x, 1, -1)


def same(found: Array, expected: Any) -> None:
    np.testing.assert_allclose(channels_last(found), expected, rtol=1e-5, atol=1e-5)
    assert found.dtype == np.float32


def test_convolutions() -> None:
    x, bias = normal(2, 4, 9, 8), normal(6)
    for pad_type, strides, dilations, groups in itertools.product(
        ["valid", "same"], [[1, 1], [2, 3]], [[1, 1], [2, 2]], [1, 2]
    ):
        if max(strides) > 1 and max(dilations) > 1:
            continue  # not in TensorFlow
        weight = normal(6, 4 // groups, 3, 2)
        filters = np.transpose(weight, (2, 3, 1, 0))
        found = OPERATIONS["conv"](
            **{"x": x, "weight": weight, "bias": bias, "strides": strides, **PLAIN},
            **{"pad_type": pad_type, "dilations": dilations, "groups": groups},
        )
        parts = zip(np.split(x, groups, 1), np.split(filters, groups, 3), strict=True)
        expected = [
            tf.nn.conv2d(channels_last(part), f, strides, pad_type.upper(), dilations=dilations)
            for part, f in parts
        ]
        same(found, tf.concat(expected, -1) + bias)


def test_a_padding_given_by_numbers_and_one_that_is_larger_in_front() -> None:
    x, weight = normal(1, 1, 6, 6), normal(1, 1, 2, 2)
    given = {"strides": [1, 1], "dilations": [1, 1], "groups": 1, "x": x, "weight": weight}
    found = OPERATIONS["conv"](**given, pad_type="custom", pad=[1, 0, 0, 2])
    filters = np.transpose(weight, (2, 3, 1, 0))
    padded = np.pad(x, [(0, 0), (0, 0), (1, 0), (0, 2)])
    same(found, tf.nn.conv2d(channels_last(padded), filters, 1, "VALID"))
    padded = np.pad(x, [(0, 0), (0, 0), (1, 0), (1, 0)])
    found = OPERATIONS["conv"](**given, pad_type="same_lower", pad=[0, 0, 0, 0])
    same(found, tf.nn.conv2d(channels_last(padded), filters, 1, "VALID"))


@pytest.mark.parametrize("pad_type", ["valid", "same"])
@pytest.mark.parametrize(
    ("strides", "kernel"), [([1, 1], (3, 2)), ([2, 3], (3, 4)), ([3, 2], (2, 1))]
)
def test_transposed_convolutions(
    pad_type: str, strides: list[int], kernel: tuple[int, int]
) -> None:
    x, weight, bias = normal(2, 4, 5, 4), normal(4, 3, *kernel), normal(3)
    given = {"x": x, "weight": weight, "bias": bias, "strides": strides, **PLAIN}
    given |= {"pad_type": pad_type, "dilations": [1, 1], "groups": 1}
    reach = [
        max(k - s, 0) if pad_type == "valid" else 0 for k, s in zip(kernel, strides, strict=True)
    ]
    rows, columns = (n * s + r for n, s, r in zip((5, 4), strides, reach, strict=True))
    shape = [2, rows, columns, 3]
    filters = np.transpose(weight, (2, 3, 1, 0))
    expected = tf.nn.conv2d_transpose(channels_last(x), filters, shape, strides, pad_type.upper())
    same(OPERATIONS["conv_transpose"](**given, output_shape=[2, 3, rows, columns]), expected + bias)
    if pad_type == "same" or min(k - s for k, s in zip(kernel, strides, strict=True)) >= 0:
        same(OPERATIONS["conv_transpose"](**given), expected + bias)


@pytest.mark.parametrize("pad_type", ["valid", "same"])
def test_pools(pad_type: str) -> None:
    x = normal(2, 3, 7, 8)
    given = {"x": x, "kernel_sizes": [3, 2], "strides": [2, 2], "pad_type": pad_type, **PLAIN}
    for name, kind in (("max_pool", "MAX"), ("avg_pool", "AVG")):
        more = {"exclude_padding_from_average": True} if kind == "AVG" else {}
        expected = tf.nn.pool(channels_last(x), [3, 2], kind, [2, 2], pad_type.upper())
        same(OPERATIONS[name](**given, **more), expected)
    counted = OPERATIONS["avg_pool"](
        np.ones((1, 1, 2), np.float32), [3], [1], "same", [0, 0], exclude_padding_from_average=False
    )
    np.testing.assert_allclose(counted, [[[2 / 3, 2 / 3]]], rtol=1e-6)


def test_norms_and_others() -> None:
    x, gamma, beta = normal(2, 3, 4, 5), normal(3), normal(3)
    mean, variance = normal(3), np.abs(normal(3))
    last = channels_last(x)
    expected = tf.nn.batch_normalization(last, mean, variance, beta, gamma, 1e-3)
    same(OPERATIONS["batch_norm"](x, mean, variance, 1e-3, gamma, beta), expected)
    mean, variance = tf.nn.moments(tf.constant(last), [1, 2], keepdims=True)
    expected = tf.nn.batch_normalization(last, mean, variance, beta, gamma, 1e-3)
    same(OPERATIONS["instance_norm"](x, 1e-3, gamma, beta), expected)
    same(OPERATIONS["silu"](x * 100), tf.nn.silu(last * 100))
    larger = OPERATIONS["upsample_nearest_neighbor"](x, 2.0, 3.0)
    same(larger, last.repeat(2, 1).repeat(3, 2))


def test_reductions() -> None:
    x = normal(2, 3, 4)
    for name in ("max", "mean", "min", "prod", "sum"):
        expected = getattr(tf, f"reduce_{name}")(x, axis=[0, -1], keepdims=True)
        found = OPERATIONS[f"reduce_{name}"](x, np.bool_(True), np.array([0, -1], np.int32))
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    found = OPERATIONS["reduce_log_sum_exp"](x * 100, False, np.array([-1], np.int32))
    np.testing.assert_allclose(found, tf.reduce_logsumexp(x * 100, -1), rtol=1e-5)
    np.testing.assert_allclose(OPERATIONS["reduce_l2_norm"](x, False), np.sqrt((x**2).sum()), 1e-5)
    np.testing.assert_allclose(OPERATIONS["reduce_sum_square"](x, False), (x**2).sum(), 1e-5)
