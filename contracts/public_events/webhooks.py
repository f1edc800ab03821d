"""Public events about webhook endpoints: the notice that one of them hears nothing any more."""

from contracts.commands.webhooks import DisablingCause
from contracts.public_events.data import PublicData


class PublicWebhookEndpointDisabled(PublicData, frozen=True, kw_only=True):
    """Nothing is delivered to an endpoint for now. ``gone``: it answered 410; ``failing``: a delivery was given up."""

    endpoint_id: str
    cause: DisablingCause
