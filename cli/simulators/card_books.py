"""What the simulated card processor decides and keeps: each reference once, and what it settles with its fees."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from cli.simulators.books import Books
from cli.simulators.callbacks import Callbacks
from cli.simulators.misbehaviour import Kind, happens
from contracts.card_processor import (
    CardEvent,
    CardEventType,
    CardKind,
    CardMovement,
    CardMovementRequest,
    CardSettlementLine,
    CardSettlementReport,
    CardStatus,
)

FILE: Final = "cards"
JSON: Final = "application/json"
CONTENT_DIFFERS: Final = "same idempotency key with another content"

PREFIXES: Final[dict[CardKind, str]] = {"charge": "ch", "payout": "po", "refund": "re"}

CHARGE_FEE_PER_10_000: Final = 140
CHARGE_FEE_MINOR: Final = 25
PAYOUT_FEE_MINOR: Final = 25
DISPUTE_FEE_MINOR: Final = 15_00

FAILING_TOKENS: Final = {
    "tok_insufficient_funds": "insufficient_funds",
    "tok_expired": "card_expired",
    "tok_blocked": "card_blocked",
    "tok_stolen": "suspected_fraud",
}
"""Cards that fail, for demonstrations and tests; `tok_disputed` succeeds and is disputed afterwards."""
DISPUTED_TOKEN: Final = "tok_disputed"


class CardTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How this processor works and misbehaves: it decides after `pending_s`, disputes after twice that."""

    seed: int = 0
    profile: str = "none"
    pending_s: float = 1.0
    late_s: float = 12.0


class KeptMovement(msgspec.Struct, frozen=True, kw_only=True):
    """A movement as the processor knows it."""

    movement: CardMovement
    treatment: Kind
    card_token: str | None
    charge: str | None
    arrivals: int
    is_new: bool = False
    is_same: bool = True


class CardBooks:
    """The processor's decisions; every method is one transaction."""

    def __init__(self, books: Books, callbacks: Callbacks, terms: CardTerms) -> None:
        self._books = books
        self._callbacks = callbacks
        self._terms = terms

    def take(self, kind: CardKind, wish: CardMovementRequest, treatment: Kind, *, now: datetime) -> KeptMovement:
        """Create a movement, or find the one that its reference has made before."""
        content = msgspec.json.encode([kind, wish])
        with self._books.transaction():
            known = self.find(wish.reference)
            if known is not None:
                self._books.run(FILE, "count_arrival", wish.reference)
                is_same = self._content_of(wish.reference) == content
                if not is_same:
                    self._books.run(FILE, "insert_violation", wish.reference, CONTENT_DIFFERS)
                return msgspec.structs.replace(known, arrivals=known.arrivals + 1, is_same=is_same)
            movement_id = f"{PREFIXES[kind]}_{_digest(wish.reference)}"
            decide_at = now.timestamp() + self._terms.pending_s
            row = (wish.reference, kind, movement_id, content, wish.amount_minor, wish.currency)
            about = (wish.card_token, wish.charge)
            self._books.run(FILE, "insert_movement", *row, *about, treatment, "pending", None, decide_at)
            kept = self.find(wish.reference)
            assert kept is not None
            return msgspec.structs.replace(kept, is_new=True)

    def find(self, reference: str) -> KeptMovement | None:
        """Return what is known about a reference; None if it never came."""
        row = self._books.row(FILE, "read_movement", reference)
        if row is None:
            return None
        movement_id, _, kind, status, amount_minor, currency, failure_code, _, treatment, arrivals, token, charge = row
        movement = CardMovement(
            id=movement_id,
            reference=reference,
            kind=kind,
            status=status,
            amount_minor=amount_minor,
            currency=currency,
            failure_code=failure_code,
        )
        return KeptMovement(
            movement=movement, treatment=Kind(treatment), card_token=token, charge=charge, arrivals=int(arrivals)
        )

    def decide_due(self, now: datetime) -> None:
        """Decide what waited until now, settle it, and report it."""
        with self._books.transaction():
            for (reference,) in self._books.rows(FILE, "read_due", now.timestamp()):
                kept = self.find(reference)
                assert kept is not None
                self._decide(kept, now)

    def count(self, about: str, what: str) -> int:
        """Count something up, and return the number it has now."""
        row = self._books.row(FILE, "count_up", about, what)
        return int(row[0]) if row else 0

    def settlement_of(self, day: date, currency: str) -> CardSettlementReport:
        """Return what is paid out for a day."""
        rows = self._books.rows(FILE, "read_settlement", day.isoformat(), currency)
        names = ("movement_id", "reference", "type", "gross_minor", "fee_minor", "net_minor")
        lines = tuple(CardSettlementLine(**dict(zip(names, row, strict=True))) for row in rows)
        return CardSettlementReport(
            id=f"set_{day:%Y%m%d}_{currency}",
            settled_on=day,
            currency=currency,
            gross_minor=sum(line.gross_minor for line in lines),
            fee_minor=sum(line.fee_minor for line in lines),
            net_minor=sum(line.net_minor for line in lines),
            lines=lines,
        )

    def audit(self) -> dict[str, Any]:
        """Say what was done, so that a test can prove that nothing was executed twice."""
        names = ("reference", "kind", "status", "amount_minor", "currency", "arrivals")
        movements = [dict(zip(names, row, strict=True)) for row in self._books.rows(FILE, "read_executed")]
        done = [one for one in movements if one["status"] in ("succeeded", "disputed")]
        refunded = [one for one in done if one["kind"] == "refund"]
        totals: dict[str, int] = {}
        for one in done:
            sign = 1 if one["kind"] == "charge" else -1
            totals[one["currency"]] = totals.get(one["currency"], 0) + sign * one["amount_minor"]
        return {
            "movements": movements,
            "executed": [one["reference"] for one in done if one["kind"] != "refund"],
            "refunded": {one["reference"]: one["amount_minor"] for one in refunded},
            "violations": [{"reference": one, "rule": rule} for one, rule in self._books.rows(FILE, "read_violations")],
            "totals_minor": totals,
        }

    def _content_of(self, reference: str) -> bytes:
        row = self._books.row(FILE, "read_movement", reference)
        return bytes(row[7]) if row else b""

    def _decide(self, kept: KeptMovement, now: datetime) -> None:
        failure = FAILING_TOKENS.get(kept.card_token or "") if kept.charge is None else self._why_no_refund(kept)
        if kept.treatment is Kind.WRONG_IDS:
            failure = failure or "refused_by_issuer"
        status: CardStatus = "failed" if failure else "succeeded"
        one = msgspec.structs.replace(kept.movement, status=status, failure_code=failure)
        if not self._books.run(FILE, "set_status", status, failure, one.reference, "pending"):
            return
        if failure is None:
            self._settle(one, _type_of(one), now)
        self._report(one, kept.treatment, now)
        if failure is None and one.kind == "charge" and self._is_disputed(kept):
            self._dispute(one, kept.treatment, now)

    def _why_no_refund(self, kept: KeptMovement) -> str | None:
        """Say why a charge cannot be refunded: it never succeeded, or less of it is left. None when it can."""
        charge = self.find(kept.charge or "")
        if charge is None or charge.movement.kind != "charge" or charge.movement.status == "failed":
            return "charge_unknown"
        (refunded_minor,) = self._books.row(FILE, "sum_refunded", kept.charge) or (0,)
        is_left = refunded_minor + kept.movement.amount_minor <= charge.movement.amount_minor
        return None if is_left and charge.movement.status == "succeeded" else "charge_used_up"

    def _is_disputed(self, kept: KeptMovement) -> bool:
        is_unlucky = happens(self._terms.seed, self._terms.profile, "dispute", kept.movement.reference)
        return kept.card_token == DISPUTED_TOKEN or is_unlucky

    def _dispute(self, one: CardMovement, treatment: Kind, now: datetime) -> None:
        disputed = msgspec.structs.replace(one, status="disputed")
        self._books.run(FILE, "set_status", "disputed", None, one.reference, "succeeded")
        self._settle(disputed, "charge.disputed", now)
        self._report(disputed, treatment, now)

    def _settle(self, one: CardMovement, event_type: CardEventType, now: datetime) -> None:
        gross, fee = _gross_and_fee(one, event_type)
        day = now.astimezone(UTC).date().isoformat()
        self._books.run(FILE, "insert_settlement", one.id, one.reference, event_type, day, one.currency, gross, fee)

    def _report(self, one: CardMovement, treatment: Kind, now: datetime) -> None:
        if treatment is Kind.DAWDLING:  # never reported; whoever wants to know has to ask
            return
        event = CardEvent(id=f"evt_{_digest(one.reference, one.status)}", type=_type_of(one), created_at=now, data=one)
        is_late = treatment is Kind.PENDING
        overtaken_s = self._terms.pending_s if treatment is Kind.LATE and one.status == "succeeded" else 0.0
        self._callbacks.put(
            event.id,
            JSON,
            msgspec.json.encode(event),
            times=2 if treatment is Kind.TWICE else 1,
            after_s=self._terms.late_s if is_late else overtaken_s,
        )


def _type_of(one: CardMovement) -> CardEventType:
    if one.kind == "payout":
        return "payout.paid" if one.status == "succeeded" else "payout.failed"
    if one.kind == "refund":
        return "refund.paid" if one.status == "succeeded" else "refund.failed"
    types: dict[CardStatus, CardEventType] = {
        "succeeded": "charge.succeeded",
        "disputed": "charge.disputed",
        "failed": "charge.failed",
    }
    return types[one.status]


def _gross_and_fee(one: CardMovement, event_type: CardEventType) -> tuple[int, int]:
    """Return gross as we see it, and the fee, half a minor unit rounded up."""
    if event_type == "charge.disputed":
        return -one.amount_minor, DISPUTE_FEE_MINOR
    if one.kind == "payout":
        return -one.amount_minor, PAYOUT_FEE_MINOR
    if one.kind == "refund":
        return -one.amount_minor, 0  # the charge's fee is not given back, and no other is taken
    return one.amount_minor, CHARGE_FEE_MINOR + (one.amount_minor * CHARGE_FEE_PER_10_000 + 5_000) // 10_000


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
