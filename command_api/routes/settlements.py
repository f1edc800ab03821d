"""Settlement: merchants' terms, payouts that are tried again, and what rails have settled with us."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, RailSettlement, Why, command_of
from contracts.commands import DefineMerchant, RetryPayout, SettleClearing

SCOPE: Final = "settlements:operate"


@post("/merchants")
async def define_merchant(data: JSONBody[DefineMerchant], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Say on what terms, and to whom, a merchant is paid what it took. The newest definition counts."""
    return await desk.send(request, data)


@post("/settlements/{settlement_id:str}/retry")
async def retry_payout(
    settlement_id: FromPath[str], data: JSONBody[Why], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Pay again what came back of a settlement, once a second person agrees."""
    return await desk.send(request, command_of(RetryPayout, data, settlement_id=settlement_id))


@post("/rails/{rail:str}/settlements")
async def settle_clearing(
    rail: FromPath[str], data: JSONBody[RailSettlement], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Book what a rail has settled with us, each reference once: its clearing account goes towards zero."""
    return await desk.send(request, command_of(SettleClearing, data, rail=rail))


HANDLERS: Final = [define_merchant, retry_payout, settle_clearing]
