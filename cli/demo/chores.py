"""What people and banks look after now and then: files that wait for an answer, payments that wait for an operator."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import structlog

from cli.client import BursarClient
from cli.demo.people import OLGA
from cli.demo.sending import Sender
from cli.simulators.file_bank import answer_files
from contracts.iso20022.pacs import WrongMessage
from contracts.views import PaymentLine
from runtime.clock import Clock

PARKED_MAX = 100

log = structlog.get_logger(__name__)


class _Page(msgspec.Struct, frozen=True):
    payments: tuple[PaymentLine, ...]


class Banker:
    """The bank that takes files."""

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    async def __call__(self) -> None:
        """Answer what lies in the outbox. What cannot be answered is logged, and looked at again next time."""
        try:
            await asyncio.to_thread(answer_files, self._folder, now=self._clock.now())
        except (OSError, WrongMessage) as error:
            log.warning("files_unanswered", reason=str(error))


class Operator:
    """Has the rail asked again about payments that were parked."""

    def __init__(self, sender: Sender, queries: BursarClient) -> None:
        """``queries``: a client of the query API that speaks as the operator."""
        self._sender = sender
        self._queries = queries

    async def __call__(self) -> None:
        """Look at what is with a rail. Raises Unreachable."""
        answer = await self._queries.get("/v1/payments", {"status": "ACSP", "limit": PARKED_MAX})
        if not answer.ok:
            return
        for payment in msgspec.json.decode(answer.content, type=_Page).payments:
            if payment.parked:
                wish = {"action": "retry", "reason": "asked the bank by telephone"}
                key = f"demo:parked:{payment.payment_id}:{len(payment.events)}"
                await self._sender.send(f"/v1/payments/{payment.payment_id}/resolve", wish, key=key, person=OLGA)
