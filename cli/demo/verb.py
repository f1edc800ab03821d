"""`bursar demo`: seed a small fintech and keep gentle traffic going, beside `up` or on a stack started without it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

import rich_click as click

from cli.connection import local_apis, token_in
from cli.options import F, Failure, data_dir_option

if TYPE_CHECKING:
    from cli.client import BursarClient, TokenSource

SEED_BITS = 48
RATE_PER_S_MAX = 100.0
STACK_WAIT_S = 300.0  # how long a demo without an answer waits for its stack before it gives up


@click.group(name="demo")
def command() -> None:
    """Seed a small fintech, and keep gentle traffic going."""


def connection_options(function: F) -> F:
    """Add what says which command API to talk to."""
    function = data_dir_option(function)
    function = click.option("--token-file", type=click.Path(path_type=Path), help="File with a token for it.")(function)
    return click.option("--url", help="Address of a command API other than the local stack's.")(function)


@command.command(name="seed")
@connection_options
def seed_command(url: str | None, token_file: Path | None, data_dir: Path) -> None:
    """Open the demo's accounts and book their opening money. A second time nothing is added."""
    asyncio.run(_seed_only(*_connection(url, token_file, data_dir)))


@command.command(name="run")
@connection_options
@click.option("--seed", type=click.IntRange(min=0), help="The same seed makes the same traffic. Default: random.")
@click.option(
    "--rate", type=click.FloatRange(0.1, RATE_PER_S_MAX), default=5.0, show_default=True, help="Wishes per s."
)
@click.option("--wishes", type=click.IntRange(min=1), help="Stop after this many. Default: run until stopped.")
def run_command(
    url: str | None, token_file: Path | None, data_dir: Path, seed: int | None, rate: float, wishes: int | None
) -> None:
    """Seed, then keep traffic going until Ctrl-C. Restarts of the stack only delay it."""
    from runtime.logs import configure_logging

    configure_logging("demo", "info")
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it would log every request
    address, tokens = _connection(url, token_file, data_dir)
    chosen = seed if seed is not None else SystemRandom().getrandbits(SEED_BITS)
    asyncio.run(_run(address, tokens, seed=chosen, rate_per_s=rate, wishes_max=wishes))


def _connection(url: str | None, token_file: Path | None, data_dir: Path) -> tuple[str, TokenSource]:
    if url is not None and token_file is not None:
        return url, token_in(token_file)
    if url is not None or token_file is not None:
        raise Failure("--url and --token-file belong together: give both or none")
    apis = local_apis(data_dir, subject="demo")
    return apis.commands_url, apis.token


async def _seed_only(url: str, token: TokenSource) -> None:
    from cli.client import open_client

    async with open_client(url, token) as commands:
        await _seed(commands)


async def _seed(commands: BursarClient) -> None:
    from cli.client import ApiRefused, Unreachable
    from cli.demo.seed import SeedRefused, seed

    try:
        seeded = await seed(commands)
    except (SeedRefused, ApiRefused, Unreachable) as error:
        raise Failure(f"the demo could not be seeded: {error}") from error
    click.echo(f"seeded: {seeded.added} commands new, {seeded.replayed} in the book already", err=True)


async def _run(url: str, token: TokenSource, *, seed: int, rate_per_s: float, wishes_max: int | None) -> None:
    from cli.client import open_client
    from cli.demo.traffic import Traffic, run_traffic
    from runtime.clock import SystemClock
    from runtime.shutdown import Shutdown

    shutdown = Shutdown()
    shutdown.listen()
    async with open_client(url, token, retry_for_s=STACK_WAIT_S) as commands:
        await _seed(commands)
        traffic = Traffic(commands, seed=seed, clock=SystemClock())
        await run_traffic(traffic, shutdown, rate_per_s=rate_per_s, wishes_max=wishes_max)
    click.echo(f"made {traffic.wishes} wishes with seed {seed}", err=True)
