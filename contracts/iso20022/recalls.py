"""What banks say to each other about a payment that should come back: camt.056 and camt.029, as structs and as XML.

| Message | Struct | Says |
|---|---|---|
| camt.056.001.08 | RecallRequest | please give this back |
| camt.029.001.09 | RecallAnswer | it will come back; it will not; that is being found out |

A recall moves nothing: whoever agrees to it sends the money as a pacs.004. Parties are not named again; the original's
identifications say which payment is meant. Reading is in `recalls_reading.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal
from xml.sax.saxutils import escape

import msgspec

from contracts.iso20022.pacs import (
    CREDIT_TRANSFER,
    Amount,
    Aware,
    Bic,
    Currency,
    MessageRef,
    ReasonCode,
    Scale,
    Uetr,
    checked,
)
from contracts.iso20022.writing import agent_element, amount_element, document, original_ids, time_text
from contracts.payment_codes import RecallReason

RECALL_REQUEST: Final = "camt.056.001.08"
RECALL_ANSWER: Final = "camt.029.001.09"
RETURNED_AFTER_RECALL: Final = "FOCR"
"""Reason code of the return that follows an agreed recall."""

RecallStatus = Literal["ACCR", "RJCR", "PDCR"]
"""ACCR: it comes back. RJCR: it does not. PDCR: not decided yet (ISO 20022 cancellation individual status)."""

# What is said of the message as a whole, which holds one recall.
_CONFIRMATION: Final[dict[RecallStatus, str]] = {"ACCR": "CNCL", "RJCR": "RJCR", "PDCR": "PDCR"}


class RecallRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Please give back the money of an instruction. The same `recall_id` again asks what became of it."""

    recall_id: MessageRef
    created_at: Aware
    from_bic: Bic | None = None
    to_bic: Bic | None = None
    original_instruction_id: MessageRef
    original_end_to_end_id: MessageRef
    original_uetr: Uetr
    amount_minor: Amount
    currency: Currency
    scale: Scale
    settled_on: date
    reason_code: RecallReason


class RecallAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the creditor's bank says to a recall. `reason_code` is given with RJCR."""

    answer_id: MessageRef
    created_at: Aware
    recall_id: MessageRef
    original_instruction_id: MessageRef
    original_end_to_end_id: MessageRef
    original_uetr: Uetr
    status: RecallStatus
    reason_code: ReasonCode | None = None


def render_recall(request: RecallRequest) -> bytes:
    """Write a camt.056. Raises pacs.WrongMessage."""
    one = checked(request)
    case = f"<Case><Id>{escape(one.recall_id)}</Id><Cretr>{agent_element('Agt', one.from_bic)}</Cretr></Case>"
    return document(
        RECALL_REQUEST,
        f"<FIToFIPmtCxlReq>{_assignment(one.recall_id, one.from_bic, one.to_bic, time_text(one.created_at))}"
        f"<CtrlData><NbOfTxs>1</NbOfTxs></CtrlData><Undrlyg><TxInf><CxlId>{escape(one.recall_id)}</CxlId>{case}"
        f"{_original_group(one.original_instruction_id)}"
        f"{original_ids(one.original_instruction_id, one.original_end_to_end_id, one.original_uetr)}"
        f"{amount_element('OrgnlIntrBkSttlmAmt', one.amount_minor, one.currency, one.scale)}"
        f"<OrgnlIntrBkSttlmDt>{one.settled_on}</OrgnlIntrBkSttlmDt>"
        f"<CxlRsnInf><Rsn><Cd>{one.reason_code}</Cd></Rsn></CxlRsnInf></TxInf></Undrlyg></FIToFIPmtCxlReq>",
    )


def render_recall_answers(answers: Sequence[RecallAnswer]) -> bytes:
    """Write one camt.029 with the heading and confirmation of the first answer. Raises pacs.WrongMessage."""
    first = answers[0]
    return document(
        RECALL_ANSWER,
        f"<RsltnOfInvstgtn>{_assignment(first.answer_id, None, None, time_text(first.created_at))}"
        f"<Sts><Conf>{_CONFIRMATION[first.status]}</Conf></Sts>"
        f"<CxlDtls>{''.join(_answer(checked(one)) for one in answers)}</CxlDtls></RsltnOfInvstgtn>",
    )


def _answer(one: RecallAnswer) -> str:
    case = f"<RslvdCase><Id>{escape(one.recall_id)}</Id><Cretr>{agent_element('Agt', None)}</Cretr></RslvdCase>"
    reason = f"<CxlStsRsnInf><Rsn><Cd>{one.reason_code}</Cd></Rsn></CxlStsRsnInf>" if one.reason_code else ""
    return (
        f"<TxInfAndSts><CxlStsId>{escape(one.answer_id)}</CxlStsId>{case}{_original_group(one.original_instruction_id)}"
        f"{original_ids(one.original_instruction_id, one.original_end_to_end_id, one.original_uetr)}"
        f"<TxCxlSts>{one.status}</TxCxlSts>{reason}</TxInfAndSts>"
    )


def _assignment(message_id: str, from_bic: str | None, to_bic: str | None, created_at: str) -> str:
    return (
        f"<Assgnmt><Id>{escape(message_id)}</Id><Assgnr>{agent_element('Agt', from_bic)}</Assgnr>"
        f"<Assgne>{agent_element('Agt', to_bic)}</Assgne><CreDtTm>{created_at}</CreDtTm></Assgnmt>"
    )


def _original_group(instruction_id: str) -> str:
    """An instant instruction is a message of its own, of the same name."""
    return (
        f"<OrgnlGrpInf><OrgnlMsgId>{escape(instruction_id)}</OrgnlMsgId>"
        f"<OrgnlMsgNmId>{CREDIT_TRANSFER}</OrgnlMsgNmId></OrgnlGrpInf>"
    )
