"""What Bursar's own processes report about payments: the saga that talks to rails."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Nothing, RailOutcome, RailReturn, Why, command_of
from contracts.commands import (
    InstructPayment,
    ParkPayment,
    RecordRailOutcome,
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


HANDLERS: Final = [
    instruct_payment,
    record_rail_outcome,
    park_payment,
    return_payment,
]
