"""How wide an embedding should be."""

import math


def embedding_dimension(num_buckets: int) -> int:
    """The rule of thumb for the dimension of an embedding: the fourth root of its categories.

    See "Introducing TensorFlow Feature Columns", Google Developers Blog, 2017.

    Args:
        num_buckets: How many categories there are, at least 1; `num_buckets` of a column.

    Returns:
        `num_buckets ** 0.25`, to the nearest whole number: 3 for 81, 32 for a million.

    Raises:
        ValueError: `num_buckets` is less than 1.
    """
    if num_buckets < 1:
        raise ValueError(f"num_buckets must be at least 1; received {num_buckets!r}.")
    return round(math.pow(num_buckets, 0.25))
