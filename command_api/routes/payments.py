"""Payments: initiation."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.keys import Key
from command_api.requests import Answer
from contracts.commands import InitiatePayment
from runtime.auth import require_scope


@post("/payments", guards=[require_scope("payments:write")])
async def initiate_payment(
    data: JSONBody[InitiatePayment], key: Key, request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Pay from one account to another. A payment that cannot be booked exists all the same: RJCT with its reason."""
    return await desk.send(request, data, key)


HANDLERS: Final = [initiate_payment]
