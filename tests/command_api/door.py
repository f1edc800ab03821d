"""A command API in a process of its own, and what tests send to it.

async with open_door(servers, dsn_of, folder, commands_waiting_max=2) as door:
    answer = await door.post("/v1/accounts", {...})
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import msgspec

from cli.devstack.http_probe import http_get
from cli.devstack.ports import choose_ports
from cli.options import CHECKOUT, child_environment
from contracts.envelope import HASH_OF_NOTHING, chain
from contracts.payment_codes import SCA_ACR
from runtime.auth import DevIssuer
from runtime.vault import new_ring, write_ring

DsnOf = Callable[[str], str]
SCOPES = (
    "accounts:write",
    "customers:erase",
    "customers:review",
    "customers:write",
    "deadlines:write",
    "fx:write",
    "holds:write",
    "payments:execute",
    "payments:operate",
    "payments:review",
    "payments:write",
    "periods:write",
    "settlements:operate",
    "transfers:write",
    "webhooks:write",
    "reconciliation:write",
    "statements:write",
    "write_offs:approve",
)
READY_WITHIN_S = 30.0
ANSWER_WITHIN_S = 40.0
STOPPED_WITHIN_S = 25.0
POLL_S = 0.05

_keys = itertools.count(1)


class Door:
    """One running command API and the book behind it."""

    def __init__(self, *, url: str, process: Process, log: Path, issuer: DevIssuer, dsn_of: DsnOf) -> None:
        self.url = url
        self.log = log
        self.process = process
        self.dsn_of = dsn_of
        self._issuer = issuer
        self.client = httpx2.AsyncClient(
            base_url=url,
            trust_env=False,
            timeout=ANSWER_WITHIN_S,
            limits=httpx2.Limits(max_connections=100),
            headers={"authorization": f"Bearer {self.token(acr=SCA_ACR)}"},
        )

    def token(
        self,
        scopes: Iterable[str] = SCOPES,
        *,
        subject: str = "clerk",
        tenant: str = "acme",
        ledgers: Iterable[str] = ("main",),
        acr: str | None = None,
        authenticated_s_ago: int = 0,
    ) -> str:
        """Issue a token; by default one that may do everything but what needs strong authentication."""
        auth_time_s = int(time.time()) - authenticated_s_ago
        return self._issuer.issue(subject, tenant, scopes, ledgers, 600, acr=acr, auth_time_s=auth_time_s)

    async def post(
        self,
        path: str,
        body: object,
        *,
        key: str | None = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """Send a command under a key, by default a new one. Bytes are sent as they are, anything else as JSON."""
        sent = {"content-type": "application/json", "idempotency-key": key or new_key(), **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await self.client.post(path, content=content, headers=sent)

    async def accepted(self, path: str, body: object, **options: Any) -> dict[str, Any]:
        """Send a command that must be accepted; gives its event."""
        answer = await self.post(path, body, **options)
        assert answer.status_code == 201, answer.text
        event: dict[str, Any] = msgspec.json.decode(answer.content)
        return event

    async def open_accounts(self, *account_ids: str, currency: str = "EUR", **terms: object) -> None:
        """Open accounts of type liability that may be overdrawn, unless `terms` say otherwise."""
        for account_id in account_ids:
            await self.accepted(
                "/v1/accounts",
                {
                    "account_id": account_id,
                    "currency": currency,
                    "account_type": "liability",
                    "overdraft": "unlimited",
                    **terms,
                },
            )

    async def events(self) -> list[bytes]:
        """Read every event's exact bytes from the book; the positions have no holes and the hash chain holds."""
        connection = await asyncpg.connect(self.dsn_of("bursar_reader"))
        try:
            rows = await connection.fetch("SELECT position, event, hash FROM events ORDER BY position")
        finally:
            await connection.close()
        previous = HASH_OF_NOTHING
        for expected, row in enumerate(rows, start=1):
            previous = chain(previous, row["event"].encode())
            assert (row["position"], bytes(row["hash"])) == (expected, previous)
        return [row["event"].encode() for row in rows]

    async def events_of_keys(self, *keys: str) -> list[dict[str, Any]]:
        """Read the events that these keys caused, in order."""
        return [event for event in map(msgspec.json.decode, await self.events()) if event["key"] in keys]

    async def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOPPED_WITHIN_S):
                return await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            raise


def new_key() -> str:
    """A key nobody used yet."""
    return f"test-{next(_keys)}"


def move(debit: str, credit: str, amount_minor: int = 1, *, currency: str = "EUR", **more: object) -> dict[str, Any]:
    """Body of a transfer of two postings."""
    sides = (("debit", debit), ("credit", credit))
    postings = [
        {"account_id": account_id, "side": side, "amount_minor": amount_minor, "currency": currency}
        for side, account_id in sides
    ]
    return {"postings": postings, **more}


def item(command_type: str, body: Mapping[str, Any], *, key: str | None = None) -> dict[str, Any]:
    """One command of a batch."""
    return {"idempotency_key": key or new_key(), "command": {"type": command_type, **body}}


def problem_in(answer: httpx2.Response, *, status: int, code: str | None = None) -> dict[str, Any]:
    """Give the problem of a refusal after checking that it has the shape every client relies on."""
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = msgspec.json.decode(answer.content)
    assert {"type", "title", "status", "code", "detail", "retryable"} <= problem.keys()
    assert problem["status"] == status
    assert problem["type"] == f"urn:bursar:problem:{problem['code']}"
    assert problem["detail"]
    assert answer.headers["trace-id"]
    assert problem.get("trace_id", answer.headers["trace-id"]) == answer.headers["trace-id"]
    for error in problem.get("errors", ()):
        assert error.keys() == {"pointer", "code", "detail"}
        assert error["pointer"] == "" or error["pointer"].startswith("/")
    if code is not None:
        assert problem["code"] == code, problem
    return problem


@asynccontextmanager
async def open_door(dsn_of: DsnOf, folder: Path, *, nats_url: str, **settings: object) -> AsyncIterator[Door]:
    """Start `bursar serve command-api` on a free port; `settings` are its further settings by name, None: not set."""
    folder.mkdir(parents=True, exist_ok=True)
    issuer = DevIssuer(folder)
    ring_file = folder / "vault-keys.json"
    if not ring_file.exists():
        write_ring(ring_file, new_ring("k1"))
    port = choose_ports(["command-api"], {}, data_dir=folder)["command-api"]
    given = {
        "environment": "development",
        "database_url": dsn_of("bursar_writer"),
        "nats_url": nats_url,
        "jwks_file": issuer.jwks_file,
        "token_issuer": issuer.issuer,
        "token_audience": issuer.audience,
        "vault_keys_file": ring_file,
        "port": port,
        **settings,
    }
    chosen = {f"COMMAND_API_{name.upper()}": str(value) for name, value in given.items() if value is not None}
    environment = child_environment() | chosen
    log = folder / "command-api.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "cli", "serve", "command-api"),
            cwd=CHECKOUT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    door = Door(url=f"http://127.0.0.1:{port}", process=process, log=log, issuer=issuer, dsn_of=dsn_of)
    try:
        await _until_ready(door)
        async with door.client:
            yield door
    finally:
        if process.returncode is None:
            await door.stop()


async def _until_ready(door: Door) -> None:
    async with asyncio.timeout(READY_WITHIN_S):
        while True:  # ends when the process is ready or gone, or at the timeout
            assert door.process.returncode is None, door.log.read_text(errors="replace")[-2000:]
            with contextlib.suppress(OSError):
                status, _ = await http_get(f"{door.url}/health/ready")
                if status == 200:
                    return
            await asyncio.sleep(POLL_S)
