"""How the simulated bank answers recalls: each is decided once, after a while, and an agreed one is paid back.

A creditor whose account ends as in `REFUSING_ENDINGS` refuses; others agree, or half of them, as the profile has it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final, Literal

import msgspec

from cli.simulators.bank_books import FILE, BankBooks, BankTerms
from cli.simulators.books import Books
from cli.simulators.callbacks import Callbacks
from cli.simulators.misbehaviour import OUT_OF, draw
from contracts.iso20022 import pacs, recalls
from contracts.iso20022.recalls import RecallAnswer, RecallRequest
from contracts.iso20022.recalls_reading import read_recalls

CONTENT_DIFFERS: Final = "same recall id with another content"
REFUSING_ENDINGS: Final = {"9961": "CUST", "9962": "AM04", "9963": "LEGL"}
"""Accounts whose holders refuse a recall, with the reason; for demonstrations and tests."""
REFUSED_BY_CHANCE: Final = {"demo": OUT_OF // 2, "hostile": OUT_OF // 2}
ALREADY_RETURNED: Final = "ARDT"

RecallState = Literal["pending", "accepted", "refused"]
_STATUS: Final[dict[RecallState, recalls.RecallStatus]] = {"pending": "PDCR", "accepted": "ACCR", "refused": "RJCR"}


class BankRecalls:
    """The bank's recalls; every method is one transaction."""

    def __init__(self, books: Books, payments: BankBooks, callbacks: Callbacks, terms: BankTerms) -> None:
        self._books = books
        self._payments = payments
        self._callbacks = callbacks
        self._terms = terms

    def take(self, request: RecallRequest, *, now: datetime) -> RecallAnswer:
        """Note a recall, or find what was decided when it came before; say how it stands."""
        content = recalls.render_recall(request)
        with self._books.transaction():
            if not self._books.run(
                FILE, "insert_recall", request.recall_id, content, now.timestamp() + self._terms.pending_s
            ):
                self._books.run(FILE, "count_recall", request.recall_id)
            row = self._books.row(FILE, "read_recall", request.recall_id)
            assert row is not None
            kept, state, reason_code = row
            if kept != content:
                self._books.run(FILE, "insert_violation", request.recall_id, CONTENT_DIFFERS)
            return _answer(request, state, reason_code, now)

    def decide_due(self, now: datetime) -> None:
        """Decide what has waited long enough; say so by message, and pay back what was agreed to."""
        with self._books.transaction():
            for (content,) in self._books.rows(FILE, "read_due_recalls", now.timestamp()):
                (request,) = read_recalls(content)
                reason_code = self._refusal(request) or self._give_back(request, now)
                state: RecallState = "refused" if reason_code else "accepted"
                self._books.run(FILE, "decide_recall", state, reason_code, request.recall_id)
                answer = _answer(request, state, reason_code, now)
                self._callbacks.put(answer.answer_id, pacs.MEDIA_TYPE, recalls.render_recall_answers([answer]))

    def all(self) -> list[dict[str, str | int | None]]:
        """Return every recall with its state and how often it came."""
        names = ("recall_id", "state", "reason_code", "arrivals")
        return [dict(zip(names, row, strict=True)) for row in self._books.rows(FILE, "read_recalls")]

    def _refusal(self, request: RecallRequest) -> str | None:
        kept = self._payments.find(request.original_instruction_id)
        if kept is None or kept.state != "executed" or kept.instruction.uetr != request.original_uetr:
            return pacs.NEVER_RECEIVED
        by_chance = draw(self._terms.seed, "recall", request.recall_id) < REFUSED_BY_CHANCE.get(self._terms.profile, 0)
        return REFUSING_ENDINGS.get(kept.instruction.creditor_iban[-4:]) or ("CUST" if by_chance else None)

    def _give_back(self, request: RecallRequest, now: datetime) -> str | None:
        """Return the money; say why not if it was returned before."""
        kept = self._payments.find(request.original_instruction_id)
        assert kept is not None
        is_new = self._payments.give_back(kept, reason_code=recalls.RETURNED_AFTER_RECALL, now=now)
        return None if is_new else ALREADY_RETURNED


def contradicting(answer: RecallAnswer) -> list[RecallAnswer]:
    """Say both yes and no."""
    other = {"status": "ACCR", "reason_code": None} if answer.status == "RJCR" else {
        "status": "RJCR", "reason_code": "CUST",
    }  # fmt: skip
    return [answer, msgspec.structs.replace(answer, **other)]


def _answer(request: RecallRequest, state: RecallState, reason_code: str | None, now: datetime) -> RecallAnswer:
    return RecallAnswer(
        answer_id=f"C{hashlib.sha256(f'{request.recall_id}:{state}'.encode()).hexdigest()[:24]}",
        created_at=now,
        recall_id=request.recall_id,
        original_instruction_id=request.original_instruction_id,
        original_end_to_end_id=request.original_end_to_end_id,
        original_uetr=request.original_uetr,
        status=_STATUS[state],
        reason_code=reason_code,
    )
