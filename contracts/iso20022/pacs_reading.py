"""Reading pacs messages: bytes from another bank become structs, or a WrongMessage that says what is wrong with them.

Read strictly where it matters (namespace and version, identifications, amounts, statuses: each there, once, in its
pattern) and leniently where it does not: an optional element that we have no use for is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar
from xml.etree.ElementTree import Element

import msgspec

from contracts.currencies import SCALE_OF_CURRENCY
from contracts.file_refusals import Unreadable
from contracts.iso20022 import pacs, reading
from contracts.iso20022.reading import XmlLimits, namespaces_of

MESSAGE_BYTES_MAX: Final = 16 * 1024 * 1024  # a bulk of TRANSACTIONS_MAX
DEPTH_MAX: Final = 24  # the deepest path we read has eight steps
LIMITS: Final = XmlLimits(bytes_max=MESSAGE_BYTES_MAX, depth_max=DEPTH_MAX)

_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,5}))?")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_NAMESPACES: Final = namespaces_of(pacs.CREDIT_TRANSFER, pacs.STATUS_REPORT, pacs.STATUS_INQUIRY, pacs.PAYMENT_RETURN)

S = TypeVar("S", bound=msgspec.Struct)
Message = (
    tuple[pacs.CreditTransferInstruction, ...]
    | tuple[pacs.StatusReport, ...]
    | tuple[pacs.StatusInquiry, ...]
    | tuple[pacs.PaymentReturn, ...]
)


def parse_xml(content: bytes) -> tuple[str, Element]:
    """Parse XML; return the message's name (`pacs.002.001.10`) and its root, all elements by local name.

    Bytes of strangers enter through the gate of `reading.py`. Raises pacs.WrongMessage; its text has the gate's code
    and place, not its words, which may quote.
    """
    try:
        message = reading.read_message(content, limits=LIMITS, namespaces=_NAMESPACES)
    except Unreadable as error:
        raise pacs.WrongMessage(f"{error.refusal.code} {error.refusal.where}".rstrip()) from None
    return message.name, message.root


def read_instructions(content: bytes) -> tuple[pacs.CreditTransferInstruction, ...]:
    """Read a pacs.008: one instruction, or a bulk. Raises pacs.WrongMessage."""
    return _read(content, pacs.CREDIT_TRANSFER, "FIToFICstmrCdtTrf", "CdtTrfTxInf", _instruction)


def read_status_reports(content: bytes) -> tuple[pacs.StatusReport, ...]:
    """Read a pacs.002. Raises pacs.WrongMessage, also if it says two things about one instruction."""
    reports = _read(content, pacs.STATUS_REPORT, "FIToFIPmtStsRpt", "TxInfAndSts", _report)
    if len({one.original_instruction_id for one in reports}) < len(reports):
        raise pacs.WrongMessage("contradictory: several statuses for one instruction")
    return reports


def read_inquiries(content: bytes) -> tuple[pacs.StatusInquiry, ...]:
    """Read a pacs.028. Raises pacs.WrongMessage."""
    return _read(content, pacs.STATUS_INQUIRY, "FIToFIPmtStsReq", "TxInf", _inquiry)


def read_returns(content: bytes) -> tuple[pacs.PaymentReturn, ...]:
    """Read a pacs.004. Raises pacs.WrongMessage."""
    return _read(content, pacs.PAYMENT_RETURN, "PmtRtr", "TxInf", _return)


READERS: Final[dict[str, Callable[[bytes], Message]]] = {
    pacs.CREDIT_TRANSFER: read_instructions,
    pacs.STATUS_REPORT: read_status_reports,
    pacs.STATUS_INQUIRY: read_inquiries,
    pacs.PAYMENT_RETURN: read_returns,
}


def read_message(content: bytes) -> Message:
    """Read whichever of the four messages this is. Raises pacs.WrongMessage."""
    kind, _ = parse_xml(content)
    return READERS[kind](content)


class _Part:
    """An element and the path that leads to it, for messages of error."""

    def __init__(self, element: Element, path: str) -> None:
        self.element = element
        self.path = path

    def all(self, name: str) -> list[_Part]:
        return [_Part(element, f"{self.path}/{name}") for element in self.element.findall(name)]

    def maybe(self, path: str) -> _Part | None:
        part: _Part | None = self
        for name in path.split("/"):
            found = part.all(name) if part is not None else []
            if len(found) > 1:
                raise pacs.WrongMessage(f"{found[0].path} stands there {len(found)} times")
            part = found[0] if found else None
        return part

    def one(self, path: str) -> _Part:
        part = self.maybe(path)
        if part is None:
            raise pacs.WrongMessage(f"{self.path}/{path} is missing")
        return part

    @property
    def text(self) -> str:
        if len(self.element):
            raise pacs.WrongMessage(f"{self.path} holds elements, not text")
        return self.element.text or ""

    def text_or_none(self, path: str) -> str | None:
        part = self.maybe(path)
        return part.text if part is not None else None

    def moment(self, path: str) -> datetime:
        text = self.one(path).text.strip()
        if not _MOMENT.fullmatch(text):
            raise pacs.WrongMessage(f"{self.path}/{path} is not a date and time with an offset")
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise pacs.WrongMessage(f"{self.path}/{path} is not a date and time") from error

    def moment_or_none(self, path: str) -> datetime | None:
        return self.moment(path) if self.maybe(path) is not None else None

    def date(self, path: str) -> date:
        try:
            return date.fromisoformat(self.one(path).text.strip())
        except ValueError as error:
            raise pacs.WrongMessage(f"{self.path}/{path} is not a date") from error

    def amount(self, path: str) -> tuple[int, str, int]:
        """Return minor units, currency and scale. Trailing zeros may be left out, as ISO 20022 allows."""
        part = self.one(path)
        currency = part.element.get("Ccy", "")
        scale = SCALE_OF_CURRENCY.get(currency)
        match = _AMOUNT.fullmatch(part.text.strip())
        if scale is None:
            raise pacs.WrongMessage(f"{part.path} has no currency of ISO 4217")
        if match is None or len((match[2] or "").rstrip("0")) > scale:
            raise pacs.WrongMessage(f"{part.path} is not an amount with at most {scale} decimal places")
        minor = int(match[1] + (match[2] or "").rstrip("0").ljust(scale, "0"))
        return minor, currency, scale


def _read(
    content: bytes, kind: str, message: str, transaction: str, build: Callable[[_Part, _Part], S]
) -> tuple[S, ...]:
    name, root = parse_xml(content)
    if name != kind:
        raise pacs.WrongMessage(f"{name} where {kind} belongs")
    document = _Part(root, "Document").one(message)
    transactions = document.all(transaction)
    if not 1 <= len(transactions) <= pacs.TRANSACTIONS_MAX:
        raise pacs.WrongMessage(f"{document.path} holds {len(transactions)} transactions")
    header = document.one("GrpHdr")
    count = header.maybe("NbOfTxs")
    if count is not None and count.text.strip() != str(len(transactions)):
        raise pacs.WrongMessage(f"{count.path} is not the number of transactions")
    return tuple(pacs.checked(build(part, header)) for part in transactions)


def _instruction(part: _Part, header: _Part) -> pacs.CreditTransferInstruction:
    amount_minor, currency, scale = part.amount("IntrBkSttlmAmt")
    return pacs.CreditTransferInstruction(
        instruction_id=part.one("PmtId/InstrId").text,
        end_to_end_id=part.one("PmtId/EndToEndId").text,
        uetr=part.one("PmtId/UETR").text,
        amount_minor=amount_minor,
        currency=currency,
        scale=scale,
        debtor_name=part.one("Dbtr/Nm").text,
        debtor_iban=part.one("DbtrAcct/Id/IBAN").text,
        debtor_bic=part.text_or_none("DbtrAgt/FinInstnId/BICFI"),
        creditor_name=part.one("Cdtr/Nm").text,
        creditor_iban=part.one("CdtrAcct/Id/IBAN").text,
        creditor_bic=part.text_or_none("CdtrAgt/FinInstnId/BICFI"),
        accepted_at=part.moment("AccptncDtTm"),
        remittance=part.text_or_none("RmtInf/Ustrd") or "",
    )


def _report(part: _Part, header: _Part) -> pacs.StatusReport:
    reason = part.text_or_none("StsRsnInf/Rsn/Cd")
    status: Any = part.one("TxSts").text
    if status == "RJCT" and reason is None:
        raise pacs.WrongMessage(f"{part.path} refuses without a reason code")
    return pacs.StatusReport(
        **_identified(part, header),
        status=status,
        reason_code=reason,
        accepted_at=part.moment_or_none("AccptncDtTm"),
    )


def _inquiry(part: _Part, header: _Part) -> pacs.StatusInquiry:
    return pacs.StatusInquiry(**_identified(part, header), accepted_at=part.moment_or_none("AccptncDtTm"))


def _identified(part: _Part, header: _Part) -> dict[str, Any]:
    return {"message_id": header.one("MsgId").text, "created_at": header.moment("CreDtTm"), **_original(part)}


def _original(part: _Part) -> dict[str, str]:
    return {
        "original_instruction_id": part.one("OrgnlInstrId").text,
        "original_end_to_end_id": part.one("OrgnlEndToEndId").text,
        "original_uetr": part.one("OrgnlUETR").text,
    }


def _return(part: _Part, header: _Part) -> pacs.PaymentReturn:
    original_minor, currency, scale = part.amount("OrgnlIntrBkSttlmAmt")
    returned_minor, returned_currency, _ = part.amount("RtrdIntrBkSttlmAmt")
    if returned_currency != currency or returned_minor > original_minor:
        raise pacs.WrongMessage(f"{part.path} returns more than the original amount, or another currency")
    return pacs.PaymentReturn(
        **_original(part),
        return_id=part.one("RtrId").text,
        created_at=header.moment("CreDtTm"),
        original_amount_minor=original_minor,
        returned_minor=returned_minor,
        currency=currency,
        scale=scale,
        settled_on=part.date("IntrBkSttlmDt"),
        reason_code=part.one("RtrRsnInf/Rsn/Cd").text,
    )
