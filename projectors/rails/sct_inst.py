"""Instant credit transfers: pacs.008 and pacs.028 over HTTP, each answered by a pacs.002; camt.056 by a camt.029.

Only a well-formed pacs.002 that names our instruction in all its identifications tells anything. A status code of
HTTP, an empty body, another instruction's status, or two statuses at once do not: they may come from something between
us and the bank. The time limit runs from `accepted_at`; behind it nothing is sent, since the bank has to refuse it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, TypeVar

import httpx2

from contracts.iso20022 import pacs
from contracts.iso20022.pacs import CreditTransferInstruction, StatusReport
from contracts.iso20022.pacs_reading import read_status_reports
from contracts.iso20022.recalls import RecallRequest, render_recall
from contracts.iso20022.recalls_reading import read_recall_answers
from projectors.rails.exchanging import Reply, checked_url, exchange, open_http
from projectors.rails.guard import Guard, RailLimits, Unusable
from projectors.rails.metrics import RailMetrics
from projectors.rails.rail import Accepted, NotFound, Pending, RailAnswer, Rejected, Unknown
from runtime.clock import Clock

INSTRUCTIONS_PATH: Final = "/instructions"
INQUIRIES_PATH: Final = "/inquiries"
RECALLS_PATH: Final = "/recalls"
INVALID_FORMAT: Final = "FF01"
REFUSAL_MARGIN: Final = timedelta(seconds=15)
"""How much later than the time limit a bank may still take an instruction: its margin, and the clocks' difference."""

# Refusals of the repetition, which say nothing about what became of the first: the id is known with another content.
ABOUT_THE_REPETITION: Final = frozenset({"AM05", "DUPL"})

M = TypeVar("M")

_XML: Final = {"Content-Type": pacs.MEDIA_TYPE, "Accept": pacs.MEDIA_TYPE}


class SctInst:
    """The rail `sct_inst` to one bank."""

    name = "sct_inst"

    def __init__(
        self,
        http: httpx2.AsyncClient,
        url: str,
        *,
        guard: Guard,
        clock: Clock,
        time_limit: timedelta = pacs.INSTANT_LIMIT,
    ) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._guard = guard
        self._clock = clock
        self._time_limit = time_limit

    async def send(self, instruction: CreditTransferInstruction) -> RailAnswer:
        """Ask the bank to pay. Past the time limit nothing is sent; what cannot be written is refused as FF01."""
        left_s = (instruction.accepted_at + self._time_limit - self._clock.now()).total_seconds()
        if left_s <= 0:
            return Unknown("not sent: the time limit of the instruction is past", sent=False)
        try:
            content = pacs.render_instruction(instruction)
        except pacs.WrongMessage:
            return Rejected(INVALID_FORMAT)

        async def ask() -> RailAnswer:
            reply = await self._post(INSTRUCTIONS_PATH, content)
            report = _report_about(instruction, reply)
            if report.reason_code in ABOUT_THE_REPETITION:
                return Unknown("the bank knows this id with another content")
            if report.reason_code == pacs.NEVER_RECEIVED:
                raise Unusable("says that it never received what it answers")
            return _answer_of(report)

        return await self._guard.ask("send", ask, within_s=left_s)

    async def inquire(self, instruction: CreditTransferInstruction) -> RailAnswer:
        """Ask the bank what became of an instruction. NotFound is final when the bank would refuse it by now."""
        now = self._clock.now()  # before the bank looks: what arrives after its answer is older still
        is_final = now > instruction.accepted_at + self._time_limit + REFUSAL_MARGIN
        inquiry = pacs.inquiry_about(instruction, message_id=instruction.instruction_id, created_at=now)
        try:
            content = pacs.render_inquiry(inquiry)
        except pacs.WrongMessage:
            return NotFound(is_final=True)  # its ids cannot be written, so it cannot have been sent

        async def ask() -> RailAnswer:
            report = _report_about(instruction, await self._post(INQUIRIES_PATH, content))
            if report.status == "RJCT" and report.reason_code == pacs.NEVER_RECEIVED:
                return NotFound(is_final)
            return _answer_of(report)

        return await self._guard.ask("inquire", ask, within_s=self._guard.limits.answer_within_s)

    async def recall(self, request: RecallRequest) -> RailAnswer:
        """Ask for a payment to be given back. The same request again finds out what became of the first."""
        try:
            content = render_recall(request)
        except pacs.WrongMessage:
            return Rejected(INVALID_FORMAT)

        async def ask() -> RailAnswer:
            return _answer_to(request, await self._post(RECALLS_PATH, content))

        return await self._guard.ask("recall", ask, within_s=self._guard.limits.answer_within_s)

    async def _post(self, path: str, content: bytes) -> Reply:
        reply = await exchange(self._http, "POST", self._url + path, content=content, headers=_XML)
        self._guard.note_own_delay(reply.own_delay_ms)
        return reply


@asynccontextmanager
async def open_sct_inst(
    url: str,
    *,
    metrics: RailMetrics,
    clock: Clock,
    limits: RailLimits | None = None,
    time_limit: timedelta = pacs.INSTANT_LIMIT,
) -> AsyncIterator[SctInst]:
    """Open the rail with a connection pool, bulkhead and breaker of its own. Raises ValueError for an unsafe URL."""
    limits = limits or RailLimits()
    guard = Guard(SctInst.name, limits=limits, metrics=metrics, clock=clock)
    async with open_http(limits) as http:
        yield SctInst(http, checked_url(url), guard=guard, clock=clock, time_limit=time_limit)


def _report_about(instruction: CreditTransferInstruction, reply: Reply) -> StatusReport:
    """Return the one status report about the instruction. Raises Unusable."""
    reports = _read(reply, read_status_reports)
    if len(reports) != 1 or not pacs.is_about(reports[0], instruction):
        raise Unusable("about another instruction")
    return reports[0]


def _answer_to(request: RecallRequest, reply: Reply) -> RailAnswer:
    """Return what the one answer to the recall says. Raises Unusable."""
    answers = _read(reply, read_recall_answers)
    if len(answers) != 1 or answers[0].recall_id != request.recall_id:
        raise Unusable("about another recall")
    (answer,) = answers
    about = (answer.original_instruction_id, answer.original_end_to_end_id, answer.original_uetr)
    if about != (request.original_instruction_id, request.original_end_to_end_id, request.original_uetr):
        raise Unusable("about another instruction")
    match answer.status:
        case "ACCR":
            return Accepted(answer.answer_id)
        case "PDCR":
            return Pending(answer.answer_id)
        case "RJCR":
            return Rejected(answer.reason_code or "MS03")  # reading has refused a RJCR without a code


def _read(reply: Reply, reader: Callable[[bytes], tuple[M, ...]]) -> tuple[M, ...]:
    """Read an answer of the bank. Raises Unusable."""
    if reply.status != 200:
        raise Unusable(f"HTTP status {reply.status}")
    if reply.media_type != pacs.MEDIA_TYPE:
        raise Unusable(f"not {pacs.MEDIA_TYPE}")
    try:
        return reader(reply.content)
    except pacs.WrongMessage as error:
        raise Unusable(str(error)) from error


def _answer_of(report: StatusReport) -> RailAnswer:
    match report.status:
        case "ACCC" | "ACSC":
            return Accepted(report.message_id)
        case "ACSP" | "PDNG":
            return Pending(report.message_id)
        case "RJCT":
            return Rejected(report.reason_code or "MS03")  # reading has refused a RJCT without a code
