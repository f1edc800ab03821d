"""Holds: place, extend, capture, release. Expiry is the timer's."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.keys import Key
from command_api.requests import Answer, Because, Capture, Extension, command_of
from contracts.commands import CaptureHold, ExtendHold, PlaceHold, ReleaseHold
from runtime.auth import require_scope

GUARDS = [require_scope("holds:write")]


@post("/holds", guards=GUARDS)
async def place_hold(data: JSONBody[PlaceHold], key: Key, request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Reserve money on one or more legs, all or none."""
    return await desk.send(request, data, key)


@post("/holds/{hold_id:str}/extend", guards=GUARDS)
async def extend_hold(
    hold_id: FromPath[str], data: JSONBody[Extension], key: Key, request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Move a hold's deadline later."""
    return await desk.send(request, command_of(ExtendHold, data, hold_id=hold_id), key)


@post("/holds/{hold_id:str}/capture", guards=GUARDS)
async def capture_hold(
    hold_id: FromPath[str], data: JSONBody[Capture], key: Key, request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Book all or part of a hold."""
    return await desk.send(request, command_of(CaptureHold, data, hold_id=hold_id), key)


@post("/holds/{hold_id:str}/release", guards=GUARDS)
async def release_hold(
    hold_id: FromPath[str], data: JSONBody[Because], key: Key, request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Give back what is left of a hold."""
    return await desk.send(request, command_of(ReleaseHold, data, hold_id=hold_id), key)


HANDLERS: Final = [place_hold, extend_hold, capture_hold, release_hold]
