"""What the pages show: a whole stack with the demo's business and payments of every kind, and amounts at the edges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx2

from cli.demo.payments import PLOTS, Payments
from cli.demo.people import speaking
from cli.demo.seed import seed
from cli.demo.sending import Sender
from cli.devstack import BURSAR_PROCESSES, DevStack
from cli.devstack.processes import IDENTITY, SIMULATORS
from tests.command_api.door import new_key

ERRANDS_UNTIL: Final = 400  # wishes; later than any errand
ANSWER_WITHIN_S: Final = 30.0
ASKED_WITHIN_S: Final = 120.0
ENDED_WITHIN_S: Final = 90.0
POLL_S: Final = 0.3
HUGE_MINOR: Final = 2**53 + 1  # the first integer that a double does not hold
KWD_MINOR: Final = 1_234_567


class Stage:
    """A running stack as the dashboard's user and as a program see it."""

    def __init__(self, stack: DevStack) -> None:
        self.stack = stack
        self.address = stack.url("query-api")
        self.token = stack.token()
        self._headers = {"authorization": f"Bearer {self.token}"}

    def token_with(self, *scopes: str) -> str:
        """Return a token of somebody who may do less."""
        return self.stack.token(scopes=scopes)

    async def ask(self, path: str, **parameters: str) -> dict[str, Any]:
        """Ask the query API what a page should show; again when it is too busy to say. ``path``: below /v1/."""
        async with self._client(self.address) as client, asyncio.timeout(ASKED_WITHIN_S):
            answer = await client.get(f"/v1/{path}", params=parameters)
            while answer.status_code == 503:  # as the pages do
                await asyncio.sleep(POLL_S)
                answer = await client.get(f"/v1/{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def ask_sql(self, sql: str) -> dict[str, Any]:
        """Ask a question in SQL."""
        async with self._client(self.address) as client:
            answer = await client.post("/v1/sql", json={"sql": sql})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def fetch(self, path: str, **headers: str) -> httpx2.Response:
        """Fetch a page or a file as a browser without a session does."""
        async with httpx2.AsyncClient(base_url=self.address, timeout=ANSWER_WITHIN_S, trust_env=False) as client:
            return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def send(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Send a command that must be accepted; gives its event. ``path``: below /v1/."""
        async with self._client(self.stack.url("command-api")) as client:
            answer = await client.post(f"/v1/{path}", json=body, headers={"idempotency-key": new_key()})
        assert answer.status_code == 201, answer.text
        event: dict[str, Any] = answer.json()
        return event

    async def overview(self) -> dict[str, Any]:
        """Ask for the overview until none of its parts is away."""
        async with asyncio.timeout(ASKED_WITHIN_S):
            while (said := await self.ask("overview"))["balances"] is None or said["payments"] is None:
                await asyncio.sleep(POLL_S)
        return said

    async def pay(self, amount: str, *, end_to_end_id: str) -> str:
        """Pay between two of the demo's customers; gives the payment's id."""
        event = await self.send(
            "payments",
            {
                "debtor_account_id": "customers:anna:eur",
                "creditor_account_id": "customers:ben:eur",
                "instructed_amount": {"currency": "EUR", "value": amount},
                "end_to_end_id": end_to_end_id,
            },
        )
        payment_id: str = event["data"]["payment_id"]
        return payment_id

    async def open_edges(self) -> None:
        """Book amounts that only exact arithmetic shows right: beyond a double, and with three decimals."""
        for currency, minor in (("JPY", HUGE_MINOR), ("KWD", KWD_MINOR)):
            names = [f"edge:{side}:{currency.lower()}" for side in ("debit", "credit")]
            for name, kind in zip(names, ("asset", "liability"), strict=True):
                terms = {"account_id": name, "currency": currency, "account_type": kind, "overdraft": "unlimited"}
                await self.send("accounts", terms)
            legs = [
                {"account_id": name, "side": side, "amount_minor": minor, "currency": currency}
                for name, side in zip(names, ("debit", "credit"), strict=True)
            ]
            await self.send("transfers", {"postings": legs})

    async def until_payments_ended(self) -> None:
        """Wait until rejected, settled and waiting payments are all there."""
        async with asyncio.timeout(ENDED_WITHIN_S):
            while not await self._has_every_end():
                await asyncio.sleep(POLL_S)

    async def _has_every_end(self) -> bool:
        payments = (await self.ask("totals"))["payments"]
        return all(payments.get(status, 0) > 0 for status in ("ACSC", "RJCT", "PDNG", "CANC"))

    def _client(self, address: str) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=address, headers=self._headers, timeout=ANSWER_WITHIN_S, trust_env=False)


@asynccontextmanager
async def set_stage(folder: Path) -> AsyncIterator[Stage]:
    """Start the stack with its counterparties; let payments of every kind begin, and answer what most of them ask."""
    async with DevStack(folder, processes=(*SIMULATORS, IDENTITY, *BURSAR_PROCESSES)) as stack:
        stage = Stage(stack)
        async with speaking(stack.url("command-api"), stack.servers.data) as people:
            await seed(people)
            payments = Payments(Sender(people))
            today = people.clock.now().date()
            for name in PLOTS:
                await payments.begin(name, Random(name), key=f"stage:{name}", wish=0, today=today)
            for wish in range(ERRANDS_UNTIL):
                await payments.run_errands(wish)
            await payments.begin("listed_name", Random("waits"), key="stage:waits", wish=0, today=today)
        await stage.open_edges()
        await stage.until_payments_ended()
        yield stage
