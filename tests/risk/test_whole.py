"""The score in running processes: rules changed under traffic, and the assessment in the event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx2
import pytest
from msgspec import convert

from cli.devstack import BURSAR_PROCESSES, DevStack
from command_api.risk.shelf import Shelf, Wish
from contracts.risk import RiskAssessment, explain
from runtime.clock import SystemClock
from tests.command_api.door import move, new_key
from tests.projectors.places import until
from tests.risk.rules import HEAD, rule, ruleset

NEEDED = {"command-api", "relay", "projectors"}
ANSWER_WITHIN_S = 30.0
DENY_MANY = rule("customer_payments_1h >= 4", points=1000, more='floor = "deny"')


class Bank:
    """A stack with the door and the projectors, and its clerk."""

    def __init__(self, stack: DevStack, client: httpx2.AsyncClient) -> None:
        self.stack = stack
        self._client = client

    async def send(self, path: str, body: object) -> dict[str, Any]:
        answer = await self._client.post(path, json=body, headers={"idempotency-key": new_key()})
        assert answer.status_code == 201, answer.text
        decoded: dict[str, Any] = answer.json()
        return decoded

    async def pay(self, debtor: str, creditor: str) -> tuple[dict[str, Any], RiskAssessment]:
        """Pay 1.00; give the last event and the assessment in the first."""
        last = await self.send(
            "/v1/payments",
            {
                "debtor_account_id": debtor,
                "creditor_account_id": creditor,
                "instructed_amount": {"currency": "EUR", "value": "1.00"},
                "end_to_end_id": "E2E-1",
            },
        )
        book = await asyncpg.connect(self.stack.servers.postgres_dsn("bursar_reader"))
        try:
            position = int(last["data"]["payment_id"].removeprefix("pay_"))
            event = json.loads(await book.fetchval("SELECT event::text FROM events WHERE position = $1", position))
        finally:
            await book.close()
        return last, convert(event["data"]["assessment"]["risk"], RiskAssessment)


@pytest.fixture(scope="module")
async def bank(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bank]:
    processes = [spec for spec in BURSAR_PROCESSES if spec.name in NEEDED]
    async with DevStack(tmp_path_factory.mktemp("whole") / "stack", processes=processes) as stack:
        headers = {"authorization": f"Bearer {stack.token()}"}
        url = stack.url("command-api")
        async with httpx2.AsyncClient(
            base_url=url, headers=headers, timeout=ANSWER_WITHIN_S, trust_env=False
        ) as client:
            yield Bank(stack, client)


async def test_payments_are_scored_by_what_happened_before_and_rules_change_under_traffic(bank: Bank) -> None:
    name = new_key()
    vault, alice, shop = f"{name}:bank", f"{name}:alice", f"{name}:shop"
    for account_id, overdraft in ((vault, "unlimited"), (alice, "forbidden"), (shop, "forbidden")):
        terms = {"account_id": account_id, "currency": "EUR", "account_type": "liability", "overdraft": overdraft}
        await bank.send("/v1/accounts", terms)
    await bank.send("/v1/transfers", move(vault, alice, 100_00))

    settled, first = await bank.pay(alice, shop)
    assert settled["type"] == "payment_settled"
    assert (first.decision, first.degraded, first.features["is_new_payee"]) == ("allow", False, 1)

    async def is_known() -> bool:
        return (await bank.pay(alice, shop))[1].features["is_new_payee"] == 0

    await until(is_known, "the payee is known by a settled payment")

    shelf = Shelf(bank.stack.servers.data.path / "risk")
    wish = Wish(ruleset=(HEAD + DENY_MANY).encode(), model=None, by="tests", why="to see it work")
    activation = await asyncio.to_thread(shelf.activate, wish, at=SystemClock().now())

    async def is_denied() -> bool:
        return (await bank.pay(alice, shop))[0]["type"] == "payment_rejected"

    await until(is_denied, "the new rule decides")
    rejected, last = await bank.pay(alice, shop)
    assert rejected["data"]["reason_code"] == "FR01"
    assert (last.decision, last.ruleset_version) == ("deny", activation.ruleset)
    assert last.ruleset_version == ruleset(DENY_MANY).version
    said = explain(last, shelf.load_ruleset(last.ruleset_version).words)
    assert [reason.code for reason in said.reasons] == ["REASON_ONE"]
