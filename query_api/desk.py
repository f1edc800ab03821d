"""Questions about the things on the desk: lists by status, customer, account or merchant, and one with its steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from contracts.desk import INDEX, INDEXES, KINDS, STEPS_MAX, DeskKeys, DeskStep, DeskThing, thing_of
from contracts.desk_views import DATA_OF, ThingLine, ThingPage, ThingStep, ThingView
from contracts.read_models import DESK, Checkpoint
from query_api.dating import Dating
from query_api.freshness import Fresh, Freshness
from query_api.pages import write_cursor
from query_api.questions import ThingsAsked
from query_api.redis_model import RedisModel
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.sources import Source
from runtime.clock import Clock

THINGS_EXAMINED_MAX: Final = 1_000  # per page, when more than one filter applies: what one script call may look at
# The narrowest list first; the other filters are applied to what it gives.
NARROWEST_FIRST: Final = ("account_id", "customer_id", "merchant_id", "status")


class Desk:
    """The desk of one ledger. Every method raises ReadRefused."""

    def __init__(
        self, redis: Source[Redis], *, ledger: str, clock: Clock, freshness: Freshness, dating: Dating
    ) -> None:
        self.model: RedisModel[DeskKeys] = RedisModel(redis, ledger=ledger, model=DESK, keys_of=DeskKeys, clock=clock)
        self._freshness = freshness
        self._dating = dating

    async def things(self, asked: ThingsAsked, fresh: Fresh) -> ThingPage[Any]:
        """Read a page of things of a kind, newest first."""

        async def read() -> ThingPage[Any]:
            wanted = asked.wanted
            by = next((name for name in NARROWEST_FIRST if name in wanted), None)
            rest = {name: value for name, value in wanted.items() if name != by}
            examined_max = THINGS_EXAMINED_MAX if rest else asked.limit + 1
            start = "+inf" if asked.before is None else f"({asked.before}"
            try:
                page = await self.model.read_page(
                    lambda keys: keys.things(asked.kind, by, "" if by is None else wanted[by]),
                    (start, "-inf", "BYSCORE", "REV", "LIMIT", 0, examined_max),
                    hash_of=lambda keys, identifier: keys.thing(asked.kind, identifier),
                )
            except SourceDown as down:
                raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(down)) from down
            examined = [
                (thing_of(asked.kind, member.decode(), fields), fields)
                for member, fields in zip(page.members, page.hashes, strict=True)
            ]
            matching = [thing for thing, fields in examined if _is_listed(fields, rest)]
            shown = matching[: asked.limit]
            last = None
            if len(matching) > asked.limit:
                last = shown[-1].score
            elif len(examined) == examined_max:
                last = examined[-1][0].score
            return ThingPage(
                things=tuple(_line(thing) for thing in shown),
                next_cursor=None if last is None else write_cursor(last, listing=asked.kind, filters=asked.filters),
                as_of=self._as_of(page.checkpoint),
            )

        return await self._freshness.read(read, fresh, model=DESK)

    async def thing(self, kind: str, identifier: str, fresh: Fresh) -> ThingView[Any]:
        """Read one thing with its newest steps."""

        async def read() -> ThingView[Any]:
            try:
                page = await self.model.read_page(
                    lambda keys: keys.steps(kind, identifier),
                    ("-inf", "+inf", "BYSCORE", "LIMIT", 0, STEPS_MAX),
                    beside=lambda keys: keys.thing(kind, identifier),
                )
            except SourceDown as down:
                raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(down)) from down
            if not page.beside:
                raise ReadRefused(
                    Refusal.THING_NOT_FOUND,
                    f"there is no {KINDS[kind].one} {identifier} as of position {page.checkpoint.position}",
                    position=page.checkpoint.position,
                )
            line = _line(thing_of(kind, identifier, page.beside))
            steps = [msgspec.json.decode(step, type=DeskStep) for step in page.members]
            return ThingView(
                **{name: getattr(line, name) for name in line.__struct_fields__},
                events=tuple(msgspec.convert(step, ThingStep, from_attributes=True) for step in steps),
                as_of=self._as_of(page.checkpoint),
            )

        return await self._freshness.read(read, fresh, model=DESK)

    def _as_of(self, checkpoint: Checkpoint) -> Any:
        return self._dating.as_of(checkpoint.position, checkpoint.recorded_at, source="read_model")


def _is_listed(fields: Mapping[bytes, bytes], wanted: Mapping[str, str]) -> bool:
    return all(fields.get(f"{INDEX}{name}".encode()) == value.encode() for name, value in wanted.items())


def _line(thing: DeskThing) -> ThingLine[Any]:
    return ThingLine(
        id=thing.id,
        kind=thing.kind,
        status=thing.status,
        position=thing.position,
        recorded_at=thing.recorded_at,
        data=_data_reader(thing.kind)(msgspec.json.encode(thing.fields)),
    )


def _data_reader(kind: str) -> Callable[[bytes], Any]:
    return _READERS.get(kind, _ANY_OBJECT)


_READERS: Final = {kind: msgspec.json.Decoder(data).decode for kind, data in DATA_OF.items()}
_ANY_OBJECT: Final = msgspec.json.Decoder(dict[str, Any]).decode

assert set(NARROWEST_FIRST) == set(INDEXES)
