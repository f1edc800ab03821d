"""Deliveries as tasks: what an event asks for, and how each task is performed.

    deliver   one per endpoint and event, in order per endpoint and subject, on the schedule of schedule.py
    replay    a page of the book's past, for one endpoint again

Who hears an event is looked up in the book once per batch, so that events which nobody hears cost nothing. The look-up
is never older than the events, and an endpoint only hears what came after it was made.

A delivery that is given up is finished, with `dead` in its answer, and its endpoint is disabled: parking it would keep
everything behind it waiting for an operator who cannot mend somebody else's server. What an endpoint missed, it gets by
a replay of the positions, under the old ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import asyncpg
import structlog

from contracts.events import WebhookDeliveriesReplayed
from contracts.public_events.cloud_event import CloudEvent
from projectors.book import Book
from projectors.events import Event, decode_event
from projectors.public_events.translating import public_events_of
from projectors.reactors.commands import CommandClient, Unavailable
from projectors.reactors.registry import Supplies
from projectors.reactors.tasks import Again, Done, Next, Park, React, Reactor, Result, Retry, Task, Turn
from projectors.webhooks.delivering import Dead, Delivered, Deliverer
from projectors.webhooks.endpoints import Endpoints, EndpointState
from projectors.webhooks.metrics import WebhookMetrics
from runtime.clock import Clock
from runtime.outbound import Reach, Sender
from runtime.vault import VaultError

NAME: Final = "webhooks"
DELIVER: Final = "deliver"
REPLAY: Final = "replay"
REPLAY_PAGE_EVENTS: Final = 100
REASON_CHARS: Final = 140  # of a command's reason
# The schedule ends a delivery; this bounds the turns in which nothing was sent: a vault, a book or a door away.
DELIVER_RETRY: Final = Retry(attempts_max=1_000)
WITHOUT_VAULT_S: Final = 60.0

_log = structlog.get_logger(__name__)


class Webhooks:
    """Reacts to public events by delivering them."""

    def __init__(
        self,
        *,
        book: Book,
        endpoints: Endpoints,
        deliverer: Deliverer,
        commands: CommandClient,
        clock: Clock,
        metrics: WebhookMetrics,
    ) -> None:
        self._book = book
        self._endpoints = endpoints
        self._deliverer = deliverer
        self._commands = commands
        self._clock = clock
        self._metrics = metrics

    def reactor(self) -> Reactor:
        """Return the reactor. A new one begins at the head: nobody is told of history they did not ask for."""
        return Reactor(name=NAME, prepare=self.prepare, perform=self.perform, retries={DELIVER: DELIVER_RETRY})

    async def prepare(self) -> React:
        """Look up who listens. Raises BookUnreachable."""
        return partial(react, endpoints=await self._endpoints.all())

    async def perform(self, turn: Turn) -> Result:
        """Do one task. Raises BookUnreachable, Unreadable, LeaseLost, TargetUnreachable."""
        match turn.kind:
            case "deliver":
                return await self._deliver(turn)
            case "replay":
                return await self._replay(turn)
        return Park(f"this program has no task {turn.kind!r}; deploy one that has")

    async def _deliver(self, turn: Turn) -> Result:
        endpoint_id, position, number = (turn.payload[name] for name in ("endpoint_id", "position", "number"))
        state = await self._endpoints.find(endpoint_id)
        if state is None or state.status != "enabled":
            return self._given_up("the endpoint is disabled")
        if not self._endpoints.can_sign:
            return Again(why="vault_database_url and vault_keys_file are not set", after_s=WITHOUT_VAULT_S)
        try:
            endpoint = await self._endpoints.opened(endpoint_id, state, now=self._clock.now())
        except VaultError as broken:
            return Park(f"the secret of {endpoint_id} cannot be opened: {type(broken).__name__}")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as away:
            return Again(why=f"the vault does not answer: {type(away).__name__}", after_s=WITHOUT_VAULT_S)
        said = (await self._public_events_at(position))[number]
        # Counted before sending, and apart from the turns: those in which nothing was sent use up no attempt.
        attempt = int(turn.intent or 0) + 1
        await turn.begin(str(attempt))
        outcome = await self._deliverer.deliver(endpoint, said, attempt=attempt)
        if isinstance(outcome, Delivered):
            self._metrics.delivered.inc()
            self._metrics.age_seconds.observe(max(0.0, (self._clock.now() - said.time).total_seconds()))
            return Done({"delivered": outcome.status})
        if isinstance(outcome, Dead):
            return await self._dead(turn, endpoint_id, outcome)
        self._metrics.failed.inc()
        _log.info("webhook_failed", endpoint_id=endpoint_id, event_id=said.id, why=outcome.why, attempt=attempt)
        return Again(why=outcome.why, after_s=outcome.after_s)

    async def _dead(self, turn: Turn, endpoint_id: str, outcome: Dead) -> Result:
        """Disable the endpoint, whoever else may have done so meanwhile; the event about it is the notice."""
        body = {"cause": "gone" if outcome.is_gone else "failing", "reason": outcome.why[:REASON_CHARS]}
        path = f"/v1/webhook-endpoints/{endpoint_id}/disable"
        reply = await self._commands.send(path, body, key=turn.idempotency_key)
        if isinstance(reply, Unavailable):
            return Again(why=f"the endpoint should be disabled: {reply.why}", after_s=reply.after_s)
        return self._given_up(outcome.why)

    def _given_up(self, why: str) -> Done:
        self._metrics.dead.inc()
        return Done({"dead": why})

    async def _replay(self, turn: Turn) -> Result:
        endpoint_id, first, last = (turn.payload[name] for name in ("endpoint_id", "first", "last"))
        endpoint = await self._endpoints.find(endpoint_id)
        if endpoint is None or endpoint.status != "enabled":
            return Done({"replayed": 0, "why": "the endpoint is disabled"})
        page = await self._book.read_page(first - 1, min(REPLAY_PAGE_EVENTS, last - first + 1))
        tasks = [
            _deliver_task(endpoint_id, position, number, said)
            for position, body in page
            for number, said in enumerate(public_events_of(self._event(position, body)))
            if endpoint.hears(said.type)
        ]
        following = page[-1][0] + 1 if page else last + 1
        if following <= last:
            tasks.append(_replay_task(endpoint_id, following, last))
        return Next(tasks=tasks, answer={"replayed": len(tasks)}) if tasks else Done({"replayed": 0})

    async def _public_events_at(self, position: int) -> list[CloudEvent]:
        ((found, body),) = await self._book.read_page(position - 1, 1)
        return public_events_of(self._event(found, body))

    def _event(self, position: int, body: bytes) -> Event:
        return decode_event(position, body, ledger=self._book.ledger)


def react(event: Event, *, endpoints: Mapping[str, EndpointState]) -> Sequence[Task]:
    """Ask for an event's deliveries, or for a part of the past to be replayed. Payloads hold positions, no data."""
    hearing = [(name, state) for name, state in sorted(endpoints.items()) if state.since < event.position]
    tasks = []
    if any(state.status == "enabled" for _, state in hearing):
        tasks = [
            _deliver_task(endpoint_id, event.position, number, said)
            for number, said in enumerate(public_events_of(event))
            for endpoint_id, endpoint in hearing
            if endpoint.hears(said.type)
        ]
    if isinstance(event.data, WebhookDeliveriesReplayed):
        tasks.append(_replay_task(event.data.endpoint_id, event.data.from_position, event.data.to_position))
    return tasks


def _deliver_task(endpoint_id: str, position: int, number: int, said: CloudEvent) -> Task:
    payload: dict[str, Any] = {"endpoint_id": endpoint_id, "position": position, "number": number}
    return Task(kind=DELIVER, key=f"{endpoint_id}|{said.subject}", payload=payload)


def _replay_task(endpoint_id: str, first: int, last: int) -> Task:
    payload: dict[str, Any] = {"endpoint_id": endpoint_id, "first": first, "last": last}
    return Task(kind=REPLAY, key=f"{REPLAY}|{endpoint_id}", payload=payload)


async def build(supplies: Supplies) -> Reactor:
    """Put the reactor together from the settings of its process."""
    clock = supplies.clock
    sender = Sender(Reach(loopback=supplies.settings.webhooks_to_loopback))
    return Webhooks(
        book=supplies.book,
        endpoints=Endpoints(supplies.book, supplies.vault),
        deliverer=Deliverer(sender, clock=clock, chance=supplies.chance),
        commands=supplies.commands,
        clock=clock,
        metrics=WebhookMetrics(supplies.registry),
    ).reactor()
