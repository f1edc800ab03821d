"""Holds: place, extend, capture, release. Expiry is the timer's."""

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Because, Capture, Extension, Key
from contracts.commands import CaptureHold, ExtendHold, PlaceHold, ReleaseHold
from contracts.ids import HoldId
from runtime.auth import require_scope

GUARDS = [require_scope("holds:write")]


@post("/holds", guards=GUARDS)
async def place_hold(data: JSONBody[PlaceHold], key: Key, request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Reserve money on one or more legs, all or none."""
    return await desk.send(request, data, key)


@post("/holds/{hold_id:str}/extend", guards=GUARDS)
async def extend_hold(
    hold_id: FromPath[HoldId], data: JSONBody[Extension], key: Key, request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Move a hold's deadline later."""
    return await desk.send(request, ExtendHold(hold_id=hold_id, expires_at=data.expires_at), key)


@post("/holds/{hold_id:str}/capture", guards=GUARDS)
async def capture_hold(
    hold_id: FromPath[HoldId], data: JSONBody[Capture], key: Key, request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Book all or part of a hold."""
    command = CaptureHold(
        hold_id=hold_id,
        amounts_minor=data.amounts_minor,
        final=data.final,
        effective_date=data.effective_date,
        reference=data.reference,
    )
    return await desk.send(request, command, key)


@post("/holds/{hold_id:str}/release", guards=GUARDS)
async def release_hold(
    hold_id: FromPath[HoldId], data: JSONBody[Because], key: Key, request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Give back what is left of a hold."""
    return await desk.send(request, ReleaseHold(hold_id=hold_id, reason=data.reason), key)


routes = Router("/v1", route_handlers=[place_hold, extend_hold, capture_hold, release_hold])
