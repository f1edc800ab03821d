"""Whatever another bank may send: one reader for all kinds of message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.iso20022 import pacs, recalls
from contracts.iso20022.pacs_reading import read_inquiries, read_instructions, read_returns, read_status_reports
from contracts.iso20022.recalls_reading import read_recall_answers, read_recalls
from contracts.iso20022.transactions import parse_xml

Message = (
    tuple[pacs.CreditTransferInstruction, ...]
    | tuple[pacs.StatusReport, ...]
    | tuple[pacs.StatusInquiry, ...]
    | tuple[pacs.PaymentReturn, ...]
    | tuple[recalls.RecallRequest, ...]
    | tuple[recalls.RecallAnswer, ...]
)

READERS: Final[dict[str, Callable[[bytes], Message]]] = {
    pacs.CREDIT_TRANSFER: read_instructions,
    pacs.STATUS_REPORT: read_status_reports,
    pacs.STATUS_INQUIRY: read_inquiries,
    pacs.PAYMENT_RETURN: read_returns,
    recalls.RECALL_REQUEST: read_recalls,
    recalls.RECALL_ANSWER: read_recall_answers,
}


def read_message(content: bytes) -> Message:
    """Read whichever of the messages this is. Raises pacs.WrongMessage."""
    kind, _ = parse_xml(content)
    return READERS[kind](content)
