"""Quotes: the price of one payment that exchanges currencies."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer
from contracts.commands import RequestQuote

SCOPE: Final = "payments:write"


@post("/quotes")
async def request_quote(data: JSONBody[RequestQuote], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Ask for a price to sell an amount of one currency for another, or to buy one.

    Name the quote in `quote_id` of one book transfer of exactly `sell_minor`, as the same principal, before it expires.
    """
    return await desk.send(request, data)


HANDLERS: Final = [request_quote]
