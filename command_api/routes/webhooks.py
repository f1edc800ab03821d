"""Webhook endpoints: create, update, rotate the secret, disable, enable, replay."""

from typing import Final

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from command_api.desk import AnyRequest, Desk
from command_api.requests import Answer, Disabling, EndpointChange, Nothing, Replay, SecretRotation, command_of
from contracts.commands import (
    CreateWebhookEndpoint,
    DisableWebhookEndpoint,
    EnableWebhookEndpoint,
    ReplayWebhookDeliveries,
    RotateWebhookSecret,
    UpdateWebhookEndpoint,
)
from ledger.domain.webhooks import EndpointWithSecret, RotationWithSecret
from runtime.http.framework import ProblemException
from runtime.http.problems import FieldError, problem_of
from runtime.outbound import Reach, UrlRefused, parse_url

SCOPE: Final = "webhooks:write"


@post("/webhook-endpoints")
async def create_webhook_endpoint(
    data: JSONBody[CreateWebhookEndpoint], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Have public events POSTed to a URL.

    The answer carries, this once, the `secret` that deliveries are signed with; keep it, or rotate it.
    """
    _require_callable(data.url, desk.reach)
    return await desk.send_with_secret(request, data, carry=lambda secret: EndpointWithSecret(wish=data, secret=secret))


@post("/webhook-endpoints/{endpoint_id:str}/update")
async def update_webhook_endpoint(
    endpoint_id: FromPath[str], data: JSONBody[EndpointChange], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Say anew where an endpoint is, what it hears and what it is for."""
    _require_callable(data.url, desk.reach)
    return await desk.send(request, command_of(UpdateWebhookEndpoint, data, endpoint_id=endpoint_id))


@post("/webhook-endpoints/{endpoint_id:str}/rotate-secret")
async def rotate_webhook_secret(
    endpoint_id: FromPath[str], data: JSONBody[SecretRotation], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Give an endpoint a new secret, shown this once; for a while the old one signs too."""
    command = command_of(RotateWebhookSecret, data, endpoint_id=endpoint_id)
    return await desk.send_with_secret(
        request, command, carry=lambda secret: RotationWithSecret(wish=command, secret=secret)
    )


@post("/webhook-endpoints/{endpoint_id:str}/disable")
async def disable_webhook_endpoint(
    endpoint_id: FromPath[str], data: JSONBody[Disabling], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Deliver nothing to an endpoint for now."""
    return await desk.send(request, command_of(DisableWebhookEndpoint, data, endpoint_id=endpoint_id))


@post("/webhook-endpoints/{endpoint_id:str}/enable")
async def enable_webhook_endpoint(
    endpoint_id: FromPath[str], data: JSONBody[Nothing], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Deliver to an endpoint again, from now on."""
    return await desk.send(request, command_of(EnableWebhookEndpoint, data, endpoint_id=endpoint_id))


@post("/webhook-endpoints/{endpoint_id:str}/replay")
async def replay_webhook_deliveries(
    endpoint_id: FromPath[str], data: JSONBody[Replay], request: AnyRequest, desk: NamedDependency[Desk]
) -> Answer:
    """Deliver again what an endpoint hears of a range of the book's past, under the old ids."""
    return await desk.send(request, command_of(ReplayWebhookDeliveries, data, endpoint_id=endpoint_id))


HANDLERS: Final = [
    create_webhook_endpoint,
    update_webhook_endpoint,
    rotate_webhook_secret,
    disable_webhook_endpoint,
    enable_webhook_endpoint,
    replay_webhook_deliveries,
]


def _require_callable(url: str, reach: Reach) -> None:
    """Refuse a URL that no delivery would be sent to, by its spelling; its addresses are checked at each delivery."""
    try:
        parse_url(url, reach)
    except UrlRefused as refused:
        detail = f"the URL is not called: {refused}"
        error = FieldError("/url", "url_refused", detail)
        raise ProblemException(problem_of(422, detail, code="url_refused", errors=(error,))) from None
