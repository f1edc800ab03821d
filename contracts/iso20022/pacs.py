"""What one bank says to another about a payment: pacs.008, pacs.002, pacs.028 and pacs.004, as structs and as XML.

| Message | Struct | Says |
|---|---|---|
| pacs.008.001.08 | CreditTransferInstruction | pay this |
| pacs.002.001.10 | StatusReport | what became of it |
| pacs.028.001.03 | StatusInquiry | what became of it? |
| pacs.004.001.09 | PaymentReturn | here is your money back, for this reason |

Rendering is a pure function of the struct, so an instruction that is sent again is the same bytes again: a bank that
compares contents finds a repetition, not another payment. The texts are fixed templates (some microseconds a message;
building the classes generated from the schemas takes a hundred times that); tests read each template back with those
classes, and re-render it, which shows names, order and types. Reading is in `pacs_reading.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Literal, TypeVar
from xml.sax.saxutils import escape

import msgspec
from msgspec import Meta

from contracts.iso20022.writing import agent_element, amount_element, document, original_ids, time_text
from contracts.money import AMOUNT_MINOR_MAX, SCALE_MAX, text_of

CREDIT_TRANSFER: Final = "pacs.008.001.08"
STATUS_REPORT: Final = "pacs.002.001.10"
STATUS_INQUIRY: Final = "pacs.028.001.03"
PAYMENT_RETURN: Final = "pacs.004.001.09"
MEDIA_TYPE: Final = "application/xml"

INSTANT_LIMIT: Final = timedelta(seconds=10)
"""From acceptance to the creditor bank's answer (Regulation (EU) 2024/886, in Art. 5a of Regulation 260/2012)."""

NEVER_RECEIVED: Final = "NOOR"
"""Reason code of an inquiry's answer: the original was never received (ISO external code set)."""
TIMED_OUT: Final = "AB06"
"""Reason code of a refusal because the instruction arrived after its time limit."""
TRANSACTIONS_MAX: Final = 10_000  # of one bulk message

_TEXT: Final = r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"  # XML 1.0 cannot carry the rest, or nobody can read it

MessageRef = Annotated[
    str,
    Meta(
        pattern=rf"^{_TEXT}{{1,35}}\Z",
        description="Identification of a message or transaction (Max35Text). A bank may allow fewer characters.",
    ),
]
Uetr = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z",
        description="Unique end-to-end transaction reference: a version 4 UUID in lower case.",
    ),
]
PartyName = Annotated[
    str, Meta(pattern=rf"^{_TEXT}{{1,140}}\Z", description="Name of a party, at most 140 characters.")
]
Remittance = Annotated[str, Meta(pattern=rf"^{_TEXT}{{0,140}}\Z", description="Text for the creditor; may be empty.")]
Iban = Annotated[str, Meta(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\Z", description="IBAN without spaces.")]
Bic = Annotated[str, Meta(pattern=r"^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?\Z", description="BIC, 8 or 11 long.")]
Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MINOR_MAX, description="In minor units.")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", description="ISO 4217 code.")]
Scale = Annotated[int, Meta(ge=0, le=SCALE_MAX, description="Decimal places of the currency.")]
ReasonCode = Annotated[str, Meta(pattern=r"^[A-Z0-9]{4}\Z", description="External code set, e.g. AC04.")]
Aware = Annotated[datetime, Meta(tz=True)]

TransactionStatus = Literal["ACCC", "ACSC", "ACSP", "PDNG", "RJCT"]
"""ACCC: the creditor has it. ACSC: settled. ACSP: in process. PDNG: waits. RJCT: refused, and never executed."""


class WrongMessage(ValueError):
    """Not a message of this kind, or one that breaks its rules. The text names the place, never what stood there."""


class CreditTransferInstruction(msgspec.Struct, frozen=True, kw_only=True):
    """Pay an amount from a debtor's account to a creditor's.

    `instruction_id` names this attempt; the same id with another content is a contradiction, not another payment.
    `accepted_at` is when we accepted the payer's order: the time limit of an instant payment runs from there, so it
    is never refreshed when the instruction is sent again. A bank whose BIC is not given is found by the IBAN.
    """

    instruction_id: MessageRef
    end_to_end_id: MessageRef
    uetr: Uetr
    amount_minor: Amount
    currency: Currency
    scale: Scale
    debtor_name: PartyName
    debtor_iban: Iban
    debtor_bic: Bic | None = None
    creditor_name: PartyName
    creditor_iban: Iban
    creditor_bic: Bic | None = None
    accepted_at: Aware
    remittance: Remittance = ""


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an instruction. `reason_code` is given with RJCT; `accepted_at` repeats the original's."""

    message_id: MessageRef
    created_at: Aware
    original_instruction_id: MessageRef
    original_end_to_end_id: MessageRef
    original_uetr: Uetr
    status: TransactionStatus
    reason_code: ReasonCode | None = None
    accepted_at: Aware | None = None


class StatusInquiry(msgspec.Struct, frozen=True, kw_only=True):
    """The question what became of an instruction. It moves nothing and may be asked as often as one likes."""

    message_id: MessageRef
    created_at: Aware
    original_instruction_id: MessageRef
    original_end_to_end_id: MessageRef
    original_uetr: Uetr
    accepted_at: Aware | None = None


class PaymentReturn(msgspec.Struct, frozen=True, kw_only=True):
    """Money that comes back after it was credited: `returned_minor` of the original amount, for a reason."""

    return_id: MessageRef
    created_at: Aware
    original_instruction_id: MessageRef
    original_end_to_end_id: MessageRef
    original_uetr: Uetr
    original_amount_minor: Amount
    returned_minor: Amount
    currency: Currency
    scale: Scale
    settled_on: date
    reason_code: ReasonCode


S = TypeVar("S", bound=msgspec.Struct)


def checked(message: S) -> S:
    """Return the message if every field keeps its rule; raises WrongMessage naming the first that does not."""
    try:
        return msgspec.convert(msgspec.structs.asdict(message), type(message))
    except msgspec.ValidationError as error:
        raise WrongMessage(str(error)) from error


def render_instruction(instruction: CreditTransferInstruction) -> bytes:
    """Write one instant credit transfer as pacs.008. Raises WrongMessage."""
    return render_instructions(
        (instruction,), message_id=instruction.instruction_id, created_at=instruction.accepted_at, is_instant=True
    )


def render_instructions(
    instructions: Sequence[CreditTransferInstruction], *, message_id: str, created_at: datetime, is_instant: bool
) -> bytes:
    """Write instructions of one currency as one pacs.008. Raises WrongMessage."""
    if not 1 <= len(instructions) <= TRANSACTIONS_MAX:
        raise WrongMessage(f"a message holds 1 to {TRANSACTIONS_MAX} transactions, not {len(instructions)}")
    first = instructions[0]
    if any((other.currency, other.scale) != (first.currency, first.scale) for other in instructions):
        raise WrongMessage("a message holds transactions of one currency")
    total = text_of(sum(one.amount_minor for one in instructions), scale=first.scale)
    local = "<LclInstrm><Cd>INST</Cd></LclInstrm>" if is_instant else ""
    body = "".join(_transfer(checked(one), local) for one in instructions)
    return document(
        CREDIT_TRANSFER,
        f"<FIToFICstmrCdtTrf>{_header(message_id, created_at, end='')}"
        f"<NbOfTxs>{len(instructions)}</NbOfTxs>"
        f'<TtlIntrBkSttlmAmt Ccy="{first.currency}">{total}</TtlIntrBkSttlmAmt>'
        f"<IntrBkSttlmDt>{created_at.astimezone(UTC).date()}</IntrBkSttlmDt>{_CLEARED}</GrpHdr>"
        f"{body}</FIToFICstmrCdtTrf>",
    )


def _transfer(one: CreditTransferInstruction, local: str) -> str:
    instruction_id = escape(one.instruction_id)
    text = f"<RmtInf><Ustrd>{escape(one.remittance)}</Ustrd></RmtInf>" if one.remittance else ""
    return (
        f"<CdtTrfTxInf><PmtId><InstrId>{instruction_id}</InstrId>"
        f"<EndToEndId>{escape(one.end_to_end_id)}</EndToEndId><TxId>{instruction_id}</TxId><UETR>{one.uetr}</UETR></PmtId>"
        f"<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl>{local}</PmtTpInf>"
        f"{amount_element('IntrBkSttlmAmt', one.amount_minor, one.currency, one.scale)}"
        f"<AccptncDtTm>{time_text(one.accepted_at)}</AccptncDtTm><ChrgBr>SLEV</ChrgBr>"
        f"<Dbtr><Nm>{escape(one.debtor_name)}</Nm></Dbtr><DbtrAcct><Id><IBAN>{one.debtor_iban}</IBAN></Id></DbtrAcct>"
        f"{agent_element('DbtrAgt', one.debtor_bic)}{agent_element('CdtrAgt', one.creditor_bic)}"
        f"<Cdtr><Nm>{escape(one.creditor_name)}</Nm></Cdtr>"
        f"<CdtrAcct><Id><IBAN>{one.creditor_iban}</IBAN></Id></CdtrAcct>{text}</CdtTrfTxInf>"
    )


def render_status_reports(reports: Sequence[StatusReport]) -> bytes:
    """Write one pacs.002 with the header of the first report. Raises WrongMessage."""
    if not 1 <= len(reports) <= TRANSACTIONS_MAX:
        raise WrongMessage(f"a message holds 1 to {TRANSACTIONS_MAX} transactions, not {len(reports)}")
    header = _header(reports[0].message_id, reports[0].created_at)
    body = "".join(_status(checked(one)) for one in reports)
    return document(STATUS_REPORT, f"<FIToFIPmtStsRpt>{header}{body}</FIToFIPmtStsRpt>")


def _status(one: StatusReport) -> str:
    reason = f"<StsRsnInf><Rsn><Cd>{one.reason_code}</Cd></Rsn></StsRsnInf>" if one.reason_code else ""
    return (
        f"<TxInfAndSts>{original_ids(one.original_instruction_id, one.original_end_to_end_id, one.original_uetr)}"
        f"<TxSts>{one.status}</TxSts>{reason}{_accepted(one.accepted_at)}</TxInfAndSts>"
    )


def render_inquiry(inquiry: StatusInquiry) -> bytes:
    """Write a pacs.028. Raises WrongMessage."""
    one = checked(inquiry)
    return document(
        STATUS_INQUIRY,
        f"<FIToFIPmtStsReq>{_header(one.message_id, one.created_at)}<TxInf>"
        f"<StsReqId>{escape(one.message_id)}</StsReqId>"
        f"{original_ids(one.original_instruction_id, one.original_end_to_end_id, one.original_uetr)}"
        f"{_accepted(one.accepted_at)}</TxInf></FIToFIPmtStsReq>",
    )


def render_return(returned: PaymentReturn) -> bytes:
    """Write a pacs.004. Raises WrongMessage."""
    one = checked(returned)
    return document(
        PAYMENT_RETURN,
        f"<PmtRtr>{_header(one.return_id, one.created_at, end='')}<NbOfTxs>1</NbOfTxs>{_CLEARED}</GrpHdr>"
        f"<TxInf><RtrId>{escape(one.return_id)}</RtrId>"
        f"{original_ids(one.original_instruction_id, one.original_end_to_end_id, one.original_uetr)}"
        f"{amount_element('OrgnlIntrBkSttlmAmt', one.original_amount_minor, one.currency, one.scale)}"
        f"{amount_element('RtrdIntrBkSttlmAmt', one.returned_minor, one.currency, one.scale)}"
        f"<IntrBkSttlmDt>{one.settled_on}</IntrBkSttlmDt>"
        f"<RtrRsnInf><Rsn><Cd>{one.reason_code}</Cd></Rsn></RtrRsnInf></TxInf></PmtRtr>",
    )


def inquiry_about(instruction: CreditTransferInstruction, *, message_id: str, created_at: datetime) -> StatusInquiry:
    """Ask what became of `instruction`."""
    return StatusInquiry(
        message_id=message_id,
        created_at=created_at,
        original_instruction_id=instruction.instruction_id,
        original_end_to_end_id=instruction.end_to_end_id,
        original_uetr=instruction.uetr,
        accepted_at=instruction.accepted_at,
    )


def is_about(report: StatusReport, instruction: CreditTransferInstruction) -> bool:
    """Whether a report names this instruction in all three of its identifications. Two of three is somebody else's."""
    return (report.original_instruction_id, report.original_end_to_end_id, report.original_uetr) == (
        instruction.instruction_id,
        instruction.end_to_end_id,
        instruction.uetr,
    )


_CLEARED: Final = "<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>"


def _header(message_id: str, created_at: datetime, *, end: str = "</GrpHdr>") -> str:
    return f"<GrpHdr><MsgId>{escape(message_id)}</MsgId><CreDtTm>{time_text(created_at)}</CreDtTm>{end}"


def _accepted(moment: datetime | None) -> str:
    return f"<AccptncDtTm>{time_text(moment)}</AccptncDtTm>" if moment else ""
