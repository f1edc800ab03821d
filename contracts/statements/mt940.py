"""MT940, SWIFT's statement of 1990 that banks still send: read by the mt-940 library, in the dialects of several banks.

What differs from bank to bank is field 86. Read here: the German structure (``?20`` .. ``?29`` remittance, ``?31``
account, ``?32`` name, with SEPA words such as ``EREF+`` inside), the same with ``>`` instead of ``?``, the Dutch slash
words (``/EREF/…/NAME/…/REMI/…``), and free text, which is kept as it is.

Two habits of the library are worked around: its ``parse`` opens a file if the text happens to be a file's name, so the
text goes to the model directly; and it logs what it cannot read, which may be somebody's name, so its logger is
silenced.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from contracts.file_refusals import FileRefusal, FileRefusalCode, Unreadable, wrong
from contracts.statements.statement import (
    LINES_MAX,
    STATEMENTS_MAX,
    Balance,
    BankLine,
    BankStatement,
    Counterparty,
    References,
    checked,
)
from contracts.written_amounts import written_minor

BYTES_MAX: Final = 32 * 1024 * 1024
ENCODINGS: Final = ("utf-8", "latin-1")  # SWIFT's own set is ASCII; banks that write more mean one of these
_STATEMENT_START: Final = re.compile(r"(?m)^(?=:20:)")
_ENVELOPE: Final = re.compile(r"(?m)^(-\}?.*|\{\d:.*)$")
_GERMAN_FIELD: Final = re.compile(r"^:86:[ ]?(\d{3}[?>]\d{2}.*?)(?=^:\d{2}[A-Z]?:|\Z)", re.MULTILINE | re.DOTALL)
_ARROWS: Final = re.compile(r">(?=\d{2})")
_BANKS_OWN: Final = "MTLG:"  # a message of the bank's, which some append to whatever word stands last
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\Z")
_SLASH_WORD: Final = re.compile(
    r"/(EREF|KREF|PREF|IREF|MARF|MREF|RTRN|TRTP|IBAN|BIC|NAME|CNTP|REMI|BENM|ORDP|CSID|CDTRREFTP|CDTRREF|ISDT|UCRD"
    r"|PURP|SVCL|UDTR|ULTC|ULTD|TRCD|SVWZ)/"
)
_NOTHING: Final = frozenset({"", "NONREF", "NOTPROVIDED", "NONE", "EREF", "KREF", "KREF+", "EREF+"})
_OPENING: Final = {"final_opening_balance": "OPBD", "intermediate_opening_balance": "ITBD", "opening_balance": "OPBD"}
_CLOSING: Final = {"final_closing_balance": "CLBD", "intermediate_closing_balance": "ITBD", "closing_balance": "CLBD"}


def read_mt940(body: bytes) -> tuple[BankStatement, ...] | FileRefusal:
    """Read all statements of a file, or say why not. Never raises for what is in the file."""
    try:
        blocks = list(_blocks(_text_of(body)))
        if not blocks:
            raise wrong(FileRefusalCode.UNKNOWN_FORMAT, "no line begins with :20:, so this is no MT940 file")
        return tuple(_statement(block, f"statement {nth}") for nth, block in enumerate(blocks, start=1))
    except Unreadable as error:
        return error.refusal


def _text_of(body: bytes) -> str:
    if len(body) > BYTES_MAX:
        raise wrong(FileRefusalCode.TOO_LARGE, f"it has more than {BYTES_MAX} bytes")
    if b"\0" in body:
        raise wrong(FileRefusalCode.NUL_BYTE, "it has a NUL byte")
    for encoding in ENCODINGS:
        try:
            return body.decode(encoding).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    raise wrong(FileRefusalCode.WRONG_ENCODING, f"it is neither of {', '.join(ENCODINGS)}")


def _blocks(text: str) -> Iterator[str]:
    """Cut at each :20: and drop the SWIFT envelopes around the statements."""
    parts = [part for part in _STATEMENT_START.split(text) if part.startswith(":20:")]
    if len(parts) > STATEMENTS_MAX:
        raise wrong(FileRefusalCode.TOO_MANY_STATEMENTS, f"{len(parts)} statements, {STATEMENTS_MAX} allowed")
    for part in parts:
        end = _ENVELOPE.search(part)
        yield part[: end.start()] if end else part


def _statement(block: str, where: str) -> BankStatement:
    import mt940

    logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)
    line_tag = mt940.tags.StatementGLS()  # like the standard's :61:, but lets references be longer than 16 characters
    parsed = mt940.models.Transactions(tags={line_tag.id: line_tag}, options=mt940.Options.all())
    try:
        parsed.parse(_GERMAN_FIELD.sub(lambda found: ":86:" + _ARROWS.sub("?", found[1]), block))
    except (RuntimeError, ValueError, ArithmeticError) as error:
        raise wrong(FileRefusalCode.MALFORMED_LINE, _why(error), where) from error
    if len(parsed) != block.count("\n:61:"):
        raise wrong(FileRefusalCode.MALFORMED_LINE, f"{len(parsed)} of its :61: lines could be read", where)
    if len(parsed) > LINES_MAX:
        raise wrong(FileRefusalCode.TOO_MANY_LINES, f"{len(parsed)} lines, {LINES_MAX} allowed", where)
    head: Mapping[str, Any] = parsed.data
    opening, currency = _balance(head, _OPENING, where)
    closing, closing_currency = _balance(head, _CLOSING, where)
    if closing_currency != currency:
        raise wrong(
            FileRefusalCode.CURRENCY_MISMATCH, f"it opens in {currency} and closes in {closing_currency}", where
        )
    account = str(head.get("account_identification") or "").strip()
    if not account:
        raise wrong(FileRefusalCode.MISSING_ELEMENT, "the account (:25:) is missing", where)
    is_iban = _IBAN.match(account) is not None
    number, page = head.get("statement_number"), head.get("sequence_number")
    lines = tuple(_line(entry.data, currency, f"{where}, line {nth}") for nth, entry in enumerate(parsed, start=1))
    statement = BankStatement(
        statement_id=str(head.get("transaction_reference") or "").strip(),
        currency=currency,
        opening=opening,
        closing=closing,
        lines=lines,
        iban=account if is_iban else None,
        other_account_id=None if is_iban else account,
        sequence="/".join(str(part) for part in (number, page) if part) or None,
    )
    return checked(statement, where)


def _why(error: Exception) -> str:
    """What the library says, without the line itself: the words may be logged, the line may name people."""
    tag = getattr(error.args[1], "name", "") if len(error.args) > 1 else ""
    return f"a line cannot be read ({tag or type(error).__name__})"


def _balance(head: Mapping[str, Any], kinds: Mapping[str, str], where: str) -> tuple[Balance, str]:
    for name, kind in kinds.items():
        if (found := head.get(name)) is not None:
            currency = str(found.amount.currency)
            minor = _minor(found.amount.amount, currency, where)
            return Balance(kind=kind, amount_minor=minor, on=_plain_day(found.date)), currency
    raise wrong(FileRefusalCode.MISSING_BALANCE, "it lacks an opening or a closing balance (:60:, :62:)", where)


def _minor(amount: Any, currency: str, where: str) -> int:
    """Minor units of the library's signed Decimal, by way of its exact text."""
    text = format(amount, "f")
    sign = -1 if text.startswith("-") else 1
    return sign * written_minor(text.lstrip("-"), currency=currency, where=where)


def _plain_day(day: date) -> date:
    return date(day.year, day.month, day.day)  # the library's own date class, which msgspec does not take


def _line(data: Mapping[str, Any], currency: str, where: str) -> BankLine:
    mark = str(data["status"]).upper()
    details = str(data.get("transaction_details") or "")
    said = _said(data, details)
    code = str(data.get("id") or "").strip() or None
    own_reference = str(data.get("customer_reference") or "").partition("\n")[0]
    return BankLine(
        amount_minor=_minor(data["amount"].amount, currency, where),
        currency=currency,
        booked_on=_plain_day(data.get("entry_date") or data["date"]) if _has_day(data) else _plain_day(data["date"]),
        valued_on=_plain_day(data["date"]),
        reversal=mark.startswith("R"),
        code=code,
        references=References(
            end_to_end_id=_meant(said.get("end_to_end_id")),
            instruction_id=_meant(said.get("instruction_id")) or _meant(own_reference),
            mandate_id=_meant(said.get("mandate_id")),
            account_servicer_ref=_meant(data.get("bank_reference")),
        ),
        counterparty=_counterparty(said),
        remittance=said.get("remittance") or "",
    )


def _has_day(data: Mapping[str, Any]) -> bool:
    return isinstance(data.get("entry_date"), date)


def _meant(text: object) -> str | None:
    """A reference, unless it is one of the words that say there is none."""
    stripped = str(text or "").strip()
    return None if stripped.upper() in _NOTHING else stripped


def _counterparty(said: Mapping[str, str | None]) -> Counterparty | None:
    account = (said.get("account") or "").replace(" ", "")
    is_iban = _IBAN.match(account) is not None
    party = Counterparty(
        name=(said.get("name") or "").strip() or None,
        iban=account if is_iban else None,
        other_id=account if account and not is_iban else None,
        bic=(said.get("bic") or "").strip() or None,
    )
    return None if party == Counterparty() else party


def _said(data: Mapping[str, Any], details: str) -> dict[str, str | None]:
    """Take field 86 apart, whichever dialect it is in."""
    joined = details.replace("\n", "")
    if _SLASH_WORD.search(joined):
        return _slash_words(joined, str(data.get("extra_details") or ""))
    if not details and data.get("transaction_code") is not None:
        return _german(data)
    lines = (line.strip() for line in details.splitlines())
    return {"remittance": "\n".join(line for line in lines if line)}


def _german(fields: Mapping[str, Any]) -> dict[str, str | None]:
    """Gather what the library took out of the German structure; a message of the bank's goes to the remittance."""
    # The library joins the reference of :61: and the KREF of :86: with a line end; the latter is the longer one.
    instruction, _, bank_says = (fields.get("customer_reference") or "").rpartition("\n")[2].partition(_BANKS_OWN)
    remittance = (
        fields.get("purpose") or fields.get("posting_text"),
        fields.get("additional_purpose"),
        _BANKS_OWN + bank_says if bank_says else None,
    )
    return {
        "end_to_end_id": (fields.get("end_to_end_reference") or "").partition(_BANKS_OWN)[0],
        "instruction_id": instruction,
        "mandate_id": fields.get("additional_position_reference"),
        "name": fields.get("applicant_name"),
        "account": fields.get("gvc_applicant_iban") or fields.get("applicant_iban"),
        "bic": fields.get("gvc_applicant_bin") or fields.get("applicant_bin"),
        "remittance": "\n".join(text.strip() for text in remittance if text),
    }


def _slash_words(joined: str, extra: str) -> dict[str, str | None]:
    """Take ``/WORD/value/WORD/value`` apart. CNTP holds account, bank, name and town, with slashes between."""
    parts = _SLASH_WORD.split(joined)
    words: dict[str, str] = {}
    for word, value in zip(parts[1::2], parts[2::2], strict=True):
        words.setdefault(word, value.strip("/ "))
    account, bank, name = words.get("IBAN", ""), words.get("BIC", ""), words.get("NAME", "")
    if "CNTP" in words:
        account, bank, name, *_ = (*words["CNTP"].split("/"), "", "", "")
    return {
        "end_to_end_id": words.get("EREF"),
        "instruction_id": words.get("KREF") or words.get("PREF"),
        "mandate_id": words.get("MARF") or words.get("MREF"),
        "name": name,
        "account": account or extra.strip(),
        "bic": bank,
        "remittance": (words.get("REMI") or words.get("SVWZ") or "").removeprefix("USTD//"),
    }
