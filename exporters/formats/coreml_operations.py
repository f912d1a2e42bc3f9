"""Operations of Core ML programs in NumPy: those that coremltools does not compute itself.

Arguments are named as in its language of programs (MIL). Arrays are `[batch, channels, ...]`, of as
many dimensions in space as the kernel has.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_Sizes = Sequence[int]


def conv(
    x: Array,
    weight: Array,
    strides: _Sizes,
    pad_type: str,
    pad: _Sizes,
    dilations: _Sizes,
    groups: int,
    bias: Array | None = None,
) -> Array:
    """A convolution; the weights are `[out, in / groups, ...]`."""
    kernel = weight.shape[2:]
    padded = _padded(x, kernel, strides, pad_type, pad, dilations, fill=0.0)
    sizes = _answered(padded, kernel, strides, dilations)
    answer = np.zeros((len(x), weight.shape[0], *sizes), x.dtype)
    for place, seen in _places(kernel, strides, dilations, sizes):
        filters = np.stack(np.split(weight[_last(place)], groups))
        answer += _by_group(filters, padded[_last(seen)])
    return answer if bias is None else answer + _of_channels(bias, answer)


def conv_transpose(
    x: Array,
    weight: Array,
    strides: _Sizes,
    pad_type: str,
    pad: _Sizes,
    dilations: _Sizes,
    groups: int,
    bias: Array | None = None,
    output_shape: _Sizes | None = None,
) -> Array:
    """What the gradient of a convolution is; the weights are `[in, out / groups, ...]`."""
    kernel, sizes = weight.shape[2:], x.shape[2:]
    full = [
        (n - 1) * s + r for n, s, r in zip(sizes, strides, _reach(kernel, dilations), strict=True)
    ]
    answer = np.zeros((len(x), weight.shape[1] * groups, *full), x.dtype)
    for place, reached in _places(kernel, strides, dilations, sizes):
        filters = np.stack(np.split(weight[_last(place)], groups)).swapaxes(1, 2)
        answer[_last(reached)] += _by_group(filters, x)
    answer = _cut(answer, _wanted(sizes, full, strides, pad_type, pad, output_shape), pad_type, pad)
    return answer if bias is None else answer + _of_channels(bias, answer)


def max_pool(x: Array, kernel_sizes: _Sizes, strides: _Sizes, pad_type: str, pad: _Sizes) -> Array:
    """The largest in each window."""
    once = [1] * len(kernel_sizes)
    padded = _padded(x, kernel_sizes, strides, pad_type, pad, once, fill=-math.inf)
    sizes = _answered(padded, kernel_sizes, strides, once)
    answer = np.full((*x.shape[:2], *sizes), -math.inf, x.dtype)
    for _, seen in _places(kernel_sizes, strides, once, sizes):
        np.maximum(answer, padded[_last(seen)], out=answer)
    return answer


def avg_pool(
    x: Array,
    kernel_sizes: _Sizes,
    strides: _Sizes,
    pad_type: str,
    pad: _Sizes,
    exclude_padding_from_average: bool,
) -> Array:
    """The mean of each window."""
    counted = np.ones((1, 1, *x.shape[2:]), x.dtype)
    total = _summed(x, kernel_sizes, strides, pad_type, pad)
    if exclude_padding_from_average:
        return total / _summed(counted, kernel_sizes, strides, pad_type, pad)
    return total / math.prod(kernel_sizes)


def batch_norm(
    x: Array,
    mean: Array,
    variance: Array,
    epsilon: float,
    gamma: Array | None = None,
    beta: Array | None = None,
) -> Array:
    """Each channel, with the mean and variance that training found."""
    scale = (1.0 if gamma is None else gamma) / np.sqrt(variance + epsilon)
    shift = (0.0 if beta is None else beta) - mean * scale
    return x * _of_channels(scale, x) + _of_channels(shift, x)


def instance_norm(
    x: Array, epsilon: float, gamma: Array | None = None, beta: Array | None = None
) -> Array:
    """Each channel of each example, with its own mean and variance."""
    space = tuple(range(2, x.ndim))
    mean, variance = x.mean(axis=space, keepdims=True), x.var(axis=space, keepdims=True)
    answer: Array = (x - mean) / np.sqrt(variance + epsilon)
    answer = answer if gamma is None else answer * _of_channels(gamma, x)
    return answer if beta is None else answer + _of_channels(beta, x)


def silu(x: Array) -> Array:
    """`x * sigmoid(x)`, also called swish."""
    with np.errstate(over="ignore"):
        return np.asarray(x / (1.0 + np.exp(-x)))


def upsample_nearest_neighbor(
    x: Array, scale_factor_height: float, scale_factor_width: float
) -> Array:
    """Every pixel so many times."""
    rows = np.floor(np.arange(int(x.shape[-2] * scale_factor_height)) / scale_factor_height)
    columns = np.floor(np.arange(int(x.shape[-1] * scale_factor_width)) / scale_factor_width)
    return x[..., rows.astype(int), :][..., columns.astype(int)]


def _reduction(function: Callable[..., Any]) -> Callable[..., Array]:
    """A NumPy function over some axes as an operation; all axes where none is named."""

    def reduce(x: Array, keep_dims: bool, axes: Array | None = None) -> Array:
        over = None if axes is None else tuple(int(axis) for axis in np.ravel(axes))
        return np.asarray(function(x, axis=over, keepdims=bool(keep_dims)))

    return reduce


def _log_sum_exp(x: Array, axis: tuple[int, ...] | None, *, keepdims: bool) -> Any:
    largest = x.max(axis=axis, keepdims=True)
    answer = largest + np.log(np.sum(np.exp(x - largest), axis=axis, keepdims=True))
    return answer if keepdims else np.squeeze(answer, axis)


_REDUCTIONS: dict[str, Callable[..., Any]] = {
    **{"max": np.max, "mean": np.mean, "min": np.min, "prod": np.prod, "sum": np.sum},
    "log_sum_exp": _log_sum_exp,
    "sum_square": lambda x, **over: np.sum(x * x, **over),
    "l2_norm": lambda x, **over: np.sqrt(np.sum(x * x, **over)),
}

OPERATIONS: dict[str, Callable[..., Array]] = {
    **{"conv": conv, "conv_transpose": conv_transpose, "max_pool": max_pool, "avg_pool": avg_pool},
    **{"batch_norm": batch_norm, "instance_norm": instance_norm, "silu": silu},
    "upsample_nearest_neighbor": upsample_nearest_neighbor,
    **{f"reduce_{name}": _reduction(function) for name, function in _REDUCTIONS.items()},
}
"""By their names in MIL; each is called with keywords and answers with one array."""


def _summed(x: Array, kernel_sizes: _Sizes, strides: _Sizes, pad_type: str, pad: _Sizes) -> Array:
    once = [1] * len(kernel_sizes)
    padded = _padded(x, kernel_sizes, strides, pad_type, pad, once, fill=0.0)
    sizes = _answered(padded, kernel_sizes, strides, once)
    answer = np.zeros((*x.shape[:2], *sizes), x.dtype)
    for _, seen in _places(kernel_sizes, strides, once, sizes):
        answer += padded[_last(seen)]
    return answer


def _reach(kernel: _Sizes, dilations: _Sizes) -> list[int]:
    """How far a kernel reaches in each dimension."""
    return [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]


def _places(
    kernel: _Sizes, strides: _Sizes, dilations: _Sizes, sizes: _Sizes
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Each place in a kernel, and what it meets in turn; `sizes`: how often it is laid on."""
    for place in np.ndindex(*kernel):
        steps = zip(place, strides, dilations, sizes, strict=True)
        yield place, tuple(slice(p * d, p * d + (n - 1) * s + 1, s) for p, s, d, n in steps)


def _last(indices: Iterable[int | slice]) -> Any:
    """What takes these of the last dimensions of an array."""
    return (..., *indices)


def _by_group(filters: Array, x: Array) -> Array:
    """Weights `[groups, out, in]` times an array `[batch, groups * in, ...]`."""
    groups, out, into = filters.shape
    answer = filters @ x.reshape(len(x), groups, into, -1)
    return answer.reshape(len(x), groups * out, *x.shape[2:])


def _padded(
    x: Array,
    kernel: _Sizes,
    strides: _Sizes,
    pad_type: str,
    pad: _Sizes,
    dilations: _Sizes,
    *,
    fill: float,
) -> Array:
    edges = [(0, 0)] * len(kernel)
    if pad_type == "custom":
        edges = [(pad[2 * i], pad[2 * i + 1]) for i in range(len(kernel))]
    elif pad_type != "valid":
        reach = _reach(kernel, dilations)
        rows = zip(x.shape[2:], strides, reach, strict=True)
        totals = [max((math.ceil(n / s) - 1) * s + r - n, 0) for n, s, r in rows]
        edges = [(total // 2, total - total // 2) for total in totals]
        edges = [edge[::-1] for edge in edges] if pad_type == "same_lower" else edges
    return np.pad(x, [(0, 0), (0, 0), *edges], constant_values=fill)


def _answered(padded: Array, kernel: _Sizes, strides: _Sizes, dilations: _Sizes) -> list[int]:
    """The sizes of an answer in space."""
    rows = zip(padded.shape[2:], _reach(kernel, dilations), strides, strict=True)
    return [(n - r) // s + 1 for n, r, s in rows]


def _wanted(
    sizes: _Sizes,
    full: _Sizes,
    strides: _Sizes,
    pad_type: str,
    pad: _Sizes,
    output_shape: _Sizes | None,
) -> list[int]:
    """The sizes of the answer of a transposed convolution in space."""
    if output_shape is not None:
        return [int(n) for n in output_shape[2:]]
    if pad_type == "same":
        return [n * s for n, s in zip(sizes, strides, strict=True)]
    if pad_type == "custom":
        return [n - pad[2 * i] - pad[2 * i + 1] for i, n in enumerate(full)]
    return list(full)


def _cut(full: Array, sizes: _Sizes, pad_type: str, pad: _Sizes) -> Array:
    """Takes away the edges; what is lacking at the end is 0."""
    answer = np.zeros((*full.shape[:2], *sizes), full.dtype)
    over = [max(n - size, 0) for n, size in zip(full.shape[2:], sizes, strict=True)]
    before = [pad[2 * i] if pad_type == "custom" else n // 2 for i, n in enumerate(over)]
    taken = full[_last(slice(b, b + n) for b, n in zip(before, sizes, strict=True))]
    answer[tuple(slice(n) for n in taken.shape)] = taken
    return answer


def _of_channels(values: Any, x: Array) -> Array:
    return np.reshape(values, (1, -1, *[1] * (x.ndim - 2)))
