"""One payment, from the HTTP request to every place where it can be seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from nats.aio.client import Client
from redis.asyncio import Redis

from contracts.read_models import WalletsKeys
from contracts.subjects import stream_name
from runtime.jetstream import connect_nats, fetch_range
from tests.command_api.door import move, new_key
from tests.e2e.whole import LEDGER, Whole


async def pay(whole: Whole, debtor: str, creditor: str, value: str) -> tuple[int, dict[str, object]]:
    """Initiate a payment; gives the position of its last event, and that event."""
    answer = await whole.send(
        "/v1/payments",
        {
            "debtor_account_id": debtor,
            "creditor_account_id": creditor,
            "instructed_amount": {"currency": "EUR", "value": value},
            "end_to_end_id": "E2E-1",
            "remittance_information": "rent",
        },
    )
    return int(answer.headers["bursar-position"]), answer.json()


async def funded_pair(whole: Whole) -> tuple[str, str, str]:
    """Two customers and the bank's account behind them; the first customer has 100.00."""
    name = new_key()
    bank, alice, bob = f"{name}:bank", f"{name}:alice", f"{name}:bob"
    await whole.open_accounts(bank)
    await whole.open_accounts(alice, bob, overdraft="forbidden")
    await whole.send("/v1/transfers", move(bank, alice, 100_00))
    return bank, alice, bob


async def test_a_payment_travels_from_the_book_to_every_copy(whole: Whole) -> None:
    """PostgreSQL decides; the stream has the same bytes; Redis and the lake answer as of its position."""
    _, alice, bob = await funded_pair(whole)
    position, event = await pay(whole, alice, bob, "12.34")
    assert event["type"] == "payment_settled"
    payment_id = f"pay_{position - 1}"

    booked = await whole.ask(f"/v1/events/{position}", min_position=position)
    assert booked["event"] == event
    assert booked["as_of"]["source"] == "book"
    nats: Client = await connect_nats(whole.stack.servers.nats_url, name="tests", on_closed=lambda: None)
    try:
        streamed = [
            body async for batch in fetch_range(nats, stream_name(LEDGER), position, position) for body in batch
        ]
    finally:
        await nats.close()
    ((sequence, body),) = streamed
    assert (sequence, msgspec.json.decode(body)) == (position, event)

    for account_id, posted_minor in ((alice, 87_66), (bob, 12_34)):
        balance = await whole.ask(f"/v1/accounts/{account_id}/balance", min_position=position)
        assert (balance["posted_minor"], balance["available_minor"]) == (posted_minor, posted_minor)
        assert balance["as_of"]["source"] == "read_model"
    payment = await whole.ask(f"/v1/payments/{payment_id}", min_position=position)
    assert (payment["status"], payment["amount_minor"]) == ("ACSC", 12_34)
    assert [step["type"] for step in payment["events"]] == ["payment_initiated", "payment_settled"]
    statement = await whole.ask(f"/v1/accounts/{alice}/statement", min_position=position)
    newest = statement["entries"][0]
    assert (newest["position"], newest["side"], newest["amount_minor"], newest["balance_minor"]) == (
        position,
        "debit",
        12_34,
        87_66,
    )


async def test_a_payment_is_in_the_lake_s_reports(whole: Whole) -> None:
    """Trial balance and period statement come from the lake, pinned to a position, and add up."""
    _, alice, bob = await funded_pair(whole)
    position, _ = await pay(whole, alice, bob, "30.00")
    trial = await whole.ask("/v1/reports/trial-balance", min_position=position, currency="EUR")
    columns = [column["name"] for column in trial["columns"]]
    rows = [dict(zip(columns, row, strict=True)) for row in trial["rows"]]
    assert trial["as_of"]["source"] == "lake"
    debits, credits = (sum(int(row[name] or 0) for row in rows if row["account_id"]) for name in DEBIT_AND_CREDIT)
    assert debits == credits > 0
    today = datetime.now(UTC).date()
    period = {"from": today - timedelta(days=1), "to": today + timedelta(days=1)}
    statement = await whole.ask(f"/v1/accounts/{bob}/statement", min_position=position, **period)
    assert statement["as_of"]["source"] == "lake"
    assert (statement["opening_minor"], statement["closing_minor"]) == (0, 30_00)


DEBIT_AND_CREDIT = ("debit_minor", "credit_minor")


async def test_a_payment_that_cannot_be_booked_is_seen_with_its_reason(whole: Whole) -> None:
    """RJCT with an ISO 20022 reason; no balance moves."""
    _, alice, bob = await funded_pair(whole)
    position, event = await pay(whole, alice, bob, "100.01")
    assert event["type"] == "payment_rejected"
    payment = await whole.ask(f"/v1/payments/pay_{position - 1}", min_position=position)
    assert (payment["status"], payment["reason_code"], payment["transfer_id"]) == ("RJCT", "AM04", None)
    balance = await whole.ask(f"/v1/accounts/{alice}/balance", min_position=position)
    assert balance["posted_minor"] == 100_00


async def test_a_hold_reserves_and_a_reversal_gives_back_everywhere(whole: Whole) -> None:
    """Held, captured in part, released, reversed: the read model follows each step."""
    _, alice, bob = await funded_pair(whole)
    leg = {"debit_account_id": alice, "credit_account_id": bob, "amount_minor": 40_00, "currency": "EUR"}
    deadline = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    placed = await whole.send("/v1/holds", {"legs": [leg], "expires_at": deadline})
    hold = f"hold_{placed.json()['position']}"
    balance = await whole.ask(f"/v1/accounts/{alice}/balance", min_position=placed.json()["position"])
    assert (balance["posted_minor"], balance["held_minor"], balance["available_minor"]) == (100_00, 40_00, 60_00)
    captured = await whole.send(f"/v1/holds/{hold}/capture", {"amounts_minor": [15_00], "final": True})
    view = await whole.ask(f"/v1/holds/{hold}", min_position=captured.json()["position"])
    assert view["status"] == "captured"
    transfer = captured.json()["data"]["transfer_id"]
    undone = await whole.send(f"/v1/transfers/{transfer}/reverse", {})
    balance = await whole.ask(f"/v1/accounts/{alice}/balance", min_position=undone.json()["position"])
    assert (balance["posted_minor"], balance["held_minor"]) == (100_00, 0)


async def test_the_clock_ends_a_hold_that_is_due(whole: Whole) -> None:
    """Nobody asks: the deadline passes, the money is free again, in the book and in the read model."""
    _, alice, bob = await funded_pair(whole)
    leg = {"debit_account_id": alice, "credit_account_id": bob, "amount_minor": 40_00, "currency": "EUR"}
    deadline = (datetime.now(UTC) + timedelta(seconds=1.5)).isoformat()
    placed = (await whole.send("/v1/holds", {"legs": [leg], "expires_at": deadline})).json()["position"]
    balance = await whole.ask(f"/v1/accounts/{alice}/balance", min_position=placed)
    assert balance["held_minor"] == 40_00
    balance = await whole.ask(f"/v1/accounts/{alice}/balance", min_position=placed + 1)
    assert balance["held_minor"] == 0
    hold = await whole.ask(f"/v1/holds/hold_{placed}", min_position=placed + 1)
    assert hold["status"] == "expired"


async def test_the_trace_of_the_request_is_in_the_event_and_in_the_projectors_reach(whole: Whole) -> None:
    """One story from the client's header to the copy that answers."""
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    account_id = new_key()
    answer = await whole.commands.post(
        "/v1/accounts",
        json={"account_id": account_id, "currency": "EUR", "account_type": "asset"},
        headers={"idempotency-key": new_key(), "traceparent": f"00-{trace_id}-b7ad6b7169203331-01"},
    )
    position = answer.json()["position"]
    event = await whole.ask(f"/v1/events/{position}", min_position=position)
    assert event["event"]["trace"].split("-")[1] == trace_id


async def test_redis_holds_what_the_key_layout_says(whole: Whole) -> None:
    """The reader's answer and the stored hash are one thing."""
    _, alice, _ = await funded_pair(whole)
    account = await whole.ask(f"/v1/accounts/{alice}", min_position=(await head(whole)))
    async with Redis.from_url(whole.stack.servers.redis_url) as redis:
        stored = await redis.hget(WalletsKeys(LEDGER).account(alice), "posted_minor")
    assert stored is not None
    assert int(stored) == account["posted_minor"] == 100_00


async def head(whole: Whole) -> int:
    """Position of the newest event of the book."""
    async with whole.superuser() as connection:
        position: int = await connection.fetchval("SELECT position FROM head")
    return position
