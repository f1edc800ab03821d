"""Events, transfers, payments and totals over HTTP."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest

from contracts.views import EventView, TransferView
from tests.query_api.windows import Window


@pytest.mark.parametrize("position", [1, 7, 19])
async def test_an_event_comes_with_its_exact_bytes_and_a_hash_that_proves_them(window: Window, position: int) -> None:
    """Anyone can recompute SHA-256(previous hash || bytes) from the answer alone."""
    answer = await window.ask(f"/events/{position}")
    event = msgspec.json.decode(answer.content, type=EventView)
    assert bytes(event.event) == window.bank.events[position - 1][1]
    assert sha256(bytes.fromhex(event.previous_hash) + bytes(event.event)).hexdigest() == event.hash
    assert event.hash == window.bank.hashes()[position - 1].hex()
    assert (event.as_of.position, event.as_of.source) == (19, "book")


async def test_the_first_event_is_chained_to_nothing(window: Window) -> None:
    """32 zero bytes stand before the first."""
    assert (await window.get("/events/1"))["previous_hash"] == "00" * 32


@pytest.mark.parametrize("booked", ["xfer_7", "xfer_11", "xfer_16"])
async def test_a_transfer_is_the_event_that_booked_it(window: Window, booked: str) -> None:
    """Transfers, reversals and settled payments alike."""
    answer = await window.ask(f"/transfers/{booked}")
    transfer = msgspec.json.decode(answer.content, type=TransferView)
    assert (transfer.transfer_id, transfer.position) == (booked, int(booked[5:]))
    assert bytes(transfer.event) == window.bank.events[transfer.position - 1][1]


@pytest.mark.parametrize("missing", ["xfer_1", "xfer_12", "xfer_15", "xfer_20", "xfer_999999999999999999"])
async def test_a_position_that_booked_no_transfer_is_no_transfer(window: Window, missing: str) -> None:
    """An account, a hold, an initiation and a position beyond the head."""
    problem = await window.refused(f"/transfers/{missing}")
    assert (problem["status"], problem["code"], problem["position"]) == (404, "transfer_not_found", 19)


async def test_an_event_beyond_the_head_is_not_found(window: Window) -> None:
    """And the answer says where the book ends."""
    problem = await window.refused("/events/20")
    assert (problem["status"], problem["code"], problem["position"]) == (404, "event_not_found", 19)


async def test_a_payment_shows_its_life(window: Window) -> None:
    """Settled with its transfer, rejected with its reason."""
    settled = await window.get("/payments/pay_15")
    assert (settled["status"], settled["transfer_id"], settled["reason_code"]) == ("ACSC", "xfer_16", None)
    assert settled["instructed_amount"] == {"currency": "EUR", "value": "50.00"}
    assert [event["type"] for event in settled["events"]] == ["payment_initiated", "payment_settled"]
    rejected = await window.get("/payments/pay_17")
    assert (rejected["status"], rejected["reason_code"], rejected["detail"]) == ("RJCT", "AM04", "insufficient funds")
    problem = await window.refused("/payments/pay_3")
    assert (problem["status"], problem["code"]) == (404, "payment_not_found")


@pytest.mark.parametrize(
    ("status", "expected"), [(None, ["pay_17", "pay_15"]), ("ACSC", ["pay_15"]), ("RJCT", ["pay_17"]), ("RCVD", [])]
)
async def test_payments_are_listed_newest_first_by_status(
    window: Window, status: str | None, expected: list[str]
) -> None:
    """The status is the one now."""
    page = await window.get("/payments", **({"status": status} if status else {}))
    assert [payment["payment_id"] for payment in page["payments"]] == expected


async def test_pages_of_payments_join(window: Window) -> None:
    """Following next_cursor; the cursor belongs to the filter."""
    first = await window.get("/payments", limit=1)
    second = await window.get("/payments", limit=1, cursor=first["next_cursor"])
    assert [page["payments"][0]["payment_id"] for page in (first, second)] == ["pay_17", "pay_15"]
    assert second["next_cursor"] is None
    problem = await window.refused("/payments", limit=1, cursor=first["next_cursor"], status="RJCT")
    assert problem["code"] == "cursor_invalid"


async def test_totals_count_the_ledger(window: Window) -> None:
    """Accounts, transfers, open holds, payments by status, volume and entries by currency."""
    body = await window.get("/totals")
    body.pop("as_of")
    body["payments"] = {status: count for status, count in body["payments"].items() if count}
    assert body == {
        "accounts": 6,
        "transfers": 6,
        "holds_open": 1,
        "payments": {"ACSC": 1, "RJCT": 1},
        "volume_minor": {"EUR": 1390_00, "JPY": 5000},
        "entries": {"EUR": 10, "JPY": 2},
    }
