"""Foreign exchange, as the treasury runs it: accounts, rates, revaluation."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Nothing, command_of
from contracts.commands import DefineFx, PublishRate, RevaluePositions

SCOPE: Final = "fx:write"


@post("/fx")
async def define_fx(data: JSONBody[DefineFx], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Name the functional currency, and the accounts of positions and results.

    Given anew, it may add positions and exchange the result accounts; the rest is for good.
    """
    return await desk.send(request, data)


@post("/rates")
async def publish_rate(data: JSONBody[PublishRate], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Publish what a pair of currencies costs from now on; the newest rate counts."""
    return await desk.send(request, data)


@post("/fx/revalue")
async def revalue_positions(data: JSONBody[Nothing], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Book the unrealised result of every position at its current rate."""
    return await desk.send(request, command_of(RevaluePositions, data))


HANDLERS: Final = [define_fx, publish_rate, revalue_positions]
