"""The whole way in running processes: a payout leaves by file and settles; a standing order pays when its day has come.

The stack closes a batch every minute, so this test takes as long as a cut-off may be away, and an answer read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import msgspec
import pytest

from cli.devstack import BURSAR_PROCESSES, DevStack
from cli.devstack.processes import SIMULATORS
from tests.command_api.door import new_key

NEEDED = {"command-api", "reactors", "timers"}
pytestmark = pytest.mark.timeout(600)

ANSWER_WITHIN_S = 30.0
SETTLED_WITHIN_S = 150.0  # a minute to the cut-off, the bank's late answers, and the pauses between two questions
ISSUED_WITHIN_S = 90.0  # at the next look of the timers; the rest is for a busy machine


class Bank:
    """A stack with everything that pays, and its clerk."""

    def __init__(self, stack: DevStack, client: httpx2.AsyncClient) -> None:
        self.stack = stack
        self._client = client

    async def send(self, path: str, body: object) -> dict[str, Any]:
        answer = await self._client.post(path, json=body, headers={"idempotency-key": new_key()})
        assert answer.status_code == 201, answer.text
        decoded: dict[str, Any] = answer.json()
        return decoded

    async def until(self, wanted: Callable[[list[dict[str, Any]]], bool], *, within_s: float) -> list[dict[str, Any]]:
        """Wait until the book's events are as wanted; give them."""
        connection = await asyncpg.connect(self.stack.servers.postgres_dsn("bursar_reader"))
        try:
            async with asyncio.timeout(within_s):
                while True:  # ends when the events are there, or at the timeout
                    rows = await connection.fetch("SELECT event::text AS event FROM events ORDER BY position")
                    events = [msgspec.json.decode(row["event"]) for row in rows]
                    if wanted(events):
                        return events
                    await asyncio.sleep(0.2)
        finally:
            await connection.close()


@pytest.fixture(scope="module")
async def bank(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bank]:
    folder: Path = tmp_path_factory.mktemp("payouts") / "stack"
    processes = [spec for spec in (*SIMULATORS, *BURSAR_PROCESSES) if spec.name in NEEDED | {"bank"}]
    async with DevStack(folder, processes=processes) as stack:
        headers = {"authorization": f"Bearer {stack.token()}"}
        async with httpx2.AsyncClient(
            base_url=stack.url("command-api"), headers=headers, timeout=ANSWER_WITHIN_S, trust_env=False
        ) as client:
            yield Bank(stack, client)


async def test_a_payout_by_file_settles_and_a_standing_order_pays_by_the_timer(bank: Bank) -> None:
    for account_id in ("alice", "bob", "clearing", "suspense"):
        terms = {"currency": "EUR", "account_type": "liability", "overdraft": "unlimited"}
        await bank.send("/v1/accounts", {"account_id": account_id, **terms})
    rail = {"rail": "file", "currency": "EUR", "clearing_account_id": "clearing", "suspense_account_id": "suspense"}
    await bank.send("/v1/rails", rail)
    amount = {"currency": "EUR", "value": "12.34"}
    payout = {
        "payment_type": "payout", "rail": "file", "debtor_account_id": "alice", "instructed_amount": amount,
        "creditor": {"name": "Maria Muster", "iban": "DE89370400440532013000"}, "end_to_end_id": "PAYOUT-1",
    }  # fmt: skip
    accepted = await bank.send("/v1/payments", payout)
    assert accepted["type"] == "payment_accepted"
    today = datetime.now(UTC).date().isoformat()
    created = await bank.send(
        "/v1/standing-orders",
        {
            "debtor_account_id": "alice", "creditor_account_id": "bob", "instructed_amount": amount,
            "end_to_end_id": "RENT", "recurrence": {"every": "week", "first_on": today, "calendar": "EVERY_DAY"},
        },
    )  # fmt: skip
    so = created["data"]["standing_order_id"]

    events = await bank.until(
        lambda found: any(one["type"] == "payment_settled" for one in found), within_s=ISSUED_WITHIN_S
    )
    (issued,) = [event["data"] for event in events if event["type"] == "standing_order_issued"]
    assert (issued["standing_order_id"], issued["occurrence_on"], issued["state"]) == (so, today, "active")

    payment_id = accepted["data"]["payment_id"]

    def settled(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        ended = [one["data"] for one in found if one["type"] == "payment_settled"]
        return [data for data in ended if data["payment_id"] == payment_id]

    events = await bank.until(lambda found: bool(settled(found)), within_s=SETTLED_WITHIN_S)
    (batch,) = (bank.stack.servers.data.path / "bank-files" / "taken").glob("*.xml")
    (last,) = settled(events)
    assert last["rail_reference"] == batch.stem
    audit = httpx2.get(f"{bank.stack.url('bank')}/audit", trust_env=False).json()
    assert [one["instruction_id"] for one in audit["executed"]] == [f"{payment_id}.1"]
    assert sum(event["type"] == "standing_order_issued" for event in events) == 1
