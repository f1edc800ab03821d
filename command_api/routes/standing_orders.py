"""Standing orders, as clients ask for them: create, authorise, suspend, resume, cancel."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Authorisation, Because, Nothing, command_of
from command_api.routes.payments import strongly_authenticated
from contracts.commands import (
    AuthoriseStandingOrder,
    CancelStandingOrder,
    CreateStandingOrder,
    ResumeStandingOrder,
    SuspendStandingOrder,
)

SCOPE: Final = "payments:write"


@post("/standing-orders")
async def create_standing_order(
    data: JSONBody[CreateStandingOrder], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Pay the same amount to the same payee again and again. `state` says whether it has to be authorised first."""
    return await desk.send(request, data)


@post("/standing-orders/{standing_order_id:str}/authorise")
async def authorise_standing_order(
    standing_order_id: FromPath[str], data: JSONBody[Authorisation], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Confirm a series once, with a token of strong authentication, for exactly its amount and payee."""
    await strongly_authenticated(request, request.route_handler)
    return await desk.send(request, command_of(AuthoriseStandingOrder, data, standing_order_id=standing_order_id))


@post("/standing-orders/{standing_order_id:str}/suspend")
async def suspend_standing_order(
    standing_order_id: FromPath[str], data: JSONBody[Because], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Pay nothing until it is resumed; what falls due meanwhile is not made up for."""
    return await desk.send(request, command_of(SuspendStandingOrder, data, standing_order_id=standing_order_id))


@post("/standing-orders/{standing_order_id:str}/resume")
async def resume_standing_order(
    standing_order_id: FromPath[str], data: JSONBody[Nothing], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Pay again, from the next occurrence on."""
    return await desk.send(request, command_of(ResumeStandingOrder, data, standing_order_id=standing_order_id))


@post("/standing-orders/{standing_order_id:str}/cancel")
async def cancel_standing_order(
    standing_order_id: FromPath[str], data: JSONBody[Because], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """End a standing order for good."""
    return await desk.send(request, command_of(CancelStandingOrder, data, standing_order_id=standing_order_id))


HANDLERS: Final = [
    create_standing_order,
    authorise_standing_order,
    suspend_standing_order,
    resume_standing_order,
    cancel_standing_order,
]
