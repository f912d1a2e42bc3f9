"""`mlrun config`: the defaults that hold here, and where they come from."""

from typing import Annotated, Any

import typer

from kerasrun.cli.options import Json


def config(
    origin: Annotated[
        bool, typer.Option("--origin", help="Also say where each comes from.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the defaults that config files and the environment set, and where runs live."""
    from kerasrun.cli.errors import readable_errors
    from kerasrun.cli.json_shape import SCHEMA, to_text

    with readable_errors():
        found = _settings()
        if json:
            print(to_text({"schema": SCHEMA, "settings": found}))
            return
        width = max(len(one["name"]) for one in found)
        for one in found:
            where = f"   ({one['origin']})" if origin else ""
            print(f"{one['name']:<{width}}  {one['value']}{where}")


def _settings() -> list[dict[str, Any]]:
    import os

    from kerasrun.runs.config import config_settings
    from kerasrun.runs.root import ROOT_VARIABLE, runs_root

    configured = config_settings()
    in_file = [str(one.origin) for one in configured if (one.command, one.option) == ("", "root")]
    by_variable = ROOT_VARIABLE if os.environ.get(ROOT_VARIABLE) else None
    root = {
        "name": "root",
        "value": str(runs_root()),
        "origin": by_variable or next(iter(in_file), "default"),
    }
    others = [
        {
            "name": f"{one.command}.{one.option}" if one.command else one.option,
            "value": one.value,
            "origin": str(one.origin),
        }
        for one in configured
        if (one.command, one.option) != ("", "root")
    ]
    return [root, *others]
