"""Commands about webhook endpoints: where public events are POSTed to, which ones, and with which secret."""

from typing import Annotated, Literal

from msgspec import Meta

from contracts.commands.command import Command, Reason, Reference
from contracts.ids import WebhookEndpointId

OVERLAP_HOURS_MAX = 168
REPLAY_POSITIONS_MAX = 1_000_000

# Its spelling is checked by the door, which knows whether this is development; where it leads, at each delivery.
EndpointUrl = Annotated[
    str,
    Meta(
        min_length=9,
        max_length=2048,
        pattern=r"^https?://[\x21-\x7e]+\Z",
        description="Where events are POSTed to: https, a domain name, port 443 or 8443.",
        examples=["https://hooks.example.com/bursar"],
    ),
]
# `*` stands for every kind, also those that do not exist yet.
Subscription = Annotated[
    str,
    Meta(
        pattern=r"^(\*|[a-z][a-z_]{0,31}\.[a-z][a-z_]{0,31}\.v[1-9][0-9]{0,3})\Z",
        description="A kind of public event, or * for all.",
        examples=["payment.settled.v1"],
    ),
]
Subscriptions = Annotated[tuple[Subscription, ...], Meta(min_length=1, max_length=64)]
Position = Annotated[int, Meta(ge=1, le=999_999_999_999_999_999)]
DisablingCause = Literal["requested", "gone", "failing"]


class CreateWebhookEndpoint(
    Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="create_webhook_endpoint"
):
    """Have public events POSTed to a URL from now on."""

    url: EndpointUrl
    kinds: Subscriptions
    description: Reference | None = None


class UpdateWebhookEndpoint(
    Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="update_webhook_endpoint"
):
    """Say anew where an endpoint is, what it hears, and what it is for."""

    endpoint_id: WebhookEndpointId
    url: EndpointUrl
    kinds: Subscriptions
    description: Reference | None = None


class RotateWebhookSecret(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rotate_webhook_secret"):
    """Give an endpoint a new secret. For ``overlap_hours`` every delivery is signed with the old one too."""

    endpoint_id: WebhookEndpointId
    overlap_hours: Annotated[int, Meta(ge=0, le=OVERLAP_HOURS_MAX)] = 24


class DisableWebhookEndpoint(
    Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="disable_webhook_endpoint"
):
    """Deliver nothing to an endpoint for now. ``cause``: Bursar itself says `gone` (410) or `failing` (dead letter)."""

    endpoint_id: WebhookEndpointId
    cause: DisablingCause = "requested"
    reason: Reason | None = None


class EnableWebhookEndpoint(
    Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="enable_webhook_endpoint"
):
    """Deliver to an endpoint again, from now on; what it missed can be replayed."""

    endpoint_id: WebhookEndpointId


class ReplayWebhookDeliveries(
    Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="replay_webhook_deliveries"
):
    """Deliver again, under their old ids, what an endpoint hears of a range of positions, both ends included."""

    endpoint_id: WebhookEndpointId
    from_position: Position
    to_position: Position
