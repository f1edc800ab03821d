"""Replayed, reordered, stale and forged messages change nothing at a receiver built as runtime/webhooks.py says.

`Receiver` is that rule in its smallest form. Planted: one that forgets ids, and one that believes everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any, ClassVar

import pytest
from msgspec.structs import replace

from contracts.iso20022 import pacs
from contracts.iso20022.bank_messages import read_message
from runtime.webhooks import Verified, sign, verify
from tests.rails.counterparties import ACCEPTING
from tests.rails.test_pacs import REPORT, RETURN

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
DONE = pacs.render_status_reports([replace(REPORT, status="ACCC", reason_code=None)])
REFUSED = pacs.render_status_reports([REPORT])
RETURNED = pacs.render_return(RETURN)
INCOMING = pacs.render_instruction(ACCEPTING)


class Receiver:
    """Believes signatures, does each id once, and goes by state: what is not open changes nothing and is recorded."""

    STEPS: ClassVar = {("pending", "ACCC"): "done", ("pending", "RJCT"): "refused", ("done", "pacs.004"): "returned"}

    def __init__(self, *, remembers: bool = True, verifies: Callable[..., Any] = verify) -> None:
        self.state = "pending"
        self.credited_minor = 0
        self.recorded: list[str] = []
        self._seen: set[str] = set()
        self._remembers = remembers
        self._verifies = verifies

    def hear(self, headers: dict[str, str], body: bytes, *, now: datetime = NOW) -> bool:
        said = self._verifies(headers, body, secrets=[SECRET], now=now)
        if not isinstance(said, Verified) or said.message_id in self._seen:
            return isinstance(said, Verified)
        if self._remembers:
            self._seen.add(said.message_id)
        (message,) = read_message(body)
        if isinstance(message, pacs.CreditTransferInstruction):
            self.credited_minor += message.amount_minor
            return True
        step = message.status if isinstance(message, pacs.StatusReport) else "pacs.004"
        after = self.STEPS.get((self.state, step))
        self.recorded += [] if after else [step]
        self.state = after or self.state
        return True


def signed(message_id: str, body: bytes, *, at: datetime = NOW) -> dict[str, str]:
    return sign(message_id, body, secrets=[SECRET], now=at)


def test_a_replayed_message_credits_once() -> None:
    receiver = Receiver()
    captured = signed("IN-1", INCOMING)
    repeated = signed("IN-1", INCOMING, at=NOW + timedelta(minutes=4))
    assert receiver.hear(captured, INCOMING)
    assert receiver.hear(captured, INCOMING)
    assert receiver.hear(repeated, INCOMING, now=NOW + timedelta(minutes=5))
    assert receiver.credited_minor == ACCEPTING.amount_minor


def test_planted_a_receiver_that_forgets_ids_credits_twice() -> None:
    receiver = Receiver(remembers=False)
    for _ in range(2):
        receiver.hear(signed("IN-1", INCOMING), INCOMING)
    assert receiver.credited_minor == 2 * ACCEPTING.amount_minor


@pytest.mark.parametrize("order", list(permutations([("1", DONE), ("2", REFUSED), ("3", RETURNED)])))
def test_in_any_order_the_state_goes_only_forward(order: tuple[tuple[str, bytes], ...]) -> None:
    """An end is never left again; what contradicts it is recorded for a person."""
    receiver, states = Receiver(), ["pending"]
    for message_id, body in order:
        assert receiver.hear(signed(message_id, body), body)
        states += [receiver.state] if receiver.state != states[-1] else []
    assert states in (["pending", "done"], ["pending", "done", "returned"], ["pending", "refused"])
    assert len(receiver.recorded) == 3 - (len(states) - 1)


def test_a_stale_message_is_refused() -> None:
    receiver = Receiver()
    assert not receiver.hear(signed("1", DONE), DONE, now=NOW + timedelta(minutes=5, seconds=1))
    assert not receiver.hear(signed("1", DONE), DONE, now=NOW - timedelta(minutes=5, seconds=1))
    assert receiver.state == "pending"


def test_a_forged_message_is_refused() -> None:
    receiver = Receiver()
    forged = INCOMING.replace(b">12.34<", b">99.34<")
    assert not receiver.hear(signed("IN-1", INCOMING), forged)
    assert not receiver.hear({**signed("IN-1", INCOMING), "webhook-id": "IN-2"}, INCOMING)
    assert not receiver.hear(sign("IN-1", INCOMING, secrets=["whsec_" + "YWJj" * 8], now=NOW), INCOMING)
    assert not receiver.hear({}, INCOMING)
    assert receiver.credited_minor == 0


def test_planted_a_receiver_that_believes_everybody_is_robbed() -> None:
    receiver = Receiver(verifies=lambda headers, *_, **__: Verified(headers["webhook-id"], NOW))
    receiver.hear({"webhook-id": "IN-1"}, INCOMING)
    assert receiver.credited_minor == ACCEPTING.amount_minor
