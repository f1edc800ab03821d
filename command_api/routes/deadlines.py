"""Deadlines that have come: said by Bursar's own timers, judged by the book like everything else."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, CutOff, Nothing, Occurrence, command_of
from contracts.commands import (
    CloseSettlement,
    ExpireHold,
    ExpirePayment,
    ExpireVerification,
    IssueStandingOrder,
    StartPayment,
)

SCOPE: Final = "deadlines:write"


@post("/holds/{hold_id:str}/expire")
async def expire_hold(
    hold_id: FromPath[str], data: JSONBody[Nothing], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Give back what is left of a hold whose deadline has passed; refused before."""
    return await desk.send(request, command_of(ExpireHold, data, hold_id=hold_id))


@post("/payments/{payment_id:str}/start")
async def start_payment(
    payment_id: FromPath[str], data: JSONBody[Nothing], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Begin a scheduled payment whose date has come."""
    return await desk.send(request, command_of(StartPayment, data, payment_id=payment_id))


@post("/payments/{payment_id:str}/expire")
async def expire_payment(
    payment_id: FromPath[str], data: JSONBody[Nothing], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """End a payment that was not authorised or answered in time."""
    return await desk.send(request, command_of(ExpirePayment, data, payment_id=payment_id))


@post("/standing-orders/{standing_order_id:str}/issue")
async def issue_standing_order(
    standing_order_id: FromPath[str], data: JSONBody[Occurrence], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Make the payment of a standing order's occurrence whose day has come; each once, in order."""
    return await desk.send(request, command_of(IssueStandingOrder, data, standing_order_id=standing_order_id))


@post("/customers/{customer_id:str}/expire-verification")
async def expire_verification(
    customer_id: FromPath[str], data: JSONBody[Nothing], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Say that a customer has to be verified again; refused before that day."""
    return await desk.send(request, command_of(ExpireVerification, data, customer_id=customer_id))


@post("/merchants/{merchant_id:str}/close-settlement")
async def close_settlement(
    merchant_id: FromPath[str], data: JSONBody[CutOff], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Close what a merchant took until a cut-off that has come, and begin to pay it out."""
    return await desk.send(request, command_of(CloseSettlement, data, merchant_id=merchant_id))


HANDLERS: Final = [
    expire_hold,
    start_payment,
    expire_payment,
    expire_verification,
    close_settlement,
    issue_standing_order,
]
