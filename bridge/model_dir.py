"""Which folder an Estimator works in."""

import logging
import os
import tempfile

from kerasrun.bridge.run_config import RunConfig

_LOGGER = logging.getLogger("tensorflow")


def config_with_model_dir(
    config: RunConfig | None, model_dir: str | os.PathLike[str] | None
) -> tuple[str, RunConfig]:
    """Returns the folder and the config that names it.

    Args:
        config: None: the defaults.
        model_dir: None or empty: the config's; if that is None too, a new temporary folder.

    Raises:
        ValueError: Both name a folder, and not the same; or `config` is no RunConfig.
    """
    config = RunConfig() if config is None else config
    if not isinstance(config, RunConfig):
        raise ValueError(f"config must be a RunConfig; received {config!r}.")
    chosen = os.fspath(model_dir) if model_dir else None
    if chosen and config.model_dir and chosen != config.model_dir:
        raise ValueError(
            f"model_dir is {chosen!r} but config.model_dir is {config.model_dir!r}; give one, or "
            "the same twice."
        )
    chosen = chosen or config.model_dir
    if not chosen:
        chosen = tempfile.mkdtemp()
        _LOGGER.warning("Using temporary folder as model directory: %s", chosen)
    return chosen, config.replace(model_dir=chosen)
