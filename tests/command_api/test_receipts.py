"""The answer to an accepted command is its event as booked: the same bytes, chained, traced, and attributed."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest

from tests.command_api.door import Door, item, move, new_key

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"


async def test_a_receipt_is_the_stored_event_byte_for_byte(door: Door) -> None:
    """At the position that the header names; `Door.events` has recomputed the hash chain over it."""
    account, other = new_key(), new_key()
    await door.open_accounts(account, other)
    answer = await door.post("/v1/transfers", move(account, other, 12, reference='Ünïcode 💶 \\ "quoted"'))
    position = int(answer.headers["bursar-position"])
    stored = (await door.events())[position - 1]
    assert answer.content == stored
    event = msgspec.json.decode(stored)
    assert event["position"] == position
    assert event["data"]["transfer_id"] == f"xfer_{position}"
    assert event["data"]["reference"] == 'Ünïcode 💶 \\ "quoted"'


async def test_receipts_in_a_batch_are_the_stored_bytes_too(door: Door) -> None:
    """They are cut into the answer, not encoded again."""
    account, other = new_key(), new_key()
    await door.open_accounts(account, other)
    body = {"commands": [item("post_transfer", move(account, other)) for _ in range(3)]}
    answer = await door.post("/v1/batches?receipts=true", body)
    stored = await door.events()
    for result in answer.json()["results"]:
        assert b'"receipt":' + stored[result["position"] - 1] + b"}" in answer.content


async def test_an_event_says_who_asked_under_which_key_and_when(door: Door) -> None:
    """Subject and tenant of the token, the address of the connection, both instants in order and in UTC."""
    account_id, key = new_key(), new_key()
    body = {"account_id": account_id, "currency": "EUR", "account_type": "asset"}
    event = await door.accepted("/v1/accounts", body, key=key, token=door.token(tenant="umbrella"))
    actor = {"subject": "clerk", "tenant": "umbrella", "device": None, "address": "127.0.0.1"}
    assert (event["principal"], event["key"], event["ledger"]) == (actor, key, "main")
    assert event["recorded_at"].endswith("Z")
    occurred, recorded = (datetime.fromisoformat(event[name]) for name in ("occurred_at", "recorded_at"))
    assert occurred <= recorded


async def test_a_quoted_key_is_booked_without_its_quotes(door: Door) -> None:
    """The key has one spelling in the book."""
    account_id, key = new_key(), new_key()
    body = {"account_id": account_id, "currency": "EUR", "account_type": "asset"}
    assert (await door.accepted("/v1/accounts", body, key=f'"{key}"'))["key"] == key


async def test_the_caller_s_trace_goes_into_the_event(door: Door) -> None:
    """Same trace id, a step of our own; the answer names the trace."""
    account_id = new_key()
    body = {"account_id": account_id, "currency": "EUR", "account_type": "asset"}
    answer = await door.post("/v1/accounts", body, headers={"traceparent": TRACEPARENT})
    version, trace_id, span_id, flags = answer.json()["trace"].split("-")
    assert (version, trace_id, flags) == ("00", TRACE_ID, "01")
    assert span_id != "00f067aa0ba902b7"
    assert answer.headers["trace-id"] == TRACE_ID
    refused = await door.post("/v1/accounts", {}, headers={"traceparent": TRACEPARENT})
    assert refused.json()["trace_id"] == TRACE_ID


@pytest.mark.parametrize("sent", ["", "nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01", "00-" + "x" * 600])
async def test_without_a_sound_trace_one_is_begun(door: Door, sent: str) -> None:
    """An accepted command always has one."""
    account_id = new_key()
    body = {"account_id": account_id, "currency": "EUR", "account_type": "asset"}
    answer = await door.post("/v1/accounts", body, headers={"traceparent": sent})
    trace_id = answer.json()["trace"].split("-")[1]
    assert trace_id == answer.headers["trace-id"]
    assert trace_id.strip("0")
