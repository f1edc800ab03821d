"""The `bursar` command: a table of subcommands, each imported only when it is needed.

A command module imports only light modules at its top (`--help` shows every command and so imports them all);
servers, web frameworks and databases are imported inside the functions that use them.
"""

from __future__ import annotations

import importlib

import rich_click as click

COMMANDS = {
    "up": "cli.up",
    "down": "cli.down",
    "status": "cli.status",
    "doctor": "cli.doctor",
    "serve": "cli.serve",
    "migrate": "cli.migrate",
    "token": "cli.token",
    "verify": "cli.verify",
    "audit": "cli.audit",
    "vault": "cli.vault",
    "rebuild": "cli.rebuild",
    "projections": "cli.projections",
    "risk": "cli.risk",
    "reactors": "cli.reactors",
    "reports": "cli.reports",
    "import": "cli.import_",
    "catalog": "cli.catalog",
    "sql": "cli.sql",
    "demo": "cli.demo.verb",
    "simulate": "cli.simulators.verb",
    "identity": "cli.identity.verb",
    "test": "cli.test",
    "lint": "cli.lint",
    "bench": "cli.bench",
}


class LazyGroup(click.RichGroup):
    """A group that finds its commands in `COMMANDS`: each module has its click command as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table, which is the order of a first day with Bursar."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def bursar() -> None:
    """Bursar, a payments backend built around a ledger.

    `bursar up` starts everything on this machine; `bursar COMMAND --help` explains a command.
    """
