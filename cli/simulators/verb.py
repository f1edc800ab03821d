"""`bursar simulate`: run a counterparty that is not there, in the foreground, until Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from cli.options import DATA_DIR_DEFAULT, F, Failure
from cli.simulators.misbehaviour import PROFILES

if TYPE_CHECKING:
    from cli.simulators.running import Parts, Running, Simulation

SECRET_ENVIRONMENT = "BURSAR_SIMULATOR_WEBHOOK_SECRET"


@click.group(name="simulate")
def command() -> None:
    """Run a simulated bank or card processor that misbehaves by plan.

    Messages it sends by itself are signed (Standard Webhooks) with the secret in the environment variable
    BURSAR_SIMULATOR_WEBHOOK_SECRET, or else with one that it makes and keeps in webhook.secret in its folder.
    """


def simulation_options(name: str) -> Callable[[F], F]:
    """Add what both counterparties are told."""

    def add(function: F) -> F:
        for option in (
            click.option("--delay-ms", type=click.IntRange(0, 60_000), default=0, help="Own delay of every answer."),
            click.option("--late-s", type=click.FloatRange(0, 120), default=12.0, show_default=True,
                         help="How late an answer is that comes too late."),
            click.option("--pending-s", type=click.FloatRange(0, 3600), default=1.0, show_default=True,
                         help="How long an undecided instruction waits."),
            click.option("--callback-url", help="Where its own messages go. Without it they are kept and not sent."),
            click.option("--misbehave", "profile", type=click.Choice(list(PROFILES)), default="none", show_default=True,
                         metavar="PROFILE", help="none, demo (a few percent), hostile (a third), or always-KIND."),
            click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
                         help="The same seed treats the same instructions in the same way."),
            click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path),
                         default=DATA_DIR_DEFAULT / "simulators" / name, help="Folder of its books."),
            click.option("--port", type=click.IntRange(0, 65_535), required=True, help="0 chooses a free one."),
        ):  # fmt: skip
            function = option(function)
        return function

    return add


@command.command(name="bank")
@simulation_options("bank")
@click.option("--time-limit-s", type=click.FloatRange(0.1, 600), default=10.0, show_default=True,
              help="Instructions older than this and a margin are refused (AB06).")  # fmt: skip
@click.option("--margin-s", type=click.FloatRange(0, 60), default=1.0, show_default=True, help="The margin.")
@click.option("--files-dir", type=click.Path(file_okay=False, path_type=Path),
              help="Folder of the rail file: bulk files are taken from outbox/, and answered in answers/.")  # fmt: skip
def bank_command(
    port: int, data_dir: Path, time_limit_s: float, margin_s: float, files_dir: Path | None, **given: object
) -> None:
    """Run a bank for credit transfers: pacs.008, pacs.028, bulk files; camt.053 and an audit page."""
    from cli.simulators.running import Simulation, bank_parts

    simulation = Simulation(kind="bank", port=port, data_dir=data_dir, **given)  # type: ignore[arg-type]
    _run(
        simulation,
        lambda running: bank_parts(running, time_limit_s=time_limit_s, margin_s=margin_s, files_dir=files_dir),
    )


@command.command(name="cards")
@simulation_options("cards")
def cards_command(port: int, data_dir: Path, **given: object) -> None:
    """Run a card processor: charges and payouts in JSON, signed webhooks, a settlement report and an audit page."""
    from cli.simulators.running import Simulation, card_parts

    simulation = Simulation(kind="cards", port=port, data_dir=data_dir, **given)  # type: ignore[arg-type]
    _run(simulation, card_parts)


def _run(simulation: Simulation, parts: Callable[[Running], Parts]) -> None:
    import uvloop

    from cli.simulators.running import run
    from runtime.server import CannotServe
    from runtime.webhooks import SecretMalformed

    try:
        raise SystemExit(uvloop.run(run(simulation, parts, secret=os.environ.get(SECRET_ENVIRONMENT))))
    except (CannotServe, SecretMalformed, OSError) as error:
        raise Failure(f"the simulation cannot start: {error}") from error
