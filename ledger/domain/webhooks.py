"""Webhook endpoints: where public events go, until when an old secret signs, and whether anything is sent at all.

The secret of an endpoint is made and sealed at the door and travels beside the command (`WithSecret`): the client's own
words stay what a repeat is recognised by.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from contracts.commands.webhooks import (
    REPLAY_POSITIONS_MAX,
    CreateWebhookEndpoint,
    DisableWebhookEndpoint,
    EnableWebhookEndpoint,
    ReplayWebhookDeliveries,
    RotateWebhookSecret,
    UpdateWebhookEndpoint,
)
from contracts.events import (
    EventData,
    WebhookDeliveriesReplayed,
    WebhookEndpointCreated,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointUpdated,
    WebhookSecretRotated,
)
from contracts.ids import webhook_endpoint_id
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Context, Touched
from ledger.domain.records import Record
from ledger.domain.state import Moment, State

ENDPOINT: Final = "webhook_endpoint"
DIRECTORY: Final = "webhook_directory"
THE_DIRECTORY: Final = "all"
ENDPOINTS_MAX: Final = 64  # every public event is offered to each of them

EndpointStatus = Literal["enabled", "disabled"]

# The life cycle: status x event -> status. What is not here changes nothing about it.
ENDPOINT_TRANSITIONS: Final[Mapping[tuple[EndpointStatus | None, type[EventData]], EndpointStatus]] = {
    (None, WebhookEndpointCreated): "enabled",
    ("enabled", WebhookEndpointDisabled): "disabled",
    ("disabled", WebhookEndpointEnabled): "enabled",
}


class WebhookEndpoint(Record, frozen=True, kw_only=True):
    """One endpoint. ``secret`` and ``previous_secret`` are sealed; ``since``: the position it hears events after."""

    status: EndpointStatus
    url: str
    kinds: tuple[str, ...]
    secret: str
    since: int
    previous_secret: str | None = None
    previous_valid_until: datetime | None = None


class WebhookDirectory(Record, frozen=True, kw_only=True):
    """The ids of all endpoints there are."""

    endpoint_ids: tuple[str, ...] = ()


class WithSecret(Struct, frozen=True, kw_only=True):
    """A command for which the door made a secret; ``secret`` is sealed."""

    secret: str


class EndpointWithSecret(WithSecret, frozen=True, kw_only=True):
    """A wish for a new endpoint, and its secret."""

    wish: CreateWebhookEndpoint


class RotationWithSecret(WithSecret, frozen=True, kw_only=True):
    """A wish for a new secret, and the secret."""

    wish: RotateWebhookSecret


def decide_create(command: EndpointWithSecret, state: State, moment: Moment) -> WebhookEndpointCreated | Refused:
    """Create an endpoint, unless there are too many."""
    if len(_directory(state).endpoint_ids) >= ENDPOINTS_MAX:
        return Refused(Rejection.WEBHOOK_ENDPOINTS_EXHAUSTED, f"a ledger has at most {ENDPOINTS_MAX} endpoints")
    wish = command.wish
    return WebhookEndpointCreated(
        endpoint_id=webhook_endpoint_id(moment.position),
        url=wish.url,
        kinds=wish.kinds,
        description=wish.description,
        secret=command.secret,
    )


def decide_update(command: UpdateWebhookEndpoint, state: State, moment: Moment) -> WebhookEndpointUpdated | Refused:
    """Change an endpoint, enabled or not."""
    endpoint = _endpoint(state, command.endpoint_id)
    if isinstance(endpoint, Refused):
        return endpoint
    return WebhookEndpointUpdated(
        endpoint_id=command.endpoint_id, url=command.url, kinds=command.kinds, description=command.description
    )


def decide_rotate(command: RotationWithSecret, state: State, moment: Moment) -> WebhookSecretRotated | Refused:
    """Exchange the secret; a second rotation within the overlap drops the oldest secret at once."""
    wish = command.wish
    endpoint = _endpoint(state, wish.endpoint_id)
    if isinstance(endpoint, Refused):
        return endpoint
    return WebhookSecretRotated(
        endpoint_id=wish.endpoint_id,
        overlap_hours=wish.overlap_hours,
        previous_valid_until=moment.now + timedelta(hours=wish.overlap_hours),
        secret=command.secret,
    )


def decide_disable(command: DisableWebhookEndpoint, state: State, moment: Moment) -> WebhookEndpointDisabled | Refused:
    """Stop delivering to an enabled endpoint."""
    endpoint = _endpoint_that_may(state, command.endpoint_id, WebhookEndpointDisabled)
    if isinstance(endpoint, Refused):
        return endpoint
    return WebhookEndpointDisabled(endpoint_id=command.endpoint_id, cause=command.cause, reason=command.reason)


def decide_enable(command: EnableWebhookEndpoint, state: State, moment: Moment) -> WebhookEndpointEnabled | Refused:
    """Deliver to a disabled endpoint again."""
    endpoint = _endpoint_that_may(state, command.endpoint_id, WebhookEndpointEnabled)
    return endpoint if isinstance(endpoint, Refused) else WebhookEndpointEnabled(endpoint_id=command.endpoint_id)


def decide_replay(
    command: ReplayWebhookDeliveries, state: State, moment: Moment
) -> WebhookDeliveriesReplayed | Refused:
    """Replay a range of the book's past to an enabled endpoint."""
    endpoint = _endpoint(state, command.endpoint_id)
    if isinstance(endpoint, Refused):
        return endpoint
    if endpoint.status != "enabled":
        return Refused(Rejection.WEBHOOK_ENDPOINT_STATE_CONFLICT, f"{command.endpoint_id} is disabled; enable it first")
    if not command.from_position <= command.to_position < moment.position:
        detail = f"from_position to to_position must lie in the book's past, below {moment.position}"
        return Refused(Rejection.WEBHOOK_REPLAY_RANGE_INVALID, detail, "/to_position")
    if command.to_position - command.from_position >= REPLAY_POSITIONS_MAX:
        detail = f"at most {REPLAY_POSITIONS_MAX} positions are replayed at once"
        return Refused(Rejection.WEBHOOK_REPLAY_RANGE_INVALID, detail, "/from_position")
    return WebhookDeliveriesReplayed(
        endpoint_id=command.endpoint_id, from_position=command.from_position, to_position=command.to_position
    )


def evolve_created(state: State, event: WebhookEndpointCreated, position: int) -> None:
    """Remember a new endpoint, and that there is one more."""
    known = _directory(state).endpoint_ids
    state.records[DIRECTORY, THE_DIRECTORY] = WebhookDirectory(endpoint_ids=(*known, event.endpoint_id))
    state.records[ENDPOINT, event.endpoint_id] = WebhookEndpoint(
        status=ENDPOINT_TRANSITIONS[None, WebhookEndpointCreated],
        url=event.url,
        kinds=event.kinds,
        secret=event.secret,
        since=position,
    )


def evolve_updated(state: State, event: WebhookEndpointUpdated, position: int) -> None:
    """Remember where the endpoint is and what it hears."""
    _change(state, event.endpoint_id, url=event.url, kinds=event.kinds)


def evolve_rotated(state: State, event: WebhookSecretRotated, position: int) -> None:
    """Remember the new secret, and the one before it for a while."""
    _change(
        state,
        event.endpoint_id,
        secret=event.secret,
        previous_secret=_known(state, event.endpoint_id).secret if event.overlap_hours else None,
        previous_valid_until=event.previous_valid_until if event.overlap_hours else None,
    )


def evolve_status(state: State, event: WebhookEndpointDisabled | WebhookEndpointEnabled, position: int) -> None:
    """Remember whether anything is sent; what was missed while nothing was is not sent by itself."""
    status = ENDPOINT_TRANSITIONS[_known(state, event.endpoint_id).status, type(event)]
    since = position if status == "enabled" else _known(state, event.endpoint_id).since
    _change(state, event.endpoint_id, status=status, since=since)


def evolve_replayed(state: State, event: WebhookDeliveriesReplayed, position: int) -> None:
    """A replay changes nothing about the endpoint."""


def _directory(state: State) -> WebhookDirectory:
    found = state.record(DIRECTORY, THE_DIRECTORY)
    return found if isinstance(found, WebhookDirectory) else WebhookDirectory()


def _endpoint(state: State, endpoint_id: str) -> WebhookEndpoint | Refused:
    found = state.record(ENDPOINT, endpoint_id)
    if isinstance(found, WebhookEndpoint):
        return found
    return Refused(Rejection.WEBHOOK_ENDPOINT_NOT_FOUND, f"no webhook endpoint is called {endpoint_id}", "/endpoint_id")


def _endpoint_that_may(state: State, endpoint_id: str, event: type[EventData]) -> WebhookEndpoint | Refused:
    endpoint = _endpoint(state, endpoint_id)
    if isinstance(endpoint, Refused) or (endpoint.status, event) in ENDPOINT_TRANSITIONS:
        return endpoint
    return Refused(Rejection.WEBHOOK_ENDPOINT_STATE_CONFLICT, f"{endpoint_id} is {endpoint.status} already")


def _known(state: State, endpoint_id: str) -> WebhookEndpoint:
    found = state.record(ENDPOINT, endpoint_id)
    assert isinstance(found, WebhookEndpoint)
    return found


def _change(state: State, endpoint_id: str, **changes: Any) -> None:
    state.records[ENDPOINT, endpoint_id] = replace(_known(state, endpoint_id), **changes)


def _touch_create(command: EndpointWithSecret, touched: Touched) -> None:
    touched.records.add((DIRECTORY, THE_DIRECTORY))


def _touch_rotate(command: RotationWithSecret, touched: Touched) -> None:
    touched.records.add((ENDPOINT, command.wish.endpoint_id))


def _touch(command: Any, touched: Touched) -> None:
    touched.records.add((ENDPOINT, command.endpoint_id))


CONTEXT: Final = Context(
    deciders={
        EndpointWithSecret: decide_create,
        UpdateWebhookEndpoint: decide_update,
        RotationWithSecret: decide_rotate,
        DisableWebhookEndpoint: decide_disable,
        EnableWebhookEndpoint: decide_enable,
        ReplayWebhookDeliveries: decide_replay,
    },
    evolvers={
        WebhookEndpointCreated: evolve_created,
        WebhookEndpointUpdated: evolve_updated,
        WebhookSecretRotated: evolve_rotated,
        WebhookEndpointDisabled: evolve_status,
        WebhookEndpointEnabled: evolve_status,
        WebhookDeliveriesReplayed: evolve_replayed,
    },
    touches={
        EndpointWithSecret: _touch_create,
        UpdateWebhookEndpoint: _touch,
        RotationWithSecret: _touch_rotate,
        DisableWebhookEndpoint: _touch,
        EnableWebhookEndpoint: _touch,
        ReplayWebhookDeliveries: _touch,
    },
    records={ENDPOINT: WebhookEndpoint, DIRECTORY: WebhookDirectory},
)
