"""What differs is repaired from the book: one thing at a time where that can be done, else its model."""

from __future__ import annotations

import random

import pytest

from cli.devstack import Servers
from contracts.audits import AuditDifference
from projectors.auditor import healing
from projectors.auditor.healing import Healed, HealRefused, Places, heal
from runtime.jetstream import JetStreamRefused, read_state
from tests.auditor.corruptions import corrupt_lake, corrupt_stream, redis_corrupted
from tests.auditor.surroundings import Audited, audited_place
from tests.projectors.dumps import dump_wallets

SEED = 7


async def heal_all(audited: Audited) -> tuple[list[AuditDifference], Healed]:
    """Repair whatever a whole sweep finds."""
    found = await audited.differences()
    places = Places(audited.place.servers.redis_url, audited.place.lake_dir)
    return found, await heal(audited.auditor, audited.reader, found, places)


async def test_things_in_redis_are_set_to_what_their_events_say(audited: Audited) -> None:
    """Each of them alone, byte for byte as it was, and nothing else of the model is touched."""
    before = await dump_wallets(audited.place.redis, audited.place.keys)
    keys = audited.place.keys
    redis = audited.place.redis
    account, hold, payment = [
        next(name.partition(":")[2] for name in sorted(before) if name.startswith(f"{family}:"))
        for family in ("account", "hold", "payment")
    ]
    await redis.hset(keys.account(account), "posted_minor", "1")
    await redis.delete(keys.statement(account))
    await redis.hdel(keys.hold(hold), "status")
    await redis.delete(keys.payment(payment))
    await redis.zrem(keys.payments, payment)
    found, healed = await heal_all(audited)
    things = [f"hold {hold}", f"payment {payment}", f"account {account}"]
    assert {difference.subject for difference in found} == {*things, "lists"}
    assert healed == Healed(things, [])
    assert await dump_wallets(redis, keys) == before


async def test_a_thing_that_a_projector_changes_meanwhile_is_left_to_it(
    audited: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repair sees that the thing changed after it was read, sets nothing, and reads again."""
    keys, redis = audited.place.keys, audited.place.redis
    account = next(iter(audited.book.accounts))
    held = await redis.hgetall(keys.account(account))
    await redis.hset(keys.account(account), "posted_minor", "1")
    events_naming = audited.reader.events_naming
    raced = 0

    async def slow(text: str, first: int, last: int) -> object:
        nonlocal raced
        raced += 1
        if raced == 1:
            await redis.hset(keys.account(account), "posted_minor", "2")
        return await events_naming(text, first, last)

    monkeypatch.setattr(audited.reader, "events_naming", slow)
    assert await healing.heal_thing(audited.auditor, audited.reader, "account", account)
    assert raced == 2
    assert await redis.hgetall(keys.account(account)) == held


async def test_a_model_with_a_wrong_counter_is_rebuilt(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with audited_place(servers, tmp_path_factory.mktemp("counter"), seed=SEED, events=60) as own:
        await own.place.redis.hincrby(own.place.keys.totals, "transfers", 1)
        _, healed = await heal_all(own)
        assert healed == Healed([], ["wallets"])
        assert await dump_wallets(own.place.redis, own.place.keys) == {}


async def test_lake_desk_and_stream_are_rebuilt(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> None:
    chance = random.Random(SEED)
    async with audited_place(servers, tmp_path_factory.mktemp("rebuilt"), seed=SEED, events=60) as own:
        corrupt_lake(own, chance, 1)
        await corrupt_stream(own, chance, 1)
        endpoint = own.desk_keys.thing("webhook-endpoints", f"whe_{own.book.position - 4}")
        await own.place.redis.hset(endpoint, "position", "1")
        _, healed = await heal_all(own)
        assert healed == Healed([], ["stream", "lake", "desk"])
        assert not (own.lake / "entries").exists()
        assert await own.place.redis.exists(endpoint) == 0
        with pytest.raises(JetStreamRefused):
            await read_state(own.place.nc, own.place.stream)


async def test_nothing_is_repaired_from_a_book_that_differs_from_itself(audited: Audited) -> None:
    wrong = AuditDifference(
        side="book", model="book", subject="event 3", field="hash", position=3, expected="a", found="b"
    )
    places = Places(audited.place.servers.redis_url, audited.place.lake_dir)
    with pytest.raises(HealRefused, match="event 3"):
        await heal(audited.auditor, audited.reader, [wrong], places)


async def test_what_was_changed_at_random_is_sound_after_the_repair(audited: Audited) -> None:
    """Of things of ``wallets``, each by itself, whatever was changed of it."""
    chance = random.Random(SEED)
    totals = await audited.place.redis.dump(audited.place.keys.totals)
    models = [audited.place.keys]
    async with redis_corrupted(audited, chance, 80, models=models, ways=("score", "removed")):
        await audited.place.redis.restore(audited.place.keys.totals, 0, totals, replace=True)
        found, healed = await heal_all(audited)
        assert len(found) > 50
        assert healed.rebuilt == []
        left = await audited.differences()
    assert left == []
