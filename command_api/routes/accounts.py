"""Accounts and the assets they hold."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import AccountIban, Answer, Because, command_of
from contracts.commands import AssignIban, CloseAccount, DeclareAsset, FreezeAccount, OpenAccount, UnfreezeAccount

SCOPE: Final = "accounts:write"


@post("/assets")
async def declare_asset(data: JSONBody[DeclareAsset], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Declare an asset that ISO 4217 does not know."""
    return await desk.send(request, data)


@post("/accounts")
async def open_account(data: JSONBody[OpenAccount], request: AnyRequest, desk: NamedDependency[Desk]) -> Answer:
    """Open an account."""
    return await desk.send(request, data)


@post("/accounts/{account_id:str}/close")
async def close_account(
    account_id: FromPath[str],
    data: JSONBody[Because],
    request: AnyRequest,
    desk: NamedDependency[Desk],
) -> Answer:
    """Close an empty account for good."""
    return await desk.send(request, command_of(CloseAccount, data, account_id=account_id))


@post("/accounts/{account_id:str}/freeze")
async def freeze_account(
    account_id: FromPath[str],
    data: JSONBody[Because],
    request: AnyRequest,
    desk: NamedDependency[Desk],
) -> Answer:
    """Refuse every movement on an account for now."""
    return await desk.send(request, command_of(FreezeAccount, data, account_id=account_id))


@post("/accounts/{account_id:str}/unfreeze")
async def unfreeze_account(
    account_id: FromPath[str],
    data: JSONBody[Because],
    request: AnyRequest,
    desk: NamedDependency[Desk],
) -> Answer:
    """Let a frozen account move again."""
    return await desk.send(request, command_of(UnfreezeAccount, data, account_id=account_id))


@post("/accounts/{account_id:str}/iban")
async def assign_iban(
    account_id: FromPath[str],
    data: JSONBody[AccountIban],
    request: AnyRequest,
    desk: NamedDependency[Desk],
) -> Answer:
    """Say that an IBAN of this institution is this account's, so that payment files may name it."""
    return await desk.send(request, command_of(AssignIban, data, account_id=account_id))


HANDLERS: Final = [declare_asset, open_account, close_account, freeze_account, unfreeze_account, assign_iban]
