"""Reading pacs messages: bytes from a bank become structs, or a WrongMessage that says what is wrong with them."""

from __future__ import annotations

from typing import Any, Final

from contracts.iso20022 import pacs
from contracts.iso20022.transactions import Layout, Part, original_of, read_transactions

_INSTRUCTIONS: Final = Layout(pacs.CREDIT_TRANSFER, "FIToFICstmrCdtTrf", "GrpHdr", "CdtTrfTxInf")
_REPORTS: Final = Layout(pacs.STATUS_REPORT, "FIToFIPmtStsRpt", "GrpHdr", "TxInfAndSts")
_INQUIRIES: Final = Layout(pacs.STATUS_INQUIRY, "FIToFIPmtStsReq", "GrpHdr", "TxInf")
_RETURNS: Final = Layout(pacs.PAYMENT_RETURN, "PmtRtr", "GrpHdr", "TxInf")


def read_instructions(content: bytes) -> tuple[pacs.CreditTransferInstruction, ...]:
    """Read a pacs.008: one instruction, or a bulk. Raises pacs.WrongMessage."""
    return read_transactions(content, _INSTRUCTIONS, _instruction)


def read_status_reports(content: bytes) -> tuple[pacs.StatusReport, ...]:
    """Read a pacs.002. Raises pacs.WrongMessage, also if it says two things about one instruction."""
    reports = read_transactions(content, _REPORTS, _report)
    if len({one.original_instruction_id for one in reports}) < len(reports):
        raise pacs.WrongMessage("contradictory: several statuses for one instruction")
    return reports


def read_inquiries(content: bytes) -> tuple[pacs.StatusInquiry, ...]:
    """Read a pacs.028. Raises pacs.WrongMessage."""
    return read_transactions(content, _INQUIRIES, _inquiry)


def read_returns(content: bytes) -> tuple[pacs.PaymentReturn, ...]:
    """Read a pacs.004. Raises pacs.WrongMessage."""
    return read_transactions(content, _RETURNS, _return)


def _instruction(part: Part, header: Part) -> pacs.CreditTransferInstruction:
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


def _report(part: Part, header: Part) -> pacs.StatusReport:
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


def _inquiry(part: Part, header: Part) -> pacs.StatusInquiry:
    return pacs.StatusInquiry(**_identified(part, header), accepted_at=part.moment_or_none("AccptncDtTm"))


def _identified(part: Part, header: Part) -> dict[str, Any]:
    return {"message_id": header.one("MsgId").text, "created_at": header.moment("CreDtTm"), **original_of(part)}


def _return(part: Part, header: Part) -> pacs.PaymentReturn:
    original_minor, currency, scale = part.amount("OrgnlIntrBkSttlmAmt")
    returned_minor, returned_currency, _ = part.amount("RtrdIntrBkSttlmAmt")
    if returned_currency != currency or returned_minor > original_minor:
        raise pacs.WrongMessage(f"{part.path} returns more than the original amount, or another currency")
    return pacs.PaymentReturn(
        **original_of(part),
        return_id=part.one("RtrId").text,
        created_at=header.moment("CreDtTm"),
        original_amount_minor=original_minor,
        returned_minor=returned_minor,
        currency=currency,
        scale=scale,
        settled_on=part.date("IntrBkSttlmDt"),
        reason_code=part.one("RtrRsnInf/Rsn/Cd").text,
    )
