"""Events about webhook endpoints. ``secret`` is a sealed text of the vault's subject WEBHOOK_SECRETS."""

from datetime import datetime
from typing import Final

from contracts.commands.webhooks import DisablingCause
from contracts.events.event import EventData

WEBHOOK_SECRETS: Final = "webhooks"  # the vault's subject of all secrets; none is personal, so none is ever erased
SECRET_FIELD: Final = "secret"


class WebhookEndpointCreated(EventData, frozen=True, kw_only=True):
    """Public events are POSTed to a URL from now on."""

    endpoint_id: str
    url: str
    kinds: tuple[str, ...]
    description: str | None
    secret: str


class WebhookEndpointUpdated(EventData, frozen=True, kw_only=True):
    """An endpoint is elsewhere, hears something else, or is described otherwise."""

    endpoint_id: str
    url: str
    kinds: tuple[str, ...]
    description: str | None


class WebhookSecretRotated(EventData, frozen=True, kw_only=True):
    """An endpoint has a new secret; the one before it signs too, until ``previous_valid_until``."""

    endpoint_id: str
    overlap_hours: int
    previous_valid_until: datetime
    secret: str


class WebhookEndpointDisabled(EventData, frozen=True, kw_only=True):
    """Nothing is delivered to an endpoint for now."""

    endpoint_id: str
    cause: DisablingCause
    reason: str | None


class WebhookEndpointEnabled(EventData, frozen=True, kw_only=True):
    """Public events are delivered to an endpoint again."""

    endpoint_id: str


class WebhookDeliveriesReplayed(EventData, frozen=True, kw_only=True):
    """What an endpoint hears of these positions is delivered again."""

    endpoint_id: str
    from_position: int
    to_position: int


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("webhook_endpoint_created", 1): WebhookEndpointCreated,
    ("webhook_endpoint_updated", 1): WebhookEndpointUpdated,
    ("webhook_secret_rotated", 1): WebhookSecretRotated,
    ("webhook_endpoint_disabled", 1): WebhookEndpointDisabled,
    ("webhook_endpoint_enabled", 1): WebhookEndpointEnabled,
    ("webhook_deliveries_replayed", 1): WebhookDeliveriesReplayed,
}
