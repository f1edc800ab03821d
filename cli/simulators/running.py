"""The process of a simulated counterparty: books, callbacks, HTTP, and its end on SIGTERM."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from cli.simulators.bank import Bank
from cli.simulators.bank_books import BankBooks, BankTerms
from cli.simulators.bank_files import BankFiles
from cli.simulators.bank_recalls import BankRecalls
from cli.simulators.books import Books
from cli.simulators.callbacks import Callbacks, CallbackSettings
from cli.simulators.card_books import CardBooks, CardTerms
from cli.simulators.card_processor import CardProcessor
from cli.simulators.misbehaviour import SECRET_FILE
from cli.simulators.spoiling import Pace
from runtime.clock import Clock, SystemClock
from runtime.health import Health
from runtime.http.asgi import ASGIApp
from runtime.logs import configure_logging
from runtime.metrics import create_registry
from runtime.server import ops_app, serve_http
from runtime.shutdown import Shutdown, supervise
from runtime.webhooks import SECRET_PREFIX, check_secret

LOOPBACK: Final = "127.0.0.1"

SECRET_BYTES: Final = 32


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What a counterparty is told on the command line."""

    kind: str
    port: int
    data_dir: Path
    seed: int
    profile: str
    callback_url: str | None
    delay_ms: int
    late_s: float
    pending_s: float


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """What the parts of a counterparty share."""

    simulation: Simulation
    books: Books
    callbacks: Callbacks
    clock: Clock
    stop: asyncio.Event

    @property
    def pace(self) -> Pace:
        """How fast it is."""
        return Pace(delay_ms=self.simulation.delay_ms, late_s=self.simulation.late_s)


Parts = tuple[ASGIApp, Mapping[str, Coroutine[Any, Any, None]]]


def bank_parts(running: Running, *, time_limit_s: float, margin_s: float, files_dir: Path | None = None) -> Parts:
    """Return the bank's application and its tasks."""
    given = running.simulation
    terms = BankTerms(
        seed=given.seed,
        profile=given.profile,
        time_limit_s=time_limit_s,
        margin_s=margin_s,
        pending_s=given.pending_s,
    )
    books = BankBooks(running.books, running.callbacks, terms)
    recalls = BankRecalls(running.books, books, running.callbacks, terms)
    bank = Bank(books, recalls, terms, running.pace, clock=running.clock, stop=running.stop)
    tasks = {"settle": bank.settle_later()}
    if files_dir is not None:
        files = BankFiles(books, terms, files_dir, late_s=given.late_s, clock=running.clock)
        tasks["files"] = files.watch(running.stop)
    return bank, tasks


def card_parts(running: Running) -> Parts:
    """Return the card processor's application and its tasks."""
    given = running.simulation
    terms = CardTerms(seed=given.seed, profile=given.profile, pending_s=given.pending_s, late_s=given.late_s)
    books = CardBooks(running.books, running.callbacks, terms)
    processor = CardProcessor(books, terms, running.pace, clock=running.clock, stop=running.stop)
    return processor, {"decide": processor.decide_later()}


async def run(simulation: Simulation, parts: Callable[[Running], Parts], *, secret: str | None) -> int:
    """Run until SIGTERM; return the exit status. Raises server.CannotServe, webhooks.SecretMalformed."""
    configure_logging("simulator", "info")
    shutdown, clock, stop = Shutdown(), SystemClock(), asyncio.Event()
    shutdown.listen()
    signing = check_secret(secret) if secret is not None else secret_in(simulation.data_dir)
    books = Books(simulation.data_dir / f"{simulation.kind}.sqlite", "callbacks", simulation.kind)
    settings = CallbackSettings(
        url=simulation.callback_url, secret=signing, seed=simulation.seed, profile=simulation.profile
    )
    callbacks = Callbacks(books, settings, clock)
    running = Running(simulation=simulation, books=books, callbacks=callbacks, clock=clock, stop=stop)
    app, tasks = parts(running)

    async def announce() -> None:
        await shutdown.wait()
        stop.set()

    try:
        served = ops_app(Health(), create_registry(), app=app)
        return await supervise(
            {
                "http": serve_http(served, host=LOOPBACK, port=simulation.port, shutdown=shutdown),
                "callbacks": callbacks.deliver(stop),
                "stop": announce(),
                **tasks,
            },
            shutdown,
        )
    finally:
        books.close()


def secret_in(folder: Path) -> str:
    """Return the webhook secret kept in a folder, made when it is not there yet. Raises webhooks.SecretMalformed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / SECRET_FILE
    if not path.exists():
        made = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(made)
    return check_secret(path.read_text("ascii").strip())
