"""The variables of the environment that change what a training computes.

Only those of a list: an environment holds passwords, too.
"""

import os
from collections.abc import Mapping

_PREFIXES = ("TF_", "XLA_", "CUDA_", "NVIDIA_", "KERAS_", "OMP_", "MKL_", "OPENBLAS_", "KMP_")
_NAMES = ("PYTHONHASHSEED", "PYTHONPATH", "LD_LIBRARY_PATH", "SLURM_JOB_ID")
_NEVER = ("TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "KEY")


def kept_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Those that are kept in `run.json`, by name.

    >>> kept_environment({"TF_DETERMINISTIC_OPS": "1", "HOME": "/root", "KERAS_API_KEY": "x"})
    {'TF_DETERMINISTIC_OPS': '1'}
    """
    return {
        name: environ[name]
        for name in sorted(environ)
        if (name.startswith(_PREFIXES) or name in _NAMES)
        and not any(word in name for word in _NEVER)
    }
