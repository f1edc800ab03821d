"""Holds: place, extend, capture, release. That a deadline has come is said in deadlines.py."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Because, Capture, Extension, command_of
from contracts.commands import CaptureHold, ExtendHold, PlaceHold, ReleaseHold

SCOPE: Final = "holds:write"


@post("/holds")
async def place_hold(data: JSONBody[PlaceHold], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Reserve money on one or more legs, all or none."""
    return await desk.send(request, data)


@post("/holds/{hold_id:str}/extend")
async def extend_hold(
    hold_id: FromPath[str], data: JSONBody[Extension], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Move a hold's deadline later."""
    return await desk.send(request, command_of(ExtendHold, data, hold_id=hold_id))


@post("/holds/{hold_id:str}/capture")
async def capture_hold(
    hold_id: FromPath[str], data: JSONBody[Capture], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Book all or part of a hold."""
    return await desk.send(request, command_of(CaptureHold, data, hold_id=hold_id))


@post("/holds/{hold_id:str}/release")
async def release_hold(
    hold_id: FromPath[str], data: JSONBody[Because], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Give back what is left of a hold."""
    return await desk.send(request, command_of(ReleaseHold, data, hold_id=hold_id))


HANDLERS: Final = [place_hold, extend_hold, capture_hold, release_hold]
