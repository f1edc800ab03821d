"""Accounts and the assets they hold."""

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Because, Key
from contracts.commands import CloseAccount, DeclareAsset, FreezeAccount, OpenAccount, UnfreezeAccount
from contracts.ids import AccountId
from runtime.auth import require_scope

GUARDS = [require_scope("accounts:write")]


@post("/assets", guards=GUARDS)
async def declare_asset(
    data: JSONBody[DeclareAsset], key: Key, request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Declare an asset that ISO 4217 does not know."""
    return await desk.send(request, data, key)


@post("/accounts", guards=GUARDS)
async def open_account(
    data: JSONBody[OpenAccount], key: Key, request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Open an account."""
    return await desk.send(request, data, key)


@post("/accounts/{account_id:str}/close", guards=GUARDS)
async def close_account(
    account_id: FromPath[AccountId],
    data: JSONBody[Because],
    key: Key,
    request: AnyRequest,
    desk: NamedDependency[Desk],
) -> Answer:
    """Close an empty account for good."""
    return await desk.send(request, CloseAccount(account_id=account_id, reason=data.reason), key)


@post("/accounts/{account_id:str}/freeze", guards=GUARDS)
async def freeze_account(
    account_id: FromPath[AccountId],
    data: JSONBody[Because],
    key: Key,
    request: AnyRequest,
    desk: NamedDependency[Desk],
) -> Answer:
    """Refuse every movement on an account for now."""
    return await desk.send(request, FreezeAccount(account_id=account_id, reason=data.reason), key)


@post("/accounts/{account_id:str}/unfreeze", guards=GUARDS)
async def unfreeze_account(
    account_id: FromPath[AccountId],
    data: JSONBody[Because],
    key: Key,
    request: AnyRequest,
    desk: NamedDependency[Desk],
) -> Answer:
    """Let a frozen account move again."""
    return await desk.send(request, UnfreezeAccount(account_id=account_id, reason=data.reason), key)


routes = Router("/v1", route_handlers=[declare_asset, open_account, close_account, freeze_account, unfreeze_account])
