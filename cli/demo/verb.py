"""`bursar demo`: seed a small fintech and keep gentle traffic going, beside `up` or on a stack started without it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

import rich_click as click

from cli.options import Failure, data_dir_option

if TYPE_CHECKING:
    from cli.demo.people import People
    from cli.devstack.state import DataDir

SEED_BITS = 48
RATE_PER_S_MAX = 100.0
STACK_WAIT_S = 300.0  # how long a demo without an answer waits for its stack before it gives up
BANK = "bank"


@click.group(name="demo")
def command() -> None:
    """Seed a small fintech, and keep gentle traffic going."""


@command.command(name="seed")
@data_dir_option
def seed_command(data_dir: Path) -> None:
    """Verify the demo's customers, open accounts, define terms, book opening money. A second time nothing is added."""
    asyncio.run(_seed_only(data_dir))


@command.command(name="run")
@data_dir_option
@click.option("--seed", type=click.IntRange(min=0), help="The same seed makes the same wishes. Default: random.")
@click.option(
    "--rate", type=click.FloatRange(0.1, RATE_PER_S_MAX), default=5.0, show_default=True, help="Wishes per s."
)
@click.option("--wishes", type=click.IntRange(min=1), help="Stop after this many. Default: run until stopped.")
def run_command(data_dir: Path, seed: int | None, rate: float, wishes: int | None) -> None:
    """Seed, then keep traffic going until Ctrl-C. Restarts of the stack only delay it.

    Payments that leave the ledger are made where the simulated bank and card processor run, as with `bursar up`.
    """
    from runtime.logs import configure_logging

    configure_logging("demo", "info")
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it would log every request
    chosen = seed if seed is not None else SystemRandom().getrandbits(SEED_BITS)
    asyncio.run(_run(data_dir, seed=chosen, rate_per_s=rate, wishes_max=wishes))


def _stack(data_dir: Path) -> tuple[DataDir, dict[str, str]]:
    """Return the folder and the addresses of a running stack. Raises Failure when none runs there."""
    from cli.connection import local_apis
    from cli.devstack.state import DataDir

    local_apis(data_dir, subject="demo")
    data = DataDir(data_dir)
    return data, data.read_state().addresses


async def _seed_only(data_dir: Path) -> None:
    from cli.demo.people import speaking

    data, addresses = _stack(data_dir)
    async with speaking(addresses["command_api"], data) as people:
        await _seed(people)


async def _seed(people: People) -> None:
    from cli.client import ApiRefused, Unreachable
    from cli.demo.seed import SeedRefused, seed

    try:
        seeded = await seed(people)
    except (SeedRefused, ApiRefused, Unreachable) as error:
        raise Failure(f"the demo could not be seeded: {error}") from error
    click.echo(f"seeded: {seeded.added} commands new, {seeded.replayed} in the book already", err=True)


async def _run(data_dir: Path, *, seed: int, rate_per_s: float, wishes_max: int | None) -> None:
    from cli.client import open_client
    from cli.demo.chores import Banker, Operator
    from cli.demo.people import OLGA, speaking
    from cli.demo.traffic import Traffic, run_traffic
    from runtime.shutdown import Shutdown

    shutdown = Shutdown()
    shutdown.listen()
    data, addresses = _stack(data_dir)
    async with speaking(addresses["command_api"], data, retry_for_s=STACK_WAIT_S) as people:
        await _seed(people)
        traffic = Traffic(people, seed=seed, has_rails=BANK in addresses)
        async with open_client(addresses["query_api"], people.token_of(OLGA), retry_for_s=STACK_WAIT_S) as queries:
            chores = (Banker(data.bank_files, clock=people.clock), Operator(traffic.sender, queries))
            await run_traffic(traffic, shutdown, rate_per_s=rate_per_s, wishes_max=wishes_max, chores=chores)
    click.echo(f"made {traffic.wishes} wishes with seed {seed}", err=True)
