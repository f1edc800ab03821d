"""The second pair of eyes: write-offs approved or rejected, under a scope of its own."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Nothing, Why, command_of
from contracts.commands import ApproveWriteOff, RejectWriteOff

SCOPE: Final = "write_offs:approve"


@post("/breaks/{break_id:str}/approve-write-off")
async def approve_write_off(
    break_id: FromPath[str], data: JSONBody[Nothing], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Book a proposed write-off. Never one's own."""
    return await desk.send(request, command_of(ApproveWriteOff, data, break_id=break_id))


@post("/breaks/{break_id:str}/reject-write-off")
async def reject_write_off(
    break_id: FromPath[str], data: JSONBody[Why], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Turn a proposed write-off down."""
    return await desk.send(request, command_of(RejectWriteOff, data, break_id=break_id))


HANDLERS: Final = [approve_write_off, reject_write_off]
