"""Payments, as clients ask for them: initiate, authorise, decline, cancel, refund, recall."""

from typing import Final

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.problems import authorisation_differs
from command_api.requests import Answer, Authorisation, Because, Recall, Refund, command_of
from contracts.commands import (
    AuthorisePayment,
    CancelPayment,
    DeclinePayment,
    InitiatePayment,
    RecallPayment,
    RefundPayment,
)
from contracts.payment_codes import SCA_ACR
from ledger.domain.payments.authorisation import NOT_PROVEN
from runtime.auth import require_authentication
from runtime.clock import SystemClock

SCOPE: Final = "payments:write"
AUTHENTICATION_AGE_S_MAX: Final = 300  # RTS 2018/389, article 4: five minutes


class _Ended(msgspec.Struct):
    reason_code: str | None = None


class _Answer(msgspec.Struct):
    type: str
    data: _Ended


@post("/payments")
async def initiate_payment(data: JSONBody[InitiatePayment], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Pay. A payment that cannot be made exists all the same: RJCT with its reason.

    The answer is the payment's newest event: settled, rejected, or what it waits for.
    """
    return await desk.send(request, data)


@post("/payments/{payment_id:str}/authorise")
async def authorise_payment(
    payment_id: FromPath[str], data: JSONBody[Authorisation], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Confirm a payment, with a token of strong authentication, for exactly the amount and payee it was initiated for.

    Anything else voids this authorisation (422 `authorisation_differs`); after five of them the payment is rejected.
    """
    await strongly_authenticated(request, request.route_handler)
    answer = await desk.send(request, command_of(AuthorisePayment, data, payment_id=payment_id))
    return authorisation_differs(answer) if answer.status_code == 201 and _not_proven(answer.content) else answer


def _not_proven(receipt: bytes) -> bool:
    """Tell whether the authorisation did not fit; one that fits may still end in a rejection, for want of funds say."""
    answer = msgspec.json.decode(receipt, type=_Answer)
    return answer.type == "payment_authorisation_failed" or answer.data.reason_code == NOT_PROVEN


@post("/payments/{payment_id:str}/decline")
async def decline_payment(
    payment_id: FromPath[str], data: JSONBody[Because], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Decline a request for payment, as its payer."""
    return await desk.send(request, command_of(DeclinePayment, data, payment_id=payment_id))


@post("/payments/{payment_id:str}/cancel")
async def cancel_payment(
    payment_id: FromPath[str], data: JSONBody[Because], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Take back a payment that no rail has been given."""
    return await desk.send(request, command_of(CancelPayment, data, payment_id=payment_id))


@post("/payments/{payment_id:str}/refund")
async def refund_payment(
    payment_id: FromPath[str], data: JSONBody[Refund], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Give back a settled payment, in whole or part.

    A book payment is given back at once. The refund of a card top-up is asked of the processor, with the amount held
    on the account until it answers.
    """
    return await desk.send(request, command_of(RefundPayment, data, payment_id=payment_id))


@post("/payments/{payment_id:str}/recall")
async def recall_payment(
    payment_id: FromPath[str], data: JSONBody[Recall], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Ask the creditor's bank to give a settled instant payment back.

    It may refuse. If it agrees, the money comes as a return.
    """
    return await desk.send(request, command_of(RecallPayment, data, payment_id=payment_id))


strongly_authenticated = require_authentication(SCA_ACR, max_age_s=AUTHENTICATION_AGE_S_MAX, now=SystemClock().now)

HANDLERS: Final = [
    initiate_payment,
    authorise_payment,
    decline_payment,
    cancel_payment,
    refund_payment,
    recall_payment,
]
