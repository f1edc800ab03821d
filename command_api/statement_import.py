"""From a bank's file to commands: read, lines sealed, a header and pages of lines under keys that follow from content.

Sealing never gives the same text twice, so what identifies a page is its content before it was sealed. A repeat, after
an interruption or for no reason, is recognised page by page and answered as before.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
from litestar import Response
from msgspec import Struct

from command_api.assessing import LineSealer
from command_api.desk import AnyRequest, Desk, answer_of, unavailable_response
from command_api.requests import StatementFile
from contracts.commands import GivenLine, ImportStatement, ImportStatementLines
from contracts.commands.reconciliation import PAGE_LINES_MAX
from contracts.events import StatementImported
from contracts.file_refusals import FileRefusal
from contracts.iban import mask_iban
from contracts.statements.camt053 import read_camt053
from contracts.statements.csv import CsvDescription, read_csv_description, read_csv_statement
from contracts.statements.mt940 import read_mt940
from contracts.statements.statement import BOOKED, BankLine, BankStatement, Counterparty, References
from ledger.sequencer.queue import Accepted, Outcome, Unavailable, Wish, assessed_wish_of, wish_of
from runtime.auth import Principal
from runtime.http.framework import ProblemException
from runtime.http.problems import FieldError, problem_of

STATEMENT_BODY_BYTES_MAX: Final = 32 * 1024 * 1024  # a month of an account with some 20,000 lines, in base64
SEALED_AT_ONCE_MAX: Final = 16
REFERENCES_MAX: Final = 16
REFERENCE_CHARS_MAX: Final = 140
MASKED_CHARS: Final = 4
_MASKED_CARD: Final = re.compile(r"\*|x{4}", re.IGNORECASE)  # what stands for the digits that are not shown


class ClearLine(Struct, frozen=True, kw_only=True):
    """A line before its texts are sealed; it never leaves this process."""

    line: GivenLine
    party: Counterparty | None
    text: str


class ClearPage(Struct, frozen=True):
    """What identifies a page: its statement, its place, its content."""

    statement_id: str
    first_number: int
    lines: tuple[ClearLine, ...]


async def import_file(file: StatementFile, request: AnyRequest, desk: Desk) -> Response[Any]:
    """Import every statement of a file; stop at the first refusal. Answers with the last outcome."""
    statements = await asyncio.to_thread(read_file, file)  # a large file takes a second; commands must not wait for it
    principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # put there by Authenticate
    outcome: Outcome | None = None
    try:
        for statement in statements:
            async for outcome in _imported(statement, file.account_id, desk, principal):
                if not isinstance(outcome, Accepted):
                    return answer_of(outcome)
    except Unavailable as unavailable:
        return unavailable_response(unavailable)
    assert outcome is not None
    return answer_of(outcome)


def read_file(file: StatementFile) -> Sequence[BankStatement]:
    """Read a file into statements of one account. Raises ProblemException 422 with the reader's code and place."""
    match file.format:
        case "camt053":
            read: Sequence[BankStatement] | BankStatement | FileRefusal = read_camt053(file.content)
        case "mt940":
            read = read_mt940(file.content)
        case "csv":
            read = read_csv_statement(file.content, _description(file), statement_id=_csv_name(file))
    if isinstance(read, FileRefusal):
        raise _refused(read, "/content")
    statements = (read,) if isinstance(read, BankStatement) else read
    accounts = {statement.iban or statement.other_account_id for statement in statements}
    if len(accounts) != 1:
        raise _problem("statement_accounts_differ", f"the file is about {len(accounts)} accounts, not one", "/content")
    return statements


def _description(file: StatementFile) -> CsvDescription:
    if file.description is None:
        raise _problem("description_missing", "a CSV export needs a description of its columns", "/description")
    description = read_csv_description(file.description)
    if isinstance(description, FileRefusal):
        raise _refused(description, "/description")
    return description


def _csv_name(file: StatementFile) -> str:
    if file.bank_statement_id is None:
        raise _problem("statement_name_missing", "a CSV export needs a bank_statement_id", "/bank_statement_id")
    return file.bank_statement_id


def _refused(refusal: FileRefusal, pointer: str) -> ProblemException:
    where = f" ({refusal.where})" if refusal.where else ""
    return _problem(f"statement_{refusal.code}", f"{refusal.words}{where}", pointer)


def _problem(code: str, detail: str, pointer: str) -> ProblemException:
    return ProblemException(problem_of(422, detail, code=code, errors=(FieldError(pointer, code, detail),)))


async def _imported(statement: BankStatement, account_id: str, desk: Desk, principal: Principal) -> Any:
    """Yield the outcome of the header, then of every page; what follows a refusal is not sent."""
    lines = tuple(clear_line(line) for line in statement.lines if line.status == BOOKED)
    header = header_of(statement, lines, account_id)
    key = f"statement:{account_id}:{header.digest}"
    begun = await desk.settle(wish_of(header, key=key, tenant=principal.tenant), principal=principal)
    yield begun
    if not isinstance(begun, Accepted):
        return
    event = msgspec.json.decode(begun.answer, type=dict[str, msgspec.Raw])["data"]
    statement_id = msgspec.json.decode(event, type=StatementImported).statement_id
    for page in pages_of(statement_id, lines):
        wish = await page_wish(page, desk.assessor, account_id=account_id, key=key, tenant=principal.tenant)
        outcome = await desk.settle(wish, principal=principal)
        yield outcome
        if not isinstance(outcome, Accepted):
            return


def header_of(statement: BankStatement, lines: Sequence[ClearLine], account_id: str) -> ImportStatement:
    """The command that begins an import."""
    return ImportStatement(
        account_id=account_id,
        bank_statement_id=statement.statement_id,
        currency=statement.currency,
        opening_minor=statement.opening.amount_minor,
        opening_on=statement.opening.on,
        closing_minor=statement.closing.amount_minor,
        closing_on=statement.closing.on,
        line_count=len(lines),
        digest=sha256(msgspec.json.encode((statement.opening, statement.closing, lines))).hexdigest(),
    )


def pages_of(statement_id: str, lines: Sequence[ClearLine]) -> Iterator[ClearPage]:
    """Cut lines into pages."""
    for start in range(0, len(lines), PAGE_LINES_MAX):
        yield ClearPage(statement_id, start + 1, tuple(lines[start : start + PAGE_LINES_MAX]))


async def page_wish(page: ClearPage, sealer: LineSealer, *, account_id: str, key: str, tenant: str) -> Wish:
    """Seal a page and put it under its key; its digest is that of the page before sealing."""
    gate = asyncio.Semaphore(SEALED_AT_ONCE_MAX)

    async def sealed(clear: ClearLine) -> GivenLine:
        async with gate:
            return await seal_line(clear, sealer, account_id=account_id)

    lines = await asyncio.gather(*map(sealed, page.lines))
    command = ImportStatementLines(statement_id=page.statement_id, first_number=page.first_number, lines=tuple(lines))
    return assessed_wish_of(page, assessed=command, stored=command, key=f"{key}:{page.first_number}", tenant=tenant)


async def seal_line(clear: ClearLine, sealer: LineSealer, *, account_id: str) -> GivenLine:
    """Seal the names and the text of a line for whom they are about: the counterparty, or else the account."""
    identity = None if clear.party is None else clear.party.iban or clear.party.other_id or clear.party.name
    token = None if identity is None else sealer.token_of(identity)
    name = "" if clear.party is None else "\n".join(part for part in msgspec.structs.astuple(clear.party) if part)
    fields = {field: text for field, text in (("counterparty", name), ("text", clear.text)) if text}
    if not fields:
        return clear.line
    subject = token or f"acct:{account_id}"
    sealed = await sealer.seal(subject, fields)
    return msgspec.structs.replace(
        clear.line,
        counterparty=token,
        counterparty_masked=_masked(clear.party),
        data_subject=subject,
        sealed_counterparty=sealed.get("counterparty"),
        sealed_text=sealed.get("text"),
    )


def _masked(party: Counterparty | None) -> str | None:
    if party is None:
        return None
    if party.iban is not None:
        return mask_iban(party.iban)
    return None if party.other_id is None else "…" + party.other_id[-MASKED_CHARS:]


def clear_line(line: BankLine) -> ClearLine:
    """Take from a bank's line what is imported; the references of a batch line are those of its details as well."""
    details = () if line.batch is None else line.batch.details
    batch = () if line.batch is None else (line.batch.payment_info_id, line.batch.message_id)
    names = [
        *_names(line.references),
        line.entry_ref,
        *batch,
        *(name for detail in details for name in _names(detail.references)),
    ]
    return ClearLine(
        line=GivenLine(
            booked_on=line.booked_on,
            value_on=line.valued_on,
            amount_minor=line.amount_minor,
            code=_one_line(line.code),
            reversal=line.reversal,
            references=_references(names),
        ),
        party=line.counterparty,
        text=line.remittance,
    )


def _names(references: References) -> Iterator[str | None]:
    """References in the order of how much they say."""
    yield references.end_to_end_id
    yield references.uetr
    yield references.instruction_id
    yield references.transaction_id
    if references.cheque_number is not None and not _MASKED_CARD.search(references.cheque_number):
        yield references.cheque_number
    yield references.payment_info_id
    yield references.message_id
    yield references.account_servicer_ref


def _references(names: Iterable[str | None]) -> tuple[str, ...]:
    """Each once, on one line; a mandate or a card is no reference of a payment and is not among them."""
    clean = (_one_line(name) for name in names)
    return tuple(dict.fromkeys(name for name in clean if name is not None))[:REFERENCES_MAX]


def _one_line(text: str | None) -> str | None:
    words = "" if text is None else " ".join(text.split())
    return "".join(filter(str.isprintable, words))[:REFERENCE_CHARS_MAX] or None
