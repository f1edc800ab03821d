"""What operators do: define rails, authentication, limits and fees, and move payments that are stuck."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Resolution, command_of
from contracts.commands import DefineAuthentication, DefineFees, DefineLimits, DefineRail, ResolvePayment

SCOPE: Final = "payments:operate"


@post("/payments/{payment_id:str}/resolve")
async def resolve_payment(
    payment_id: FromPath[str], data: JSONBody[Resolution], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Ask the rail again, or end a stuck payment as the rail said elsewhere; ending it needs two people."""
    return await desk.send(request, command_of(ResolvePayment, data, payment_id=payment_id))


@post("/rails")
async def define_rail(data: JSONBody[DefineRail], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Name the clearing and suspense accounts of a rail in one currency."""
    return await desk.send(request, data)


@post("/authentication")
async def define_authentication(
    data: JSONBody[DefineAuthentication], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Say from which amount, and for which payees, payments need strong authentication."""
    return await desk.send(request, data)


@post("/limits")
async def define_limits(data: JSONBody[DefineLimits], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Set all limits of an account, a customer or a payee."""
    return await desk.send(request, data)


@post("/fees")
async def define_fees(data: JSONBody[DefineFees], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Set what payments of a kind cost their payer, in one currency, by one rail or any."""
    return await desk.send(request, data)


HANDLERS: Final = [resolve_payment, define_rail, define_authentication, define_limits, define_fees]
