"""Payments: initiation."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer
from contracts.commands import InitiatePayment

SCOPE: Final = "payments:write"


@post("/payments")
async def initiate_payment(data: JSONBody[InitiatePayment], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Pay from one account to another. A payment that cannot be booked exists all the same: RJCT with its reason."""
    return await desk.send(request, data)


HANDLERS: Final = [initiate_payment]
