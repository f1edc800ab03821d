"""Batches: many commands in one request, together or each on its own."""

from typing import Final

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.guards import missing_scope
from command_api.requests import Batch, BatchAnswer
from runtime.auth import Principal, require_scope

SCOPE: Final = None  # each command of a batch needs its own, see guards.py


@post("/batches", status_code=200)
async def send_batch(
    data: JSONBody[Batch], request: AnyRequest, desk: NamedDependency[Desk], receipts: FromQuery[bool] = False
) -> Response[BatchAnswer]:
    """Send up to 8,192 commands.

    One malformed command refuses the request; a refused one only itself, unless atomic.
    """
    principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # put there by Authenticate
    scope = missing_scope((item.command for item in data.commands), principal.scopes)
    if scope is not None:
        await require_scope(scope)(request, request.route_handler)  # refuses, in the words of every other route
    return await desk.send_batch(request, data.commands, atomic=data.atomic, receipts=receipts)


HANDLERS: Final = [send_batch]
