"""What Bursar's own processes report about payments: the saga that talks to rails."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import (
    Answer,
    Nothing,
    RailOutcome,
    RailReturn,
    RecallAnswer,
    RefundOutcome,
    Why,
    command_of,
)
from contracts.commands import (
    InstructPayment,
    ParkPayment,
    RecordRailOutcome,
    RecordRecallAnswer,
    RecordRefundOutcome,
    ReturnPayment,
)

SCOPE: Final = "payments:execute"


@post("/payments/{payment_id:str}/instruct")
async def instruct_payment(
    payment_id: FromPath[str], data: JSONBody[Nothing], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Write down that an accepted payment is about to be given to its rail."""
    return await desk.send(request, command_of(InstructPayment, data, payment_id=payment_id))


@post("/payments/{payment_id:str}/outcome")
async def record_rail_outcome(
    payment_id: FromPath[str], data: JSONBody[RailOutcome], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Record what a rail says became of an instruction."""
    return await desk.send(request, command_of(RecordRailOutcome, data, payment_id=payment_id))


@post("/payments/{payment_id:str}/park")
async def park_payment(
    payment_id: FromPath[str], data: JSONBody[Why], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Say that a payment waits for an operator."""
    return await desk.send(request, command_of(ParkPayment, data, payment_id=payment_id))


@post("/payments/{payment_id:str}/return")
async def return_payment(
    payment_id: FromPath[str], data: JSONBody[RailReturn], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Book what a rail gives or takes back."""
    return await desk.send(request, command_of(ReturnPayment, data, payment_id=payment_id))


@post("/payments/{payment_id:str}/refund-outcome")
async def record_refund_outcome(
    payment_id: FromPath[str], data: JSONBody[RefundOutcome], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Record what a rail says became of a refund."""
    return await desk.send(request, command_of(RecordRefundOutcome, data, payment_id=payment_id))


@post("/payments/{payment_id:str}/recall-answer")
async def record_recall_answer(
    payment_id: FromPath[str], data: JSONBody[RecallAnswer], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Record what the creditor's bank says to a recall."""
    return await desk.send(request, command_of(RecordRecallAnswer, data, payment_id=payment_id))


HANDLERS: Final = [
    instruct_payment,
    record_rail_outcome,
    park_payment,
    return_payment,
    record_refund_outcome,
    record_recall_answer,
]
