"""What the simulated bank decides and keeps: each instruction once, and every movement of our nostro account.

The rules of an instant scheme that matter to whoever sends: an id is known for ever and always gets the same answer;
the same id with another content is refused and counted; an instruction older than its time limit is refused (AB06).
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from cli.simulators.books import Books
from cli.simulators.callbacks import Callbacks
from cli.simulators.misbehaviour import DECIDED_LATER, Kind, draw, happens
from contracts.iso20022 import pacs
from contracts.iso20022.pacs import CreditTransferInstruction, PaymentReturn, StatusReport
from contracts.iso20022.pacs_reading import read_instructions

FILE: Final = "bank"
CLOCK_SKEW: Final = timedelta(seconds=5)
RETURN_AFTER_S: Final = 2.0
CONTENT_DIFFERS: Final = "same instruction id with another content"

REFUSED_ENDINGS: Final = {"9901": "AC03", "9904": "AC04", "9906": "AC06", "9914": "AM14", "9923": "AG01"}
"""Accounts whose number ends like this are refused with this reason, for demonstrations and tests."""

State = Literal["pending", "executed", "rejected"]


class BankTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How this bank works and misbehaves."""

    seed: int = 0
    profile: str = "none"
    bic: str = "BURSDEFF"
    nostro_iban: str = "DE02120300000000202051"
    opening_minor: int = 100_000_000_00
    time_limit_s: float = 10.0
    margin_s: float = 1.0
    pending_s: float = 1.0
    currency: str = "EUR"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An instruction as the bank knows it. `is_new` in the call that brought it, `is_same` unless contents differ."""

    instruction: CreditTransferInstruction
    treatment: Kind
    state: State
    reason_code: str | None
    arrivals: int
    is_new: bool = False
    is_same: bool = True


class Movement(msgspec.Struct, frozen=True):
    """One line of our nostro account; a payment is negative."""

    reference: str
    kind: str
    booked_on: str
    amount_minor: int
    currency: str
    instruction_id: str
    end_to_end_id: str
    uetr: str
    counterparty_name: str
    counterparty_iban: str
    remittance: str


class BankBooks:
    """The bank's decisions; every method is one transaction."""

    def __init__(self, books: Books, callbacks: Callbacks, terms: BankTerms) -> None:
        self._books = books
        self._callbacks = callbacks
        self._terms = terms

    def take(
        self, instruction: CreditTransferInstruction, treatment: Kind, *, now: datetime, is_instant: bool = True
    ) -> Kept:
        """Decide an instruction, or find what was decided when it came before. Only an instant one can be too late."""
        content = pacs.render_instruction(instruction)
        with self._books.transaction():
            known = self.find(instruction.instruction_id)
            if known is not None:
                self._books.run(FILE, "count_arrival", instruction.instruction_id)
                is_same = pacs.render_instruction(known.instruction) == content
                if not is_same:
                    self._books.run(FILE, "insert_violation", instruction.instruction_id, CONTENT_DIFFERS)
                return msgspec.structs.replace(known, arrivals=known.arrivals + 1, is_same=is_same)
            reason = self._refusal(instruction, now, is_instant=is_instant)
            if treatment is Kind.WRONG_IDS:
                reason = reason or "MS03"
            state: State = "rejected" if reason else "pending" if treatment in DECIDED_LATER else "executed"
            decide_at = now.timestamp() + (self._terms.pending_s if state == "pending" else 0.0)
            self._books.run(
                FILE, "insert_instruction", instruction.instruction_id, content,
                instruction.end_to_end_id, instruction.uetr, treatment, state, reason, decide_at,
            )  # fmt: skip
            kept = Kept(
                instruction=instruction, treatment=treatment, state=state, reason_code=reason, arrivals=1, is_new=True
            )
            if state == "executed":
                self._book_payment(instruction, now)
            if treatment is Kind.TWICE:
                self._report(kept, now, times=2)
            return kept

    def together(self) -> AbstractContextManager[None]:
        """One transaction around several decisions."""
        return self._books.transaction()

    def find(self, instruction_id: str) -> Kept | None:
        """Return what is known about an instruction; None if it never came."""
        row = self._books.row(FILE, "read_instruction", instruction_id)
        if row is None:
            return None
        content, treatment, state, reason_code, arrivals = row
        return Kept(
            instruction=read_instructions(content)[0],
            treatment=Kind(treatment),
            state=state,
            reason_code=reason_code,
            arrivals=arrivals,
        )

    def count(self, about: str, what: str) -> int:
        """Count something up, and return the number it has now."""
        row = self._books.row(FILE, "count_up", about, what)
        return int(row[0]) if row else 0

    def settle_due(self, now: datetime) -> None:
        """Execute what was put off until now, and report it."""
        with self._books.transaction():
            for instruction_id, content in self._books.rows(FILE, "read_due", now.timestamp()):
                if self._books.run(FILE, "settle_instruction", instruction_id):
                    self._book_payment(read_instructions(content)[0], now)
                    kept = self.find(instruction_id)
                    assert kept is not None
                    self._report(kept, now)

    def give_back(self, kept: Kept, *, reason_code: str, now: datetime, after_s: float = 0.0) -> bool:
        """Return an executed instruction's money, once; False if it was not executed, or was returned before."""
        if kept.state != "executed":
            return False
        one = kept.instruction
        reference = f"RTR-{hashlib.sha256(one.instruction_id.encode()).hexdigest()[:24]}"
        returned = PaymentReturn(
            return_id=reference,
            created_at=now,
            original_instruction_id=one.instruction_id,
            original_end_to_end_id=one.end_to_end_id,
            original_uetr=one.uetr,
            original_amount_minor=one.amount_minor,
            returned_minor=one.amount_minor,
            currency=one.currency,
            scale=one.scale,
            settled_on=now.date(),
            reason_code=reason_code,
        )
        with self._books.transaction():
            is_new = self._move(reference, "return", one, one.amount_minor, now)
            if is_new:
                body = pacs.render_return(returned)
                self._callbacks.put(reference, pacs.MEDIA_TYPE, body, after_s=after_s)
        return is_new

    def pay_in(self, incoming: CreditTransferInstruction, *, now: datetime, after_s: float = 0.0) -> None:
        """Credit our nostro account with a payment from outside, and tell us by pacs.008."""
        with self._books.transaction():
            if self._move(incoming.instruction_id, "incoming", incoming, incoming.amount_minor, now):
                body = pacs.render_instruction(incoming)
                self._callbacks.put(incoming.instruction_id, pacs.MEDIA_TYPE, body, after_s=after_s)

    def movements(self) -> list[Movement]:
        """Return every movement, oldest first."""
        return [Movement(*row) for row in self._books.rows(FILE, "read_movements")]

    def movements_of(self, day: str, currency: str) -> tuple[int, list[Movement]]:
        """Return the balance before a day (ISO date) in minor units, and the day's movements."""
        before = self._books.row(FILE, "sum_before", day, currency) or (0,)
        opening = self._terms.opening_minor if currency == self._terms.currency else 0
        rows = self._books.rows(FILE, "read_movements_of_day", day, currency)
        return opening + int(before[0]), [Movement(*row) for row in rows]

    def violations(self) -> list[tuple[str, str]]:
        """Return instruction id and broken rule of everything that should not have been sent."""
        return [(str(one), str(rule)) for one, rule in self._books.rows(FILE, "read_violations")]

    def repeated(self) -> dict[str, int]:
        """Return the instructions that came more than once, with how often."""
        return {str(one): int(arrivals) for one, arrivals in self._books.rows(FILE, "read_repeated")}

    def _refusal(self, instruction: CreditTransferInstruction, now: datetime, *, is_instant: bool) -> str | None:
        age = now - instruction.accepted_at
        if is_instant and age > timedelta(seconds=self._terms.time_limit_s + self._terms.margin_s):
            return pacs.TIMED_OUT
        if age < -CLOCK_SKEW:
            return "DT01"
        if instruction.currency != self._terms.currency:
            return "AM03"
        if not has_check_digits(instruction.creditor_iban):
            return "AC01"
        return REFUSED_ENDINGS.get(instruction.creditor_iban[-4:])

    def _book_payment(self, instruction: CreditTransferInstruction, now: datetime) -> None:
        reference = f"PAY-{hashlib.sha256(instruction.instruction_id.encode()).hexdigest()[:24]}"
        self._move(reference, "payment", instruction, -instruction.amount_minor, now)
        seed, profile = self._terms.seed, self._terms.profile
        kept = Kept(instruction=instruction, treatment=Kind.PROMPT, state="executed", reason_code=None, arrivals=1)
        if happens(seed, profile, "return", instruction.instruction_id):
            self.give_back(kept, reason_code="AC04", now=now, after_s=RETURN_AFTER_S)
        elif happens(seed, profile, "answering payment", instruction.instruction_id):
            self.pay_in(_answering(instruction, seed, now), now=now, after_s=RETURN_AFTER_S)

    def _move(
        self, reference: str, kind: str, about: CreditTransferInstruction, amount_minor: int, now: datetime
    ) -> bool:
        is_incoming = kind == "incoming"
        name, iban = about.creditor_name, about.creditor_iban
        if is_incoming:
            name, iban = about.debtor_name, about.debtor_iban
        booked_on = now.astimezone(UTC).date().isoformat()
        ids = (about.instruction_id, about.end_to_end_id, about.uetr)
        values = (reference, kind, booked_on, amount_minor, about.currency, *ids, name, iban, about.remittance)
        return bool(self._books.run(FILE, "insert_movement", *values))

    def _report(self, kept: Kept, now: datetime, *, times: int = 1) -> None:
        report = report_about(kept, now)
        body = pacs.render_status_reports([report])
        message_id = f"sts-{hashlib.sha256(kept.instruction.instruction_id.encode()).hexdigest()[:24]}"
        self._callbacks.put(message_id, pacs.MEDIA_TYPE, body, times=times)


def report_about(kept: Kept, now: datetime) -> StatusReport:
    """Say truthfully what became of an instruction."""
    status: dict[State, pacs.TransactionStatus] = {"pending": "ACSP", "executed": "ACCC", "rejected": "RJCT"}
    one = kept.instruction
    return StatusReport(
        message_id=f"S{hashlib.sha256(one.instruction_id.encode()).hexdigest()[:24]}",
        created_at=now,
        original_instruction_id=one.instruction_id,
        original_end_to_end_id=one.end_to_end_id,
        original_uetr=one.uetr,
        status=status[kept.state],
        reason_code=kept.reason_code,
        accepted_at=one.accepted_at,
    )


def has_check_digits(iban: str) -> bool:
    """Whether an IBAN's check digits are right (ISO 13616: the rearranged number is 1 modulo 97)."""
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


def _answering(instruction: CreditTransferInstruction, seed: int, now: datetime) -> CreditTransferInstruction:
    """Make the payment with which a creditor pays something back to the one who paid."""
    digest = hashlib.sha256(f"{seed}:{instruction.instruction_id}".encode()).hexdigest()
    part = 1 + draw(seed, "part", instruction.instruction_id) * (instruction.amount_minor - 1) // 10_000
    return CreditTransferInstruction(
        instruction_id=f"IN-{digest[:24]}",
        end_to_end_id=f"IN-{digest[:24]}",
        uetr=f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}",
        amount_minor=part,
        currency=instruction.currency,
        scale=instruction.scale,
        debtor_name=instruction.creditor_name,
        debtor_iban=instruction.creditor_iban,
        debtor_bic=instruction.creditor_bic,
        creditor_name=instruction.debtor_name,
        creditor_iban=instruction.debtor_iban,
        creditor_bic=instruction.debtor_bic,
        accepted_at=now,
        remittance=f"Re {instruction.end_to_end_id}",
    )
