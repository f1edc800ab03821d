"""Transfers and their reversals."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Reversal, command_of
from contracts.commands import PostTransfer, ReverseTransfer

SCOPE: Final = "transfers:write"


@post("/transfers")
async def post_transfer(data: JSONBody[PostTransfer], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Book one journal entry of 2 to 100 postings."""
    return await desk.send(request, data)


@post("/transfers/{transfer_id:str}/reverse")
async def reverse_transfer(
    transfer_id: FromPath[str],
    data: JSONBody[Reversal],
    request: AnyRequest,
    desk: NamedDependency[Desk],
) -> Answer:
    """Undo what is left of a transfer, or a part of it."""
    return await desk.send(request, command_of(ReverseTransfer, data, transfer_id=transfer_id))


HANDLERS: Final = [post_transfer, reverse_transfer]
