"""Reading recalls and the answers to them. Raises pacs.WrongMessage for what is none."""

from __future__ import annotations

from typing import Any, Final

from contracts.iso20022 import pacs, recalls
from contracts.iso20022.transactions import Layout, Part, original_of, read_transactions

_REQUESTS: Final = Layout(recalls.RECALL_REQUEST, "FIToFIPmtCxlReq", "Assgnmt", "Undrlyg/TxInf")
_ANSWERS: Final = Layout(recalls.RECALL_ANSWER, "RsltnOfInvstgtn", "Assgnmt", "CxlDtls/TxInfAndSts")


def read_recalls(content: bytes) -> tuple[recalls.RecallRequest, ...]:
    """Read a camt.056. Raises pacs.WrongMessage."""
    return read_transactions(content, _REQUESTS, _request)


def read_recall_answers(content: bytes) -> tuple[recalls.RecallAnswer, ...]:
    """Read a camt.029. Raises pacs.WrongMessage, also if it says two things about one recall."""
    answers = read_transactions(content, _ANSWERS, _answer)
    if len({one.recall_id for one in answers}) < len(answers):
        raise pacs.WrongMessage("contradictory: several answers to one recall")
    return answers


def _request(part: Part, heading: Part) -> recalls.RecallRequest:
    amount_minor, currency, scale = part.amount("OrgnlIntrBkSttlmAmt")
    reason: Any = part.one("CxlRsnInf/Rsn/Cd").text
    return recalls.RecallRequest(
        **original_of(part),
        recall_id=part.one("CxlId").text,
        created_at=heading.moment("CreDtTm"),
        from_bic=heading.text_or_none("Assgnr/Agt/FinInstnId/BICFI"),
        to_bic=heading.text_or_none("Assgne/Agt/FinInstnId/BICFI"),
        amount_minor=amount_minor,
        currency=currency,
        scale=scale,
        settled_on=part.date("OrgnlIntrBkSttlmDt"),
        reason_code=reason,
    )


def _answer(part: Part, heading: Part) -> recalls.RecallAnswer:
    status: Any = part.one("TxCxlSts").text
    reason = part.text_or_none("CxlStsRsnInf/Rsn/Cd")
    if status == "RJCR" and reason is None:
        raise pacs.WrongMessage(f"{part.path} refuses without a reason code")
    return recalls.RecallAnswer(
        **original_of(part),
        answer_id=heading.one("Id").text,
        created_at=heading.moment("CreDtTm"),
        recall_id=part.one("RslvdCase/Id").text,
        status=status,
        reason_code=reason,
    )
