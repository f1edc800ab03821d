"""The wallets model on a real Valkey: exact whatever way the same events come."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.read_models import (
    STATEMENT_LINES_MAX,
    StatementLine,
    WalletsKeys,
    account_of,
    checkpoint_of,
    hold_of,
    payment_of,
    totals_of,
)
from projectors.apply import Fenced, Outcome, TargetUnreachable
from projectors.events import Batch, Event, decode_event
from projectors.wallets.target import WalletsTarget
from tests.projectors.dumps import dump_wallets
from tests.projectors.places import Place
from tests.support.book import Line, RandomBook

BOOK = RandomBook(seed=11)
LINES = BOOK.write(400)


def events_of(lines: list[Line], *, ledger: str = "main") -> list[Event]:
    return [decode_event(line.position, line.body, ledger=ledger) for line in lines]


def batch_of(lines: list[Line]) -> Batch:
    return Batch(events_of(lines), caught_up=True)


async def test_one_batch_gives_the_balances_of_the_book(place: Place) -> None:
    target = WalletsTarget(place.servers.redis_url, place.keys)
    assert await target.apply(batch_of(LINES)) is Outcome.APPLIED
    for account in BOOK.accounts.values():
        state = account_of(account.account_id, await place.redis.hgetall(place.keys.account(account.account_id)))
        assert (state.posted_minor, state.held_minor) == (account.posted_minor, account.held_minor)
        assert state.status == account.status
        assert state.currency == account.currency
        assert state.opened_at == LINES[account.account_no - 1].recorded_at
    listed = await place.redis.zrange(place.keys.accounts, 0, -1)
    assert [name.decode() for name in listed] == sorted(BOOK.accounts)
    assert checkpoint_of(await place.redis.hgetall(place.keys.checkpoint)).recorded_at == LINES[-1].recorded_at
    await target.close()


async def test_holds_and_payments_can_be_read_back(place: Place) -> None:
    target = WalletsTarget(place.servers.redis_url, place.keys)
    for start in range(0, len(LINES), 37):
        await target.apply(batch_of(LINES[start : start + 37]))
    for hold in BOOK.holds.values():
        state = hold_of(hold.hold_id, await place.redis.hgetall(place.keys.hold(hold.hold_id)))
        assert state.status == hold.status
        left = hold.remaining_minor if hold.status == "open" else [0] * len(hold.legs)
        assert [leg.remaining_minor for leg in state.legs] == left
        assert state.events[0].type == "hold_placed"
        assert [step.position for step in state.events] == sorted(step.position for step in state.events)
        indexed = await place.redis.zscore(place.keys.holds(hold.legs[0].credit_account_id), hold.hold_id)
        assert (indexed is not None) == (hold.status == "open")
    payments = await place.redis.zrange(place.keys.payments, 0, -1)
    assert payments
    for name in payments:
        payment = payment_of(name.decode(), await place.redis.hgetall(place.keys.payment(name.decode())))
        assert payment.status in ("ACSC", "RJCT")
        assert (payment.transfer_id is not None) == (payment.status == "ACSC")
        assert len(payment.events) == 2
        assert await place.redis.zscore(place.keys.payments_in(payment.status), name) is not None
        assert await place.redis.zscore(place.keys.payments_in("RCVD"), name) is None
    await target.close()


async def test_totals_count_every_event_once(place: Place) -> None:
    target = WalletsTarget(place.servers.redis_url, place.keys)
    for start in range(0, len(LINES), 51):
        await target.apply(batch_of(LINES[start : start + 51]))
    totals = totals_of(await place.redis.hgetall(place.keys.totals))
    rows = [row for line in LINES for row in line.entries if row.amount_minor]
    assert totals.accounts == len(BOOK.accounts)
    assert totals.holds_open == sum(hold.status == "open" for hold in BOOK.holds.values())
    for currency in ("EUR", "JPY"):
        mine = [row for row in rows if row.currency == currency]
        assert totals.entries[currency] == len(mine)
        assert totals.volume_minor[currency] == sum(row.amount_minor for row in mine if row.amount_minor > 0)
    assert sum(totals.payments.values()) == await place.redis.zcard(place.keys.payments)
    assert "RCVD" not in totals.payments
    await target.close()


async def test_a_volume_beyond_64_bits_is_still_exact(place: Place) -> None:
    book = RandomBook(seed=1, ledger=place.ledger)
    book.open_account("world:eur", "EUR", "equity")
    book.open_account("customers:rich:eur", "EUR")
    huge = 2**62
    for _ in range(6):
        book.post("world:eur", "customers:rich:eur", huge)
        book.post("customers:rich:eur", "world:eur", huge)
    target = WalletsTarget(place.servers.redis_url, place.keys)
    for line in book.lines:
        assert await target.apply(Batch(events_of([line], ledger=place.ledger), caught_up=True)) is Outcome.APPLIED
    assert totals_of(await place.redis.hgetall(place.keys.totals)).volume_minor == {"EUR": 12 * huge}
    await target.close()


async def test_a_statement_keeps_the_newest_lines_in_order(place: Place) -> None:
    book = RandomBook(seed=1, ledger=place.ledger)
    book.open_account("world:eur", "EUR", "equity")
    book.open_account("customers:busy:eur", "EUR")
    for amount_minor in range(1, 121):
        book.post("world:eur", "customers:busy:eur", amount_minor)
    target = WalletsTarget(place.servers.redis_url, place.keys)
    events = events_of(book.lines, ledger=place.ledger)
    await target.apply(Batch(events[:30], caught_up=True))
    await target.apply(Batch(events[30:], caught_up=True))
    members = await place.redis.zrange(place.keys.statement("customers:busy:eur"), 0, -1)
    lines = [msgspec.json.decode(member, type=StatementLine) for member in members]
    assert [line.amount_minor for line in lines] == list(range(121 - STATEMENT_LINES_MAX, 121))
    assert lines[-1].posted_minor == 120 * 121 // 2
    assert lines[-1].side == "credit"
    await target.close()


_numbers = itertools.count()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.sets(st.integers(1, len(LINES) - 1), max_size=25), again=st.sets(st.integers(0, 25), max_size=6))
async def test_any_split_with_any_batch_delivered_twice_gives_the_same_model(
    place: Place, cuts: set[int], again: set[int]
) -> None:
    async def model_of(edges: list[int]) -> dict[str, Any]:
        keys = WalletsKeys(f"split_{next(_numbers)}")
        target = WalletsTarget(place.servers.redis_url, keys)
        for index, (start, end) in enumerate(itertools.pairwise(edges)):
            assert await target.apply(batch_of(LINES[start:end])) is Outcome.APPLIED
            if index in again:
                assert await target.apply(batch_of(LINES[start:end])) is Outcome.DUPLICATE
        await target.close()
        return await dump_wallets(place.redis, keys)

    assert await model_of([0, *sorted(cuts), len(LINES)]) == await model_of([0, len(LINES)])


async def test_a_batch_that_is_not_the_next_one_changes_nothing(place: Place) -> None:
    target = WalletsTarget(place.servers.redis_url, place.keys)
    assert await target.apply(batch_of(LINES[:50])) is Outcome.APPLIED
    before = await dump_wallets(place.redis, place.keys)
    assert await target.apply(batch_of(LINES[60:70])) is Outcome.GAP
    assert await target.apply(batch_of(LINES[49:70])) is Outcome.GAP
    assert await target.apply(batch_of(LINES[20:40])) is Outcome.DUPLICATE
    assert await dump_wallets(place.redis, place.keys) == before
    assert await target.checkpoint() == 50
    await target.close()


async def test_a_flushed_redis_is_at_position_zero_and_takes_the_script_again(place: Place) -> None:
    target = WalletsTarget(place.servers.redis_url, place.keys)
    await target.apply(batch_of(LINES[:50]))
    await place.redis.flushdb()
    await place.redis.script_flush()
    assert await target.checkpoint() == 0
    assert await target.apply(batch_of(LINES[50:60])) is Outcome.GAP
    assert await target.apply(batch_of(LINES[:60])) is Outcome.APPLIED
    await target.close()


async def test_a_fenced_model_takes_nothing_and_says_what_to_do(place: Place) -> None:
    target = WalletsTarget(place.servers.redis_url, place.keys)
    await target.apply(batch_of(LINES[:50]))
    await place.redis.hset(place.keys.checkpoint, "fence", "rebuild")
    assert await target.apply(batch_of(LINES[50:60])) is Outcome.FENCED
    with pytest.raises(Fenced, match="bursar rebuild wallets"):
        await target.checkpoint()
    await target.close()


async def test_a_store_that_fails_in_the_middle_leaves_the_checkpoint_behind(place: Place) -> None:
    """The counters come last: whatever was set before them is set to the same again when the batch is repeated."""
    target = WalletsTarget(place.servers.redis_url, place.keys)
    await place.redis.set(place.keys.totals, "no hash")
    with pytest.raises(TargetUnreachable, match="WRONGTYPE"):
        await target.apply(batch_of(LINES))
    assert await target.checkpoint() == 0
    await place.redis.delete(place.keys.totals)
    assert await target.apply(batch_of(LINES)) is Outcome.APPLIED
    other = WalletsKeys(f"split_{next(_numbers)}")
    undisturbed = WalletsTarget(place.servers.redis_url, other)
    await undisturbed.apply(batch_of(LINES))
    assert await dump_wallets(place.redis, place.keys) == await dump_wallets(place.redis, other)
    await target.close()
    await undisturbed.close()
