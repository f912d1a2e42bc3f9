"""Config files become defaults of the command's options."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasrun.runs.config import Setting


def default_map(group: Any, settings: "Sequence[Setting]") -> dict[str, dict[str, Any]]:
    """What the `default_map` of typer's context is to be.

    Args:
        group: The command, with its subcommands.
        settings: What the config files say.

    Raises:
        UsageError: They name a command or an option that does not exist.
    """
    found: dict[str, dict[str, Any]] = {}
    for setting in settings:
        if (setting.command, setting.option) == ("", "root"):
            continue  # the environment is stronger: see kerasrun.runs.root
        for command in _commands(group, setting):
            parameter = _parameter(group.commands[command], setting)
            if parameter is not None and parameter.name:
                found.setdefault(command, {}).setdefault(parameter.name, setting.value)
    return found


def _commands(group: Any, setting: "Setting") -> list[str]:
    from kerasrun.runs.errors import UsageError, did_you_mean

    if setting.command in group.commands:
        return [setting.command]
    if setting.command:
        near = did_you_mean(setting.command, group.commands)
        raise UsageError(f"{setting.origin}: there is no command {setting.command!r}.{near}")
    having = [name for name, one in group.commands.items() if _option(one, setting.option)]
    if not having:
        every = {name for one in group.commands.values() for name in _names(one)}
        near = did_you_mean(setting.option, every)
        raise UsageError(f"{setting.origin}: no command has an option {setting.option!r}.{near}")
    return having


def _parameter(command: Any, setting: "Setting") -> Any:
    from kerasrun.runs.errors import UsageError, did_you_mean

    found = _option(command, setting.option)
    if found is None:
        near = did_you_mean(setting.option, _names(command))
        raise UsageError(
            f"{setting.origin}: `mlrun {setting.command}` has no option {setting.option!r}.{near}"
        )
    return found


def _option(command: Any, name: str) -> Any:
    return _names(command).get(name)


def _names(command: Any) -> dict[str, Any]:
    """The options by their long names, with underscores."""
    return {
        text.removeprefix("--").replace("-", "_"): parameter
        for parameter in command.params
        for text in parameter.opts
        if text.startswith("--") and text != "--help"
    }
