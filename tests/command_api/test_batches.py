"""Batches: together or each on its own, in order, at the limits."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, get_args

import asyncpg
import msgspec
import pytest

from command_api.guards import SCOPE_OF
from contracts.commands.batches import AnyCommand
from ledger.sequencer.queue import BATCH_COMMANDS_MAX
from tests.command_api.conftest import OpenDoor
from tests.command_api.door import Door, item, move, new_key, problem_in

COMMAND_OF_SCOPE: dict[str, tuple[str, dict[str, Any]]] = {
    "accounts:write": ("freeze_account", {"account_id": "nobody"}),
    "transfers:write": ("reverse_transfer", {"transfer_id": "xfer_999999999"}),
    "holds:write": ("release_hold", {"hold_id": "hold_999999999"}),
    "periods:write": ("close_period", {"through": "2001-01-01"}),
    "payments:write": (
        "initiate_payment",
        {
            "debtor_account_id": "a",
            "creditor_account_id": "b",
            "instructed_amount": {"currency": "EUR", "value": "1.00"},
            "end_to_end_id": "E",
        },
    ),
}


async def send(door: Door, items: list[dict[str, Any]], *, atomic: bool, receipts: bool = False) -> dict[str, Any]:
    """Send a batch and expect an answer of the documented shape."""
    answer = await door.post(f"/v1/batches?receipts={str(receipts).lower()}", {"atomic": atomic, "commands": items})
    assert answer.status_code == 200, answer.text[:500]
    body: dict[str, Any] = msgspec.json.decode(answer.content)
    results = body["results"]
    assert len(results) == len(items)
    assert body["accepted"] == sum(result["status"] == 201 for result in results)
    assert body["refused"] == sum(result["status"] != 201 for result in results)
    assert body["replayed"] == sum(result["replayed"] for result in results)
    for result in results:
        if result["status"] == 201:
            assert ("receipt" in result) is receipts
        else:
            assert result["problem"]["status"] == result["status"]
    return body


def test_a_command_of_every_scope_is_tried() -> None:
    """The table above is whole, and so is the door's."""
    assert COMMAND_OF_SCOPE.keys() == set(SCOPE_OF.values())
    assert SCOPE_OF.keys() == set(get_args(AnyCommand))


async def test_independent_commands_stand_for_themselves_and_are_answered_in_order(door: Door) -> None:
    """A refusal in the middle stops nobody; positions rise with the order of the batch."""
    account, other = new_key(), new_key()
    await door.open_accounts(account, other)
    items = [item("post_transfer", move(account, other, n)) for n in range(1, 6)]
    items[2] = item("post_transfer", move(account, new_key()))
    body = await send(door, items, atomic=False, receipts=True)
    assert [result["status"] for result in body["results"]] == [201, 201, 404, 201, 201]
    receipts = [result["receipt"] for result in body["results"] if "receipt" in result]
    assert [receipt["data"]["postings"][0]["amount_minor"] for receipt in receipts] == [1, 2, 4, 5]
    assert all(one["position"] + 1 == next_one["position"] for one, next_one in pairwise(receipts))
    assert body["results"][2]["problem"]["code"] == "account_not_found"


async def test_a_later_command_sees_what_an_earlier_one_did(door: Door) -> None:
    """Open, fund and spend in one request."""
    rich, poor = new_key(), new_key()
    await door.open_accounts(rich)
    opening = {"account_id": poor, "currency": "EUR", "account_type": "liability"}
    items = [
        item("post_transfer", move(poor, rich)),
        item("open_account", opening),
        item("post_transfer", move(poor, rich)),
        item("post_transfer", move(rich, poor)),
        item("post_transfer", move(poor, rich)),
    ]
    codes = [result.get("problem", {}).get("code") for result in (await send(door, items, atomic=False))["results"]]
    assert codes == ["account_not_found", None, "insufficient_funds", None, None]


async def test_an_atomic_batch_happens_whole_or_not_at_all(door: Door) -> None:
    """The culprit keeps its reason, the others are refused with it, nothing is booked; then without the culprit."""
    account, other = new_key(), new_key()
    await door.open_accounts(account, other)
    items = [item("post_transfer", move(account, other)) for _ in range(4)]
    culprit = item("post_transfer", move(account, new_key()))
    before = len(await door.events())
    body = await send(door, [*items[:2], culprit, *items[2:]], atomic=True)
    codes = [result["problem"]["code"] for result in body["results"]]
    refused = "atomic_batch_refused"
    assert codes == [refused, refused, "account_not_found", refused, refused]
    assert "command 2" in body["results"][0]["problem"]["detail"]
    assert len(await door.events()) == before
    fresh = [item("post_transfer", move(account, other)) for _ in range(4)]
    body = await send(door, fresh, atomic=True)
    assert body["accepted"] == 4
    assert len(await door.events()) == before + 4


@pytest.mark.parametrize("atomic", [False, True])
async def test_one_key_twice_in_a_batch_is_one_effect(door: Door, atomic: bool) -> None:
    """The second is a replay of the first; with another body it is refused."""
    account, other, key = new_key(), new_key(), new_key()
    await door.open_accounts(account, other)
    twice = [item("post_transfer", move(account, other), key=key)] * 2
    body = await send(door, twice, atomic=atomic)
    first, second = body["results"]
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert first["position"] == second["position"]
    assert len(await door.events_of_keys(key)) == 1


async def test_one_key_for_two_wishes_in_a_batch_refuses_the_second(door: Door) -> None:
    """It names what differs, as anywhere else."""
    account, other, key = new_key(), new_key(), new_key()
    await door.open_accounts(account, other)
    items = [item("post_transfer", move(account, other, amount), key=key) for amount in (1, 2)]
    first, second = (await send(door, items, atomic=False))["results"]
    assert first["status"] == 201
    assert second["problem"]["code"] == "idempotency_key_reused"
    assert len(await door.events_of_keys(key)) == 1


@pytest.mark.parametrize("atomic", [False, True])
async def test_a_repeated_batch_gets_the_same_results(door: Door, atomic: bool) -> None:
    """Only `replayed` differs."""
    account, other = new_key(), new_key()
    await door.open_accounts(account, other)
    items = [item("post_transfer", move(account, other)) for _ in range(3)]
    if not atomic:
        items.append(item("post_transfer", move(account, new_key())))
    first = await send(door, items, atomic=atomic, receipts=True)
    again = await send(door, items, atomic=atomic, receipts=True)
    assert again["replayed"] == len(items)
    assert [{**result, "replayed": False} for result in again["results"]] == first["results"]


@pytest.mark.parametrize("scope", sorted(COMMAND_OF_SCOPE))
async def test_a_batch_needs_every_scope_of_its_commands(door: Door, scope: str) -> None:
    """One command of a scope that the token lacks refuses the whole request, and nothing is taken."""
    others = set(COMMAND_OF_SCOPE) - {scope}
    items = [item(*COMMAND_OF_SCOPE[one]) for one in (*sorted(others), scope)]
    refused = await door.post("/v1/batches", {"commands": items}, token=door.token(others))
    assert scope in problem_in(refused, status=403, code="missing_scope")["detail"]
    assert await door.events_of_keys(*(one["idempotency_key"] for one in items)) == []
    assert (await door.post("/v1/batches", {"commands": items[:-1]}, token=door.token(others))).status_code == 200


async def test_the_timer_s_command_is_not_for_clients(door: Door) -> None:
    """Only Bursar's own clock ends a hold."""
    answer = await door.post("/v1/batches", {"commands": [item("expire_hold", {"hold_id": "hold_1"})]})
    (error,) = problem_in(answer, status=400, code="invalid_body")["errors"]
    assert error["pointer"] == "/commands/0/command/type"


async def test_one_malformed_command_refuses_the_request(door: Door) -> None:
    """With a pointer into the batch; the well-formed neighbours were not taken."""
    account, other = new_key(), new_key()
    await door.open_accounts(account, other)
    good, bad = item("post_transfer", move(account, other)), item("post_transfer", move(account, other, 0))
    answer = await door.post("/v1/batches", {"commands": [good, bad]})
    (error,) = problem_in(answer, status=400, code="invalid_body")["errors"]
    assert error["pointer"] == "/commands/1/command/postings/0/amount_minor"
    assert await door.events_of_keys(good["idempotency_key"]) == []


@pytest.mark.parametrize("atomic", [False, True])
async def test_the_largest_batch_fits_and_one_more_does_not(door: Door, atomic: bool) -> None:
    """8,192 commands are answered in order; 8,193 are refused before any is taken."""
    account, other = new_key(), new_key()
    await door.open_accounts(account, other)
    items = [item("post_transfer", move(account, other)) for _ in range(BATCH_COMMANDS_MAX)]
    too_many = [*items, item("post_transfer", move(account, other))]
    refused = await door.post("/v1/batches", {"atomic": atomic, "commands": too_many})
    (error,) = problem_in(refused, status=400, code="invalid_body")["errors"]
    assert (error["pointer"], error["code"]) == ("/commands", "wrong_length")
    body = await send(door, items, atomic=atomic)
    assert body["accepted"] == BATCH_COMMANDS_MAX
    positions = [result["position"] for result in body["results"]]
    assert positions == sorted(set(positions))
    events = {event["position"]: event["key"] for event in map(msgspec.json.decode, await door.events())}
    assert [events[position] for position in positions] == [one["idempotency_key"] for one in items]


async def test_a_batch_of_which_a_part_is_booked_never_says_that_nothing_happened(own_door: OpenDoor) -> None:
    """Here the book refuses the last commit of a large batch: the first commits are in, so the outcome is unknown."""
    async with own_door() as door:
        await door.open_accounts("a", "b")
        await _refuse_openings_of(door, "poison")
        items = [item("post_transfer", move("a", "b")) for _ in range(1_000)]
        opening = {"account_id": "poison", "currency": "EUR", "account_type": "asset"}
        answer = await door.post("/v1/batches", {"commands": [*items, item("open_account", opening)]})
        assert len(await door.events()) == 2 + len(items)
        problem = problem_in(answer, status=503, code="outcome_unknown")
        assert problem["retryable"] is True
        alone = await door.post("/v1/accounts", opening)
        problem_in(alone, status=503, code="not_taken")


async def _refuse_openings_of(door: Door, account_id: str) -> None:
    """Plant a fault: the database refuses what the ledger allows."""
    connection = await asyncpg.connect(door.dsn_of("postgres"))
    try:
        await connection.execute(f"ALTER TABLE accounts ADD CONSTRAINT planted CHECK (account_id <> '{account_id}')")
    finally:
        await connection.close()
