"""The answer to a payment file: ISO 20022's status of every transaction, read off what the book said. Pure."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

import msgspec
from msgspec import Struct

from command_api.files.transactions import Line
from contracts.iso20022.pain001 import PaymentFile
from contracts.iso20022.pain002 import (
    InstructionReport,
    StatusReason,
    TransactionReport,
    report_on,
    write_pain002,
)
from contracts.rejections import Rejection
from ledger.sequencer.queue import Accepted, Declined, Outcome

NO_REASON: Final = "MS03"
REJECTED: Final = "RJCT"
PARTLY: Final = "PART"
# pain.002 has no word for "funds checked" in all of its versions; the profile was checked in any case.
STATUS_HERE: Final = {"ACFC": "ACCP"}
WEAKEST_FIRST: Final = ("RCVD", "PDNG", "ACTC", "ACCP", "ACSP", "ACSC")

# Why a transaction is no payment at all -> ISO 20022 external status reason.
REASON_OF: Final[dict[str, str]] = {
    Rejection.CREDITOR_IBAN_INVALID: "AC01",
    Rejection.CREDITOR_BIC_INVALID: "RC01",
    Rejection.DEBTOR_ACCOUNT_UNKNOWN: "AC02",
    Rejection.CREDITOR_REFUSED: "BE01",
    Rejection.TRANSACTION_NOT_SUPPORTED: "AG03",
    Rejection.TRANSACTION_INVALID: "FF01",
    Rejection.CURRENCY_UNKNOWN: "AM03",
    Rejection.RAIL_NOT_DEFINED: "AM03",
    Rejection.WRONG_SCALE: "AM12",
    Rejection.AMOUNT_OUT_OF_RANGE: "AM12",
    Rejection.EXECUTION_DATE_TOO_FAR: "DT01",
}


class _Payment(Struct):
    payment_id: str
    status: str
    reason_code: str | None = None
    detail: str | None = None


class _Event(Struct):
    data: _Payment


class _Problem(Struct):
    code: str
    detail: str


def write_report(
    file: PaymentFile, lines: Sequence[Line], outcomes: Sequence[Outcome], *, message_id: str, created_at: datetime
) -> bytes:
    """The pain.002 about a file, every transaction with its status. The same outcomes give the same bytes."""
    statuses = [_status_of(line, outcome) for line, outcome in zip(lines, outcomes, strict=True)]
    together = zip(lines, statuses, strict=True)
    instructions = []
    for _, group in groupby(together, key=lambda pair: pair[0].info_no):
        pairs = list(group)
        transactions = tuple(status for _, status in pairs)
        instructions.append(
            InstructionReport(
                payment_info_id=pairs[0][0].info.payment_info_id,
                status=summary_of([one.status for one in transactions]),
                transactions=transactions,
            )
        )
    report = report_on(
        file,
        message_id=message_id,
        created_at=created_at,
        group_status=summary_of([one.status for one in statuses]),
        instructions=instructions,
    )
    return write_pain002(msgspec.structs.replace(report, reasons=_not_kept(file)))


def summary_of(statuses: Sequence[str]) -> str:
    """One status for many: rejected if all are, partly if some are, else what the slowest has reached."""
    if all(status == REJECTED for status in statuses):
        return REJECTED
    if REJECTED in statuses:
        return PARTLY
    return min(statuses, key=WEAKEST_FIRST.index)


def _status_of(line: Line, outcome: Outcome) -> TransactionReport:
    match outcome:
        case Accepted():
            payment = msgspec.json.decode(outcome.answer, type=_Event).data
            status = STATUS_HERE.get(payment.status, payment.status)
            reason = None
            if status == REJECTED:
                reason = StatusReason(code=payment.reason_code or NO_REASON, additional=payment.detail)
            return _report(line, status, reason, reference=payment.payment_id)
        case Declined():
            problem = msgspec.json.decode(outcome.answer, type=_Problem)
            reason = StatusReason(code=REASON_OF.get(problem.code, NO_REASON), additional=problem.detail)
            return _report(line, REJECTED, reason)


def _report(line: Line, status: str, reason: StatusReason | None, *, reference: str | None = None) -> TransactionReport:
    transaction = line.transaction
    return TransactionReport(
        end_to_end_id=transaction.end_to_end_id,
        status=status,
        instruction_id=transaction.instruction_id,
        uetr=transaction.uetr,
        reasons=() if reason is None else (reason,),
        account_servicer_ref=reference,
    )


def _not_kept(file: PaymentFile) -> tuple[StatusReason, ...]:
    """Say what of the file was read and is not carried on, see contracts/iso20022/pain001.py."""
    return (StatusReason(additional="not kept: " + ", ".join(file.ignored)),) if file.ignored else ()
