"""Filing: from the bytes of a payment file to the answer, with what the door asks of others in between.

Files are large: they are read in a thread, a few at a time, and everything is bounded before it costs anything. The
file itself is taken first, under the client's idempotency key; so that key is spent on these bytes, and a repeat after
a crash or a lost answer finds every transaction's outcome under the transaction's own key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import asyncpg
import msgspec
from msgspec import Struct

from command_api.assessing import AT_ONCE_MAX, Assessor, without_personal_data
from command_api.desk import Desk
from command_api.files.report import write_report
from command_api.files.transactions import Line, ibans_in, lines_of, payment_of
from command_api.parties import iban_id_of
from contracts.commands import ReceivePaymentFile
from contracts.file_refusals import FileRefusal, FileRefusalCode, HostileXml, WrongContent
from contracts.iso20022.pain001 import PaymentFile, read_pain001
from contracts.iso20022.reading import XmlLimits
from contracts.rejections import Rejection
from ledger.domain.payment_files import UnpayableTransaction
from ledger.sequencer.queue import BATCH_COMMANDS_MAX, Declined, Unavailable, Wish, wish_of
from ledger.store.load import QUERIES
from ledger.store.rows import digest_of, key_hash_of
from runtime.auth import Principal
from runtime.http.framework import ProblemException
from runtime.http.problems import FieldError, problem_of
from runtime.vault import Vault

FILE_BYTES_MAX: Final = 16 * 1024 * 1024
TRANSACTIONS_MAX: Final = BATCH_COMMANDS_MAX
FILES_AT_ONCE_MAX: Final = 2
LIMITS: Final = XmlLimits(bytes_max=FILE_BYTES_MAX, nodes_max=300_000)

_canonical = msgspec.json.Encoder().encode


class Filed(Struct, frozen=True):
    """The answer to a file: its pain.002, where its receipt stands in the book, and whether it came before."""

    report: bytes
    position: int
    replayed: bool


class _Receipt(Struct):
    recorded_at: datetime


class Filing:
    """Takes payment files."""

    def __init__(self, *, book: asyncpg.Pool[Any], assessor: Assessor, vault: Vault | None) -> None:
        self._book = book
        self._assessor = assessor
        self._vault = vault
        self._places = asyncio.Semaphore(FILES_AT_ONCE_MAX)

    async def take(self, body: bytes, desk: Desk, *, key: str, principal: Principal) -> Filed | Declined:
        """Make the payments of a file and report on each; Declined if the file itself is refused by the book.

        Raises ProblemException for what is no payment file, Unavailable if the same file has to be sent again.
        """
        async with self._places:
            file, lines = await asyncio.to_thread(_read, body)
            if self._vault is None:
                raise Unavailable("payment files need vault_keys_file to be set", may_have_happened=False)
            receive = _receiving(file, body, len(lines), principal)
            received = (
                await desk.submit_all([wish_of(receive, key=key, tenant=principal.tenant)], principal=principal)
            )[0]
            if isinstance(received, Declined):
                return received
            wishes = await self._wishes(lines, receive, key=key, principal=principal)
            outcomes = await desk.submit_all(wishes, principal=principal)
            created_at = msgspec.json.decode(received.answer, type=_Receipt).recorded_at
            report = await asyncio.to_thread(
                write_report, file, lines, outcomes, message_id=receive.file_id, created_at=created_at
            )
            return Filed(report, received.position, received.replayed)

    async def _wishes(
        self, lines: Sequence[Line], receive: ReceivePaymentFile, *, key: str, principal: Principal
    ) -> list[Wish]:
        """One wish per transaction, AT_ONCE_MAX assessed at a time."""
        accounts = await self._accounts(lines)
        wishes: list[Wish] = []
        for start in range(0, len(lines), AT_ONCE_MAX):
            part = lines[start : start + AT_ONCE_MAX]
            wishes += await asyncio.gather(
                *(self._wish(line, accounts, receive, key=key, principal=principal) for line in part)
            )
        return wishes

    async def _wish(
        self, line: Line, accounts: Mapping[str, str], receive: ReceivePaymentFile, *, key: str, principal: Principal
    ) -> Wish:
        """A transaction's wish. What identifies it is the file and its place there, not what became of it before."""
        own_key = f"{receive.file_id}:{sha256(f'{key}:{line.place}'.encode()).hexdigest()[:32]}"
        digest = digest_of(f"{receive.sha256}:{line.place}".encode())
        command = payment_of(line, accounts=accounts, file_id=receive.file_id)
        decidable: Any
        if isinstance(command, UnpayableTransaction):
            decidable, canonical = command, _canonical({"rejection": command.rejection})
        else:
            try:
                decidable = await self._assessor.assess(command, principal)
                canonical = _canonical(without_personal_data(command, decidable))
            except ProblemException as wrong:
                decidable = UnpayableTransaction(rejection=Rejection.CREDITOR_REFUSED, detail=_words_of(wrong))
                canonical = _canonical({"rejection": decidable.rejection})
        return Wish(decidable, own_key, key_hash_of(principal.tenant, own_key), canonical, digest)

    async def _accounts(self, lines: Sequence[Line]) -> dict[str, str]:
        """The accounts that the IBANs of a file are assigned to; one look-up for all."""
        assert self._vault is not None
        iban_of = {iban_id_of(iban, self._vault): iban for iban in ibans_in(lines)}
        rows = await self._book.fetch(QUERIES["read_accounts_of_ibans"], list(iban_of))
        return {iban_of[row["id"]]: row["account_id"] for row in rows}


def _read(body: bytes) -> tuple[PaymentFile, list[Line]]:
    """Read and check a whole file. Raises ProblemException: a file is refused as a whole, with the place."""
    read = read_pain001(body, limits=LIMITS)
    if isinstance(read, FileRefusal):
        raise _refused(read)
    count = sum(len(info.transactions) for info in read.instructions)
    if count > TRANSACTIONS_MAX:
        words = f"the file has {count} transactions, at most {TRANSACTIONS_MAX} are taken at once"
        raise _refused(WrongContent(FileRefusalCode.TOO_MANY_LINES, words))
    return read, lines_of(read)


def _refused(refusal: FileRefusal) -> ProblemException:
    status = 400 if isinstance(refusal, HostileXml) else 422
    error = FieldError(f"/{refusal.where}" if refusal.where else "", refusal.code, refusal.words)
    return ProblemException(problem_of(status, refusal.words, code=refusal.code, errors=(error,)))


def _receiving(file: PaymentFile, body: bytes, transactions: int, principal: Principal) -> ReceivePaymentFile:
    sender = f"{principal.tenant}\0{principal.subject}\0{file.message_id}"
    return ReceivePaymentFile(
        file_id=f"file_{sha256(sender.encode()).hexdigest()[:30]}",
        message=file.message,
        message_id=file.message_id,
        sha256=sha256(body).hexdigest(),
        transactions=transactions,
    )


def _words_of(wrong: ProblemException) -> str:
    return wrong.problem.detail
