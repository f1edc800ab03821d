"""The simulated bank's door: pacs messages in, pacs messages out, an audit page and a statement.

| Request | Answer |
|---|---|
| `POST /instructions` (pacs.008) | pacs.002, or what the misbehaviour makes of it |
| `POST /inquiries` (pacs.028) | pacs.002; RJCT with NOOR if the instruction never came |
| `POST /recalls` (camt.056) | camt.029: pending at first; the decision also comes by callback |
| `GET /audit` | JSON: what was executed, what came twice, what should not have come |
| `GET /statement?date=2026-11-30&currency=EUR` | camt.053 of our nostro account |
| `POST /incoming` (pacs.008) | 202: an incoming payment is made and reported by callback |
| `POST /returns` (JSON: `instruction_id`, `reason_code`) | 202: an executed payment is returned, by callback |
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date
from typing import Final
from urllib.parse import parse_qs

import msgspec

from cli.simulators.bank_books import BankBooks, BankTerms, Kept, report_about
from cli.simulators.bank_recalls import BankRecalls, contradicting
from cli.simulators.callbacks import wait_for
from cli.simulators.misbehaviour import NOT_NOTICED, Kind, answer_of, treatment_of
from cli.simulators.nostro_statement import render_statement
from cli.simulators.spoiling import (
    BODY_BYTES_MAX,
    Answer,
    Pace,
    give,
    give_spoilt,
    hold,
    json_answer,
    serve,
    wants,
)
from contracts.iso20022 import pacs
from contracts.iso20022.pacs import CreditTransferInstruction, StatusReport
from contracts.iso20022.pacs_reading import read_inquiries, read_instructions
from contracts.iso20022.recalls import render_recall_answers
from contracts.iso20022.recalls_reading import read_recalls
from runtime.clock import Clock
from runtime.http.asgi import Receive, Scope, Send, read_body

SETTLE_EVERY_S: Final = 0.05
DUPLICATE: Final = "DUPL"


class _ReturnWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    instruction_id: str
    reason_code: str = "AC04"


class Bank:
    """The bank as an ASGI application, with its two questions and its pages."""

    def __init__(
        self,
        books: BankBooks,
        recalls: BankRecalls,
        terms: BankTerms,
        pace: Pace,
        *,
        clock: Clock,
        stop: asyncio.Event,
    ) -> None:
        self._books = books
        self._recalls = recalls
        self._terms = terms
        self._pace = pace
        self._clock = clock
        self._stop = stop

    async def settle_later(self) -> None:
        """Execute what was put off, until the process stops."""
        while not self._stop.is_set():
            self._books.settle_due(self._clock.now())
            self._recalls.decide_due(self._clock.now())
            await wait_for(self._stop, SETTLE_EVERY_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await serve(self._answer, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if wants(scope, "POST", "/instructions"):
            (instruction,) = read_instructions(await read_body(receive, BODY_BYTES_MAX))
            await self._take(instruction, receive, send)
        elif wants(scope, "POST", "/inquiries"):
            await self._inquire(await read_body(receive, BODY_BYTES_MAX), receive, send)
        elif wants(scope, "POST", "/recalls"):
            await self._recall(await read_body(receive, BODY_BYTES_MAX), receive, send)
        elif wants(scope, "GET", "/audit"):
            await give(send, json_answer(self.audit()))
        elif wants(scope, "GET", "/statement"):
            await give(send, self._statement(scope))
        elif wants(scope, "POST", "/incoming"):
            (incoming,) = read_instructions(await read_body(receive, BODY_BYTES_MAX))
            self._books.pay_in(incoming, now=self._clock.now())
            await give(send, json_answer({"instruction_id": incoming.instruction_id}, status=202))
        elif wants(scope, "POST", "/returns"):
            await give(send, self._give_back(await read_body(receive, BODY_BYTES_MAX)))
        else:
            await give(send, json_answer({"detail": "no such page"}, status=404))

    async def _take(self, instruction: CreditTransferInstruction, receive: Receive, send: Send) -> None:
        one = instruction.instruction_id
        treatment = treatment_of(self._terms.seed, self._terms.profile, one)
        known = self._books.find(one)
        if known is None and treatment in NOT_NOTICED and self._books.count(one, "not noticed") == 1:
            await give_spoilt(treatment, _NOTHING, receive, send, self._stop)
            return
        if treatment in NOT_NOTICED:
            treatment = Kind.PROMPT
        kept = self._books.take(instruction, treatment, now=self._clock.now())
        if not kept.is_new:
            treatment = self._later_answer(one, "sending", kept.arrivals - 1)
        if not await hold(receive, self._stop, self._pace.wait_s(treatment)):
            return
        report = report_about(kept, self._clock.now())
        if not kept.is_same:
            report = msgspec.structs.replace(report, status="RJCT", reason_code=DUPLICATE)
        elif treatment is Kind.PENDING and kept.state == "pending":
            report = msgspec.structs.replace(report, status="PDNG")
        await give_spoilt(treatment, self._status(report, treatment), receive, send, self._stop)

    async def _inquire(self, body: bytes, receive: Receive, send: Send) -> None:
        (inquiry,) = read_inquiries(body)
        one = inquiry.original_instruction_id
        kind = self._later_answer(one, "inquiry", self._books.count(one, "inquiry"))
        if not await hold(receive, self._stop, self._pace.wait_s(kind)):
            return
        now = self._clock.now()
        kept = self._books.find(one)
        report = StatusReport(
            message_id=inquiry.message_id,
            created_at=now,
            original_instruction_id=one,
            original_end_to_end_id=inquiry.original_end_to_end_id,
            original_uetr=inquiry.original_uetr,
            status="RJCT",
            reason_code=pacs.NEVER_RECEIVED,
        )
        if kept is not None and _asks_about(report, kept):
            report = report_about(kept, now)
        await give_spoilt(kind, self._status(report, kind), receive, send, self._stop)

    async def _recall(self, body: bytes, receive: Receive, send: Send) -> None:
        (request,) = read_recalls(body)
        answer = self._recalls.take(request, now=self._clock.now())
        kind = self._later_answer(request.recall_id, "recall", self._books.count(request.recall_id, "recall"))
        if not await hold(receive, self._stop, self._pace.wait_s(kind)):
            return
        if kind is Kind.WRONG_IDS:
            answer = msgspec.structs.replace(answer, recall_id="other-recall", status="ACCR", reason_code=None)
        content = render_recall_answers(contradicting(answer) if kind is Kind.CONTRADICTORY else [answer])
        marked = self._pace.marked(Answer(body=content, media_type=pacs.MEDIA_TYPE))
        await give_spoilt(kind, marked, receive, send, self._stop)

    def audit(self) -> dict[str, object]:
        """Say what was done, so that a test can prove that nothing was executed twice."""
        movements = self._books.movements()
        payments = [one for one in movements if one.kind == "payment"]
        times = Counter(one.end_to_end_id for one in payments)
        totals: Counter[str] = Counter()
        for one in payments:
            totals[one.currency] -= one.amount_minor
        return {
            "executed": [
                {
                    "instruction_id": one.instruction_id,
                    "end_to_end_id": one.end_to_end_id,
                    "amount_minor": -one.amount_minor,
                    "currency": one.currency,
                }
                for one in payments
            ],
            "executed_more_than_once": {name: number for name, number in times.items() if number > 1},
            "repeated_instructions": self._books.repeated(),
            "violations": [{"instruction_id": one, "rule": rule} for one, rule in self._books.violations()],
            "totals_minor": dict(totals),
            "recalls": self._recalls.all(),
            "returns": [one.instruction_id for one in movements if one.kind == "return"],
            "incoming": [one.instruction_id for one in movements if one.kind == "incoming"],
        }

    def _later_answer(self, instruction_id: str, question: str, number: int) -> Kind:
        return answer_of(self._terms.seed, self._terms.profile, instruction_id, question=question, number=number)

    def _status(self, report: StatusReport, kind: Kind) -> Answer:
        reports = [report]
        if kind is Kind.CONTRADICTORY:
            is_refused = report.status == "RJCT"
            other = {"status": "ACCC", "reason_code": None} if is_refused else {"status": "RJCT", "reason_code": "MS03"}
            reports.append(msgspec.structs.replace(report, **other))
        elif kind is Kind.WRONG_IDS:
            other_id = f"other-{report.original_end_to_end_id}"[:35].rstrip()
            reports = [
                msgspec.structs.replace(report, original_instruction_id=other_id, status="ACCC", reason_code=None)
            ]
        return self._pace.marked(Answer(body=pacs.render_status_reports(reports), media_type=pacs.MEDIA_TYPE))

    def _statement(self, scope: Scope) -> Answer:
        given = {name: values[0] for name, values in parse_qs(scope["query_string"].decode("ascii")).items()}
        day = date.fromisoformat(given.get("date", ""))
        currency = given.get("currency", self._terms.currency)
        opening_minor, movements = self._books.movements_of(day.isoformat(), currency)
        body = render_statement(self._terms, day, currency, opening_minor=opening_minor, movements=movements)
        return Answer(body=body, media_type=pacs.MEDIA_TYPE)

    def _give_back(self, body: bytes) -> Answer:
        wish = msgspec.json.decode(body, type=_ReturnWish)
        kept = self._books.find(wish.instruction_id)
        if kept is None or kept.state != "executed":
            return json_answer({"detail": "no executed instruction has this id"}, status=404)
        self._books.give_back(kept, reason_code=wish.reason_code, now=self._clock.now())
        return json_answer({"instruction_id": wish.instruction_id}, status=202)


_NOTHING: Final = Answer(body=b"", media_type=pacs.MEDIA_TYPE)


def _asks_about(report: StatusReport, kept: Kept) -> bool:
    return pacs.is_about(report, kept.instruction)
