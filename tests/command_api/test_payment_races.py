"""Fifty at once on one payment, over HTTP, round after round: one of them wins, and the money says so."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import asyncpg
import msgspec
import pytest

from tests.command_api.door import Door, new_key
from tests.command_api.paying import define_rail, initiate, pay, pay_out
from tests.command_api.test_refusals import hold

ROUNDS = 20
AT_ONCE = 50


class Bench:
    """A payer with money, a payee, a rail of the test's own."""

    def __init__(self, door: Door) -> None:
        name = new_key()
        self.door = door
        self.payer, self.payee = f"{name}:payer", f"{name}:payee"
        self.clearing, self.suspense = f"{name}:clearing", f"{name}:suspense"

    async def open(self) -> None:
        """Open the accounts and define the rail."""
        await self.door.open_accounts(self.payer, self.payee)
        await define_rail(self.door, "sct_inst", clearing=self.clearing, suspense=self.suspense)

    async def balances(self, *account_ids: str) -> list[tuple[int, int]]:
        """Posted and held of accounts, from the book."""
        connection = await asyncpg.connect(self.door.dsn_of("bursar_reader"))
        try:
            rows = await connection.fetch(
                "SELECT account_id, posted_minor, held_minor FROM accounts WHERE account_id = ANY($1)", account_ids
            )
        finally:
            await connection.close()
        found = {row["account_id"]: (row["posted_minor"], row["held_minor"]) for row in rows}
        return [found[account_id] for account_id in account_ids]

    async def instructed(self) -> str:
        """A payment of 1.00 that its rail has been given."""
        payment_id = await initiate(self.door, pay_out(self.payer))
        await self.door.accepted(f"/v1/payments/{payment_id}/instruct", {})
        return payment_id

    async def race(self, requests: list[tuple[str, Any]]) -> list[dict[str, Any]]:
        """Send all at once, each under a key of its own; gives the events of those that were taken."""
        answers = await asyncio.gather(*(self.door.post(path, body) for path, body in requests))
        refused = Counter(answer.json()["code"] for answer in answers if answer.status_code != 201)
        assert {answer.status_code for answer in answers} <= {201, 409, 422}, refused
        return [msgspec.json.decode(answer.content) for answer in answers if answer.status_code == 201]


@pytest.fixture
async def bench(door: Door) -> Bench:
    """A bench of the test's own."""
    made = Bench(door)
    await made.open()
    return made


async def test_of_fifty_captures_of_a_hold_one_wins(bench: Bench) -> None:
    for turn in range(1, ROUNDS + 1):
        placed = await bench.door.accepted("/v1/holds", hold(bench.payer, bench.payee))
        path = f"/v1/holds/{placed['data']['hold_id']}/capture"

        won = await bench.race([(path, {})] * AT_ONCE)

        assert [event["type"] for event in won] == ["hold_captured"]
        assert await bench.balances(bench.payer, bench.payee) == [(-5 * turn, 0), (5 * turn, 0)]


async def test_of_fifty_cancellations_and_one_instruction_one_wins(bench: Bench) -> None:
    """Cancelled and given to the rail: never both. Every round hands in the instruction at another place."""
    chance, ended = random.Random(5), Counter[str]()
    for _ in range(ROUNDS):
        payment_id = await initiate(bench.door, pay_out(bench.payer))
        requests: list[tuple[str, Any]] = [(f"/v1/payments/{payment_id}/cancel", {})] * (AT_ONCE - 1)
        requests.insert(chance.choice((0, 0, chance.randrange(AT_ONCE))), (f"/v1/payments/{payment_id}/instruct", {}))

        (won,) = await bench.race(requests)

        ended[won["type"]] += 1
        held = 100 * ended["payment_instructed"]
        assert await bench.balances(bench.payer, bench.clearing) == [(0, held), (0, 0)]
    assert ended.keys() <= {"payment_cancelled", "payment_instructed"}


async def test_of_fifty_refunds_none_gives_back_more_than_was_paid(bench: Bench) -> None:
    """Seven parts of 13 fit into 1.00; who asks for all that is left gets what is left."""
    for turn in range(1, ROUNDS + 1):
        payment_id = await initiate(bench.door, pay(bench.payer, bench.payee))
        body: dict[str, Any] = {"amount_minor": 13} if turn % 2 else {}

        won = await bench.race([(f"/v1/payments/{payment_id}/refund", body)] * AT_ONCE)

        refunded = [event["data"]["amount_minor"] for event in won]
        assert refunded == ([13] * 7 if turn % 2 else [100])
        assert max(event["data"]["refunded_minor"] for event in won) == sum(refunded) <= 100
        kept = 9 * (turn + 1) // 2 if turn % 2 else 9 * turn // 2
        assert await bench.balances(bench.payee) == [(kept, 0)]


async def test_of_fifty_outcomes_of_a_rail_one_is_booked(bench: Bench) -> None:
    """Executed and refused at once: the first is believed, the other kind is recorded as a contradiction."""
    chance, settled = random.Random(7), 0
    for _ in range(ROUNDS):
        payment_id = await bench.instructed()
        said = [chance.choice(("accepted", "rejected")) for _ in range(AT_ONCE)]
        path = f"/v1/payments/{payment_id}/outcome"

        won = await bench.race(
            [(path, {"instruction_id": f"{payment_id}.1", "outcome": outcome}) for outcome in said]
        )  # fmt: skip

        kinds = Counter(event["type"] for event in won)
        contradicted = kinds.pop("payment_contradicted", 0)
        (ended,) = kinds.elements()
        settled += ended == "payment_settled"
        assert contradicted == said.count("rejected" if ended == "payment_settled" else "accepted")
        assert await bench.balances(bench.payer, bench.clearing) == [(-100 * settled, 0), (100 * settled, 0)]


async def test_of_fifty_returns_under_one_name_one_is_booked(bench: Bench) -> None:
    for turn in range(1, ROUNDS + 1):
        payment_id = await bench.instructed()
        settled = {"instruction_id": f"{payment_id}.1", "outcome": "accepted"}
        await bench.door.accepted(f"/v1/payments/{payment_id}/outcome", settled)
        body = {"return_id": "R1", "amount_minor": 40, "reason_code": "AC04"}

        won = await bench.race([(f"/v1/payments/{payment_id}/return", body)] * AT_ONCE)

        assert [event["type"] for event in won] == ["payment_returned"]
        assert await bench.balances(bench.payer, bench.clearing) == [(-60 * turn, 0), (60 * turn, 0)]
