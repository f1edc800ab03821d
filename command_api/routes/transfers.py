"""Transfers, their reversals, and the periods that close behind them."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.keys import Key
from command_api.requests import Answer, Reversal, command_of
from contracts.commands import ClosePeriod, PostTransfer, ReverseTransfer
from runtime.auth import require_scope


@post("/transfers", guards=[require_scope("transfers:write")])
async def post_transfer(
    data: JSONBody[PostTransfer], key: Key, request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Book one journal entry of 2 to 100 postings."""
    return await desk.send(request, data, key)


@post("/transfers/{transfer_id:str}/reverse", guards=[require_scope("transfers:write")])
async def reverse_transfer(
    transfer_id: FromPath[str],
    data: JSONBody[Reversal],
    key: Key,
    request: AnyRequest,
    desk: NamedDependency[Desk],
) -> Answer:
    """Undo what is left of a transfer, or a part of it."""
    return await desk.send(request, command_of(ReverseTransfer, data, transfer_id=transfer_id), key)


@post("/periods/close", guards=[require_scope("periods:write")])
async def close_period(
    data: JSONBody[ClosePeriod], key: Key, request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Close the books through a day that is over."""
    return await desk.send(request, data, key)


HANDLERS: Final = [post_transfer, reverse_transfer, close_period]
