"""`bursar serve <process>`: run one process in the foreground, as containers and the local stack do."""

from __future__ import annotations

import importlib
import os
from typing import Any

import rich_click as click

from cli.options import Failure

# "module:function"; the coroutine function takes the module's `Settings` and returns the exit code.
PROCESSES = {
    "command-api": "command_api.app:serve",
    "relay": "ledger.relay.run:serve",
    "projectors": "projectors.run:run",
    "reactors": "projectors.reactors.run:run",
    "timers": "projectors.timers.run:run",
    "query-api": "query_api.app:serve",
}


def prefix_of(process: str) -> str:
    """Return the prefix of a process's settings: `COMMAND_API_` for `command-api`."""
    return process.upper().replace("-", "_") + "_"


@click.command(name="serve")
@click.argument("process", type=click.Choice(list(PROCESSES)))
@click.option("--settings", "list_settings", is_flag=True, help="List the settings of the process instead.")
def command(process: str, list_settings: bool) -> None:
    """Run one process until SIGTERM or Ctrl-C.

    Settings come from the environment under the prefix of the process (COMMAND_API_, RELAY_, PROJECTORS_, REACTORS_,
    TIMERS_, QUERY_API_), or from the TOML file that <PREFIX>SETTINGS_FILE names. An unknown setting stops the start.
    """
    from runtime.settings import SettingsError, load_settings

    name, _, function = PROCESSES[process].partition(":")
    module = importlib.import_module(name)
    if list_settings:
        _print_settings(module.Settings, prefix_of(process))
        return
    try:
        settings = load_settings(module.Settings, os.environ, prefix=prefix_of(process))
    except SettingsError as error:
        raise Failure(str(error)) from error

    import uvloop

    raise SystemExit(uvloop.run(getattr(module, function)(settings)))


def _print_settings(kind: Any, prefix: str) -> None:
    from runtime.settings import describe_settings

    for line in describe_settings(kind, prefix):
        default = line.default if line.default == "required" else f"default {line.default!r}"
        click.echo(f"{line.env_name}  ({line.type}, {default})")
        if line.doc:
            click.echo(f"    {line.doc}")
