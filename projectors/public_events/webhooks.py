"""Webhook endpoints, as other systems hear of them: one that is disabled is told to the others."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.public_events import webhooks as public
from projectors.public_events.said import Said, Translations, Unsaid


def disabled(event: e.WebhookEndpointDisabled) -> Said:
    """Say that an endpoint hears nothing any more; the reason in words stays inside."""
    data = public.PublicWebhookEndpointDisabled(endpoint_id=event.endpoint_id, cause=event.cause)
    return Said(event.endpoint_id, data)


SAID: Final[Translations] = {e.WebhookEndpointDisabled: (disabled,)}
_SETTINGS: Final = "how endpoints are set up is between an operator and Bursar"
UNSAID: Final[Unsaid] = {
    e.WebhookEndpointCreated: _SETTINGS,
    e.WebhookEndpointUpdated: _SETTINGS,
    e.WebhookSecretRotated: _SETTINGS,
    e.WebhookEndpointEnabled: _SETTINGS,
    e.WebhookDeliveriesReplayed: _SETTINGS,
}
