"""Accounting periods: closing the books."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer
from contracts.commands import ClosePeriod

SCOPE: Final = "periods:write"


@post("/periods/close")
async def close_period(data: JSONBody[ClosePeriod], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Close the books through a day that is over."""
    return await desk.send(request, data)


HANDLERS: Final = [close_period]
