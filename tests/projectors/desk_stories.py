"""Stories for the desk: random webhook endpoints, limits and rails, and the plain way to add them up."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from contracts import events as e
from contracts.desk import INDEXES, STEPS_MAX, THINGS_PER_POSITION, DeskKeys
from contracts.envelope import Actor, Origin, encode_actor, encode_event
from contracts.events.limits import LimitSet
from projectors.desk.table import HIDDEN, SAID, TABLE, Shown
from projectors.events import Event, decode_event
from tests.support.plain_book import BEGIN

SEALED_SECRET = "sealed.v1.AAECAw"


def event_of(data: e.EventData, position: int, *, ledger: str = "main", actor: str = "anna") -> Event:
    """An event as a projector gets it."""
    moment = BEGIN + timedelta(seconds=position)
    origin = Origin(
        ledger=ledger,
        actor_json=encode_actor(Actor(subject=actor, tenant="t1")),
        key=f"key-{position}",
        trace=None,
        occurred_at=moment,
    )
    return decode_event(
        position, encode_event(data, position=position, recorded_at=moment, origin=origin), ledger=ledger
    )


def story(seed: int, events: int, *, ledger: str = "main") -> list[Event]:
    """Random events about a few things, the same for the same seed."""
    chance = random.Random(seed)
    endpoints: list[str] = []
    told: list[Event] = []
    while len(told) < events:
        position = len(told) + 1
        data = _endpoint_event(chance, endpoints, position) if chance.random() < 0.7 else _terms_event(chance)
        told.append(event_of(data, position, ledger=ledger, actor=chance.choice(("anna", "ben"))))
    return told


def _endpoint_event(chance: random.Random, endpoints: list[str], position: int) -> e.EventData:
    if len(endpoints) < 2 or chance.random() < 0.1:
        endpoints.append(f"whe_{position}")
        return e.WebhookEndpointCreated(
            endpoint_id=endpoints[-1],
            url=f"https://hooks.example.com/{position}",
            kinds=("*",),
            description=chance.choice((None, "shop")),
            secret=SEALED_SECRET,
        )
    endpoint_id = chance.choice(endpoints)
    choices: tuple[e.EventData, ...] = (
        e.WebhookEndpointUpdated(
            endpoint_id=endpoint_id,
            url=f"https://elsewhere.example.com/{position}",
            kinds=("payment.settled.v1", "payment.rejected.v1"),
            description=None,
        ),
        e.WebhookSecretRotated(
            endpoint_id=endpoint_id,
            overlap_hours=24,
            previous_valid_until=BEGIN + timedelta(hours=position),
            secret=SEALED_SECRET,
        ),
        e.WebhookEndpointDisabled(endpoint_id=endpoint_id, cause="failing", reason=f"reason {position}"),
        e.WebhookEndpointEnabled(endpoint_id=endpoint_id),
        e.WebhookDeliveriesReplayed(endpoint_id=endpoint_id, from_position=1, to_position=position),
    )
    return chance.choice(choices)


def _terms_event(chance: random.Random) -> e.EventData:
    currency = chance.choice(("EUR", "USD"))
    limit = LimitSet(
        currency=currency, window_hours=24, amount_max_minor=chance.randrange(10**6), count_max=None, basis="gross"
    )
    choices: tuple[e.EventData, ...] = (
        e.LimitsDefined(subject=chance.choice(("cust_1", "customers:alice:eur")), limits=(limit,)),
        e.RailDefined(
            rail=chance.choice(("sct_inst", "file")),
            currency=currency,
            clearing_account_id=f"clearing:{chance.randrange(9)}",
            suspense_account_id="suspense:eur",
        ),
        e.AuthenticationDefined(currency=currency, amount_from_minor=chance.randrange(99), new_payee=True, minutes=5),
        e.PeriodClosed(through=BEGIN.date()),
    )
    return chance.choice(choices)


def plain_desk(events: Iterable[Event], rows: Mapping[str, tuple[Shown, ...]] = TABLE) -> dict[str, Any]:
    """The whole desk, added up event by event without batches, netting or Redis; as `dump_desk` gives it."""
    desk: dict[str, Any] = {}
    for event in events:
        for ordinal, row in enumerate(rows.get(event.envelope.type, ())):
            said = msgspec.json.decode(msgspec.json.encode(event.data))
            assert row.each is None
            assert isinstance(row.id, str | tuple)
            identifier = said.get(row.id) if isinstance(row.id, str) else ":".join(said[name] for name in row.id)
            if identifier is None:
                continue
            thing = desk.setdefault(
                f"thing:{row.kind}:{identifier}",
                {"score": str(event.position * THINGS_PER_POSITION + ordinal), "index:status": ""},
            )
            names = [name for name in said if name not in HIDDEN] if row.fields is None else row.fields
            for name in names:
                thing[f"field:{name}"] = said[name]
                if name in INDEXES:
                    thing[f"index:{name}"] = said[name]
            if row.status:
                thing["index:status"] = row.status
            thing["position"] = str(event.position)
            thing["recorded_at"] = said_at(event)
            step = {
                "position": event.position,
                "type": event.envelope.type,
                "recorded_at": said_at(event),
                "actor": event.envelope.principal.subject,
                "said": {name: said[name] for name in SAID if said.get(name) is not None},
            }
            steps = desk.setdefault(f"steps:{row.kind}:{identifier}", [])
            steps.append(step)
            del steps[:-STEPS_MAX]
    for name, thing in [item for item in desk.items() if item[0].startswith("thing:")]:
        _, kind, identifier = name.split(":", 2)
        desk.setdefault(f"things:{kind}", set()).add((identifier, thing["score"]))
        for index in INDEXES:
            if thing.get(f"index:{index}"):
                listed = desk.setdefault(f"things:{kind}:{index}:{thing[f'index:{index}']}", set())
                listed.add((identifier, thing["score"]))
    return desk


def said_at(event: Event) -> str:
    """An instant as events write it."""
    return str(msgspec.to_builtins(event.envelope.recorded_at))


async def dump_desk(client: Any, keys: DeskKeys) -> dict[str, Any]:
    """Everything the model holds but its checkpoint, by name without prefix."""
    content: dict[str, Any] = {}
    async for key in client.scan_iter(match=f"{keys.prefix}*", count=1000):
        name = key.decode().removeprefix(keys.prefix)
        if name.startswith("thing:"):
            fields = {field.decode(): value for field, value in (await client.hgetall(key)).items()}
            content[name] = {
                field: msgspec.json.decode(value) if field.startswith("field:") else value.decode()
                for field, value in fields.items()
            }
        elif name.startswith("steps:"):
            content[name] = [msgspec.json.decode(step) for step in await client.zrange(key, 0, -1)]
        elif name.startswith("things:"):
            members = await client.zrange(key, 0, -1, withscores=True)
            content[name] = {(member.decode(), str(int(score))) for member, score in members}
    return content
