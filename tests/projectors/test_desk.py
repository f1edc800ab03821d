"""The desk on a real Valkey: every event has a place in its table, and any way of delivery adds up to the same."""

from __future__ import annotations

import itertools
import typing
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.desk import KINDS, DeskKeys, thing_of, thing_score, without_sealed
from contracts.desk_views import DATA_OF, LimitsData
from contracts.events import EVENT_TYPES
from contracts.ids import position_of
from projectors.apply import Outcome
from projectors.desk import fold as folding
from projectors.desk.fold import fold
from projectors.desk.table import HIDDEN, NOT_SHOWN, TABLE, Shown
from projectors.desk.target import APPLY_LUA, DeskTarget
from projectors.events import Batch, Event
from projectors.rebuild import drop_keys
from tests.projectors.contract import ContractBroken, withstand
from tests.projectors.desk_stories import SEALED_SECRET, dump_desk, event_of, plain_desk, story
from tests.projectors.places import Place
from tests.support.reconciling import an_office, line, match, open_break, record, statement

CHECKPOINT_MOVES = "redis.call('HSET', KEYS[1], 'position', ARGV[3], 'recorded_at', ARGV[4])\n"
DUPLICATE_CHECK = "if last <= position then return 'duplicate' end\n"
GAP_CHECK = "if first ~= position + 1 then return 'gap' end\n"
DATA_BEGINS = "local things, steps_max = unpack(cmsgpack.unpack(ARGV[5]))\n"
LEAVES_THE_OLD_LIST = "    if before then redis.call('ZREM', listed .. before, id) end\n"

FAULTS = {
    "moves the checkpoint before the data": (
        APPLY_LUA.replace(CHECKPOINT_MOVES, "").replace(DATA_BEGINS, CHECKPOINT_MOVES + DATA_BEGINS)
    ),
    "calls a repetition applied": APPLY_LUA.replace(DUPLICATE_CHECK, DUPLICATE_CHECK.replace("duplicate", "applied")),
    "jumps over a gap": APPLY_LUA.replace(GAP_CHECK, ""),
    "forgets the checkpoint": APPLY_LUA.replace(CHECKPOINT_MOVES, ""),
    "leaves a thing on its old list": APPLY_LUA.replace(LEAVES_THE_OLD_LIST, ""),
    "swallows a failing store": APPLY_LUA.replace("redis.call(", "redis.pcall("),
    "orders a thing by its last event": APPLY_LUA.replace("'HSETNX'", "'HSET'"),
}

_numbers = itertools.count()


def misplaced(table: Mapping[str, tuple[Shown, ...]], not_shown: frozenset[str]) -> set[str]:
    """Name the event types that have no place, or two."""
    known = {name for name, _ in EVENT_TYPES}
    return (known - table.keys() - not_shown) | (table.keys() & not_shown)


def wrong_rows(table: Mapping[str, tuple[Shown, ...]]) -> list[str]:
    """Name the lines that ask an event for a field that it does not have, or speak of an unknown kind."""
    wrong = []
    for name, data in EVENT_TYPES.items():
        for row in table.get(name[0], ()):
            asked = {row.id} if isinstance(row.id, str) else set(row.id)
            known = set(data.__struct_fields__)
            if row.each is not None:
                listed: Any = msgspec.inspect.type_info(typing.get_type_hints(data)[row.each])
                item = listed.item_type
                texts = isinstance(item, msgspec.inspect.StrType)
                known |= {*asked, "status"} if texts else {field.name for field in item.fields}
            if not asked | set(row.fields or ()) <= known:
                wrong.append(name[0])
            if row.kind not in KINDS:
                wrong.append(name[0])
    return wrong


def test_every_event_is_shown_or_listed_as_not_shown() -> None:
    assert misplaced(TABLE, NOT_SHOWN) == set()


def test_every_line_asks_for_fields_that_the_event_has() -> None:
    assert wrong_rows(TABLE) == []


def test_a_forgotten_event_and_a_wrong_line_are_found() -> None:
    without = {name: rows for name, rows in TABLE.items() if name != "rail_defined"}
    assert misplaced(without, NOT_SHOWN) == {"rail_defined"}
    assert misplaced(TABLE, NOT_SHOWN | {"rail_defined"}) == {"rail_defined"}
    assert wrong_rows({"rail_defined": (Shown("rails", "rale"),)}) == ["rail_defined"]
    assert wrong_rows({"rail_defined": (Shown("reils", "rail"),)}) == ["rail_defined"]
    fields = ("kind",)
    assert wrong_rows({"matches_recorded": (Shown("breaks", "break_id", fields=fields, each="resolved_breaks"),)})


def undescribed(data_of: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Name the (kind, field) that the desk keeps and that the public description of the kind would hide."""
    missing = set()
    for (name, _), data in EVENT_TYPES.items():
        for row in TABLE.get(name, ()):
            if row.kind in data_of:
                shown = set(data.__struct_fields__) - HIDDEN if row.fields is None else set(row.fields)
                missing |= {(row.kind, field) for field in shown - set(data_of[row.kind].__struct_fields__)}
    return missing


SEALED_FIELDS = {"name", "birth_date", "registration_number", "address", "email"}


def test_a_described_kind_hides_nothing_but_what_is_sealed() -> None:
    assert undescribed(DATA_OF) == {("customers", field) for field in SEALED_FIELDS}
    assert ("rails", "currency") in undescribed({"rails": LimitsData})


def test_a_match_resolves_the_breaks_that_it_names() -> None:
    """In one batch with their openings or in a later one; a break keeps its place in the list and its fields."""
    office = an_office()
    office.take_in(statement("march", 0, 1_000, lines=2), line(300), line(700))
    wanted, other = [office.do(open_break(line_id)).break_id for line_id in office.line_ids]
    recorded = office.do(record(match(office.line_ids[0], entry=office.pay_in(300))))
    events = [event_of(data, position) for position, data in enumerate(office.events, 1)]

    changes = fold(events)

    assert recorded.resolved_breaks == (wanted,)
    found = {identifier: change for (kind, identifier), change in changes.items() if kind == "breaks"}
    assert {name: change.indexes["status"] for name, change in found.items()} == {wanted: "resolved", other: "open"}
    assert found[wanted].score == thing_score(position_of(wanted), 0)
    assert found[wanted].fields["field:kind"] == '"missing_in_book"'
    assert [position for position, _ in found[wanted].steps] == [position_of(wanted), office.position]
    alone = fold(events[-1:])["breaks", wanted]
    assert alone.indexes == {"status": "resolved"}
    assert alone.fields.keys() == {"field:status", "position", "recorded_at"}


async def test_a_thing_shows_what_its_events_said_last_and_who_caused_them(place: Place) -> None:
    events = story(5, 200, ledger=place.ledger)
    keys = DeskKeys(place.ledger)
    target = DeskTarget(place.servers.redis_url, keys)
    assert await target.apply(Batch(events, caught_up=True)) is Outcome.APPLIED
    await target.close()
    last = [event for event in events if event.envelope.type == "rail_defined"][-1]
    identifier = f"{last.data.rail}:{last.data.currency}"  # type: ignore[attr-defined]
    rail = thing_of("rails", identifier, await place.redis.hgetall(keys.thing("rails", identifier)))
    assert (rail.status, rail.position) == ("defined", last.position)
    assert rail.recorded_at == last.envelope.recorded_at
    assert {name: msgspec.json.decode(value) for name, value in rail.fields.items()} == msgspec.to_builtins(last.data)


async def test_nothing_sealed_reaches_the_desk(place: Place) -> None:
    events = story(6, 120, ledger=place.ledger)
    assert any(SEALED_SECRET in str(event.data) for event in events)
    keys = DeskKeys(place.ledger)
    target = DeskTarget(place.servers.redis_url, keys)
    await target.apply(Batch(events, caught_up=True))
    await target.close()
    assert "sealed." not in str(await dump_desk(place.redis, keys))


def test_sealed_texts_are_left_out_however_deep_they_lie() -> None:
    value = {"name": "sealed.x", "iban_masked": "••34", "inner": [{"a": "sealed.y", "b": 1}, "sealed.z"]}
    assert without_sealed(value) == {"iban_masked": "••34", "inner": [{"b": 1}]}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 1000),
    cuts=st.sets(st.integers(1, 149), max_size=20),
    again=st.sets(st.integers(0, 20), max_size=6),
)
async def test_any_split_with_any_batch_delivered_twice_is_the_plain_fold(
    place: Place, seed: int, cuts: set[int], again: set[int]
) -> None:
    events = story(seed, 150)
    assert await _delivered(place, events, sorted(cuts), again) == plain_desk(events)


async def test_a_fold_with_a_planted_fault_is_not_the_plain_fold(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here: a thing keeps only the last two of a batch's steps."""
    events = story(7, 150)
    assert await _delivered(place, events, [50], set()) == plain_desk(events)
    monkeypatch.setattr(folding, "STEPS_MAX", 2)
    assert await _delivered(place, events, [50], set()) != plain_desk(events)


async def _delivered(place: Place, events: list[Event], cuts: list[int], again: set[int]) -> dict[str, Any]:
    keys = DeskKeys(f"desk_{next(_numbers)}")
    target = DeskTarget(place.servers.redis_url, keys)
    for index, (start, end) in enumerate(itertools.pairwise([0, *cuts, len(events)])):
        assert await target.apply(Batch(events[start:end], caught_up=True)) is Outcome.APPLIED
        if index in again:
            assert await target.apply(Batch(events[start:end], caught_up=True)) is Outcome.DUPLICATE
    await target.close()
    return await dump_desk(place.redis, keys)


async def tell(place: Place, script: str) -> None:
    """Tell the story of every read model to a target with this script."""
    events = story(3, 240)
    keys = DeskKeys(place.ledger)
    target = DeskTarget(place.servers.redis_url, keys, script=script)
    changes = list(fold(events[80:160]))
    kind, identifier = changes[-1]
    in_the_way = keys.steps(kind, identifier)

    async def sabotage(active: bool) -> None:
        # A string where the last thing of the batch keeps its steps: everything else of the batch is written by then.
        if active:
            if await place.redis.exists(in_the_way):
                await place.redis.rename(in_the_way, f"{place.ledger}:hidden")
            await place.redis.set(in_the_way, "sabotage")
        else:
            await place.redis.delete(in_the_way)
            if await place.redis.exists(f"{place.ledger}:hidden"):
                await place.redis.rename(f"{place.ledger}:hidden", in_the_way)

    try:
        await withstand(
            target,
            events,
            read=lambda: dump_desk(place.redis, keys),
            expected=plain_desk(events),
            sabotage=sabotage,
        )
    finally:
        await target.close()


async def test_the_desk_withstands_repetition_gaps_and_a_failing_store(place: Place) -> None:
    await tell(place, APPLY_LUA)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_does_not_withstand_it(place: Place, fault: str) -> None:
    assert FAULTS[fault] != APPLY_LUA, "the script changed: plant the fault anew"
    with pytest.raises(ContractBroken):
        await tell(place, FAULTS[fault])


async def test_a_rebuild_drops_every_key_of_the_model(place: Place) -> None:
    keys = DeskKeys(place.ledger)
    target = DeskTarget(place.servers.redis_url, keys)
    await target.apply(Batch([event_of(event.data, event.position) for event in story(9, 50)], caught_up=True))
    assert await drop_keys(place.servers.redis_url, keys, model="desk") > 0
    assert await target.checkpoint() == 0
    assert [key async for key in place.redis.scan_iter(match=f"{keys.prefix}*")] == []
    await target.close()
