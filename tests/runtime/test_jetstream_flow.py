"""Publishing behind a fence and pulling in order, on a healthy server and across kill -9."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from cli.devstack import Servers
from runtime.jetstream import (
    JetStreamRefused,
    PublishFailed,
    PullLoop,
    WrongLastSequence,
    connect_nats,
    fetch_range,
    last_sequence,
    publish_batch,
    publish_one,
)
from tests.runtime.conftest import connected, new_stream

RECOVERY_S = 30.0


def _bodies(first: int, last: int) -> list[bytes]:
    return [b'{"position":%d}' % position for position in range(first, last + 1)]


async def _consumers(nc: Client, stream: str) -> list[str]:
    answer = await nc.request(f"$JS.API.CONSUMER.NAMES.{stream}", b"{}")
    return msgspec.json.decode(answer.data)["consumers"] or []


async def _collect(loop: PullLoop, last: int, *, within_s: float = RECOVERY_S) -> list[tuple[int, bytes]]:
    """Read until sequence `last` is there."""
    collected: list[tuple[int, bytes]] = []
    async with asyncio.timeout(within_s):
        while not collected or collected[-1][0] < last:
            collected += await loop.next_batch(500, 1.0)
    return collected


async def test_one_message_is_stored_behind_the_expected_one(nc: Client, stream: str) -> None:
    """Its sequence is the next number."""
    assert [await publish_one(nc, f"{stream}.events", b"{}", expected_last=n) for n in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("count", [1, 2, 3, 1000])
async def test_a_batch_is_stored_whole_and_in_order(nc: Client, stream: str, count: int) -> None:
    """All sizes up to the limit give consecutive sequences with the exact bodies."""
    bodies = _bodies(1, count)
    assert await publish_batch(nc, f"{stream}.events", bodies, expected_last=0) == count

    stored = [message async for batch in fetch_range(nc, stream, 1, count) for message in batch]
    assert stored == list(enumerate(bodies, start=1))


@pytest.mark.parametrize("believed", [0, 2, 7])
async def test_a_wrong_belief_about_the_end_stores_nothing(nc: Client, stream: str, believed: int) -> None:
    """Behind, ahead or equal to another's message: the fence holds for single messages and batches."""
    await publish_one(nc, f"{stream}.events", b"{}", expected_last=0)
    with pytest.raises(WrongLastSequence):
        await publish_one(nc, f"{stream}.events", b"{}", expected_last=believed)
    with pytest.raises(WrongLastSequence):
        await publish_batch(nc, f"{stream}.events", _bodies(2, 9), expected_last=believed)

    assert await last_sequence(nc, stream) == 1


async def test_of_two_publishers_at_the_same_place_exactly_one_wins(nc: Client, stream: str) -> None:
    """Each round has one winner, and the stream has no hole."""
    for start in range(0, 100, 20):
        bodies = _bodies(start, start + 19)
        attempts = [publish_batch(nc, f"{stream}.events", bodies, expected_last=start) for _ in range(2)]
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, WrongLastSequence) for outcome in outcomes) == 1

    assert await last_sequence(nc, stream) == 100


async def test_a_subject_without_a_stream_is_a_failure(nc: Client) -> None:
    """Nobody listens, and the message says so."""
    with pytest.raises(PublishFailed, match="no responders"):
        await publish_one(nc, "nobody.listens", b"{}", expected_last=0)


async def test_a_stream_that_takes_no_batches_is_a_failure(nc: Client, stream: str) -> None:
    """The server's reason reaches the caller, and nothing is stored."""
    config = {"name": f"{stream}_PLAIN", "subjects": [f"{stream}.plain"], "storage": "file"}
    await nc.request(f"$JS.API.STREAM.CREATE.{stream}_PLAIN", msgspec.json.encode(config))
    with pytest.raises(PublishFailed, match="atomic publish is disabled"):
        await publish_batch(nc, f"{stream}.plain", _bodies(1, 5), expected_last=0)

    assert await last_sequence(nc, f"{stream}_PLAIN") == 0


async def test_a_message_the_server_would_refuse_does_not_cost_the_connection(nc: Client, stream: str) -> None:
    """Too large a body fails its batch; the connection lives on."""
    huge = [b"{}", b"x" * (nc.max_payload + 1), b"{}"]
    with pytest.raises(PublishFailed, match="the server takes"):
        await publish_batch(nc, f"{stream}.events", huge, expected_last=0)

    assert await publish_one(nc, f"{stream}.events", b"{}", expected_last=0) == 1


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_batch_has_1_to_1000_messages(nc: Client, stream: str, count: int) -> None:
    """The server's limit is ours."""
    with pytest.raises(ValueError, match="1 to 1000"):
        await publish_batch(nc, f"{stream}.events", [b"{}"] * count, expected_last=0)


async def test_pulling_starts_anywhere_and_keeps_the_order(nc: Client, stream: str) -> None:
    """Several windows of history, from the middle on, each message once."""
    for start in range(0, 5000, 1000):
        await publish_batch(nc, f"{stream}.events", _bodies(start + 1, start + 1000), expected_last=start)
    loop = PullLoop(nc, stream, start_sequence=1234, batch=100, window=400)
    collected = await _collect(loop, 5000)
    await loop.close()

    assert collected == list(zip(range(1234, 5001), _bodies(1234, 5000), strict=True))
    assert loop.reopened_count == 0


async def test_an_idle_stream_gives_an_empty_batch_after_the_timeout(nc: Client, stream: str) -> None:
    """And stays attached, across several heartbeats and silence limits."""
    loop = PullLoop(nc, stream, start_sequence=1, batch=10, heartbeat_s=0.2)
    assert [await loop.next_batch(10, 0.5) for _ in range(3)] == [[], [], []]
    assert loop.attached
    assert loop.reopened_count == 0
    await loop.close()


async def test_live_messages_arrive_through_an_open_pull(nc: Client, stream: str) -> None:
    """Following the end of the stream needs no new request per message."""
    loop = PullLoop(nc, stream, start_sequence=1, batch=10)
    received = []
    for sequence in range(1, 101):
        await publish_one(nc, f"{stream}.events", b"{}", expected_last=sequence - 1)
        received += [found for found, _ in await loop.next_batch(10, 2.0)]
    await loop.close()

    assert received == list(range(1, 101))


async def test_a_reader_ahead_of_a_shortened_stream_sees_nothing_twice(nc: Client, stream: str) -> None:
    """Sequences below the checkpoint are dropped until the stream has caught up."""
    await publish_batch(nc, f"{stream}.events", _bodies(1, 10), expected_last=0)
    loop = PullLoop(nc, stream, start_sequence=16, batch=10)
    assert await loop.next_batch(10, 0.5) == []
    await publish_batch(nc, f"{stream}.events", _bodies(11, 20), expected_last=10)
    collected = await _collect(loop, 20)
    await loop.close()

    assert [sequence for sequence, _ in collected] == [16, 17, 18, 19, 20]


async def test_a_hole_in_the_stream_is_handed_over_for_the_caller_to_judge(nc: Client, stream: str) -> None:
    """A purged beginning shows as a first sequence above the wanted one."""
    await publish_batch(nc, f"{stream}.events", _bodies(1, 10), expected_last=0)
    await nc.request(f"$JS.API.STREAM.PURGE.{stream}", b'{"seq":6}')
    loop = PullLoop(nc, stream, start_sequence=3, batch=10)
    collected = await _collect(loop, 10)
    await loop.close()

    assert [sequence for sequence, _ in collected] == [6, 7, 8, 9, 10]


async def test_a_consumer_that_vanishes_is_replaced(nc: Client, stream: str) -> None:
    """Deleting it under the loop costs a restart, not a message."""
    await publish_batch(nc, f"{stream}.events", _bodies(1, 10), expected_last=0)
    loop = PullLoop(nc, stream, start_sequence=1, batch=10, heartbeat_s=0.2)
    before = await _collect(loop, 10)
    for name in await _consumers(nc, stream):
        await nc.request(f"$JS.API.CONSUMER.DELETE.{stream}.{name}", b"")
    await publish_batch(nc, f"{stream}.events", _bodies(11, 20), expected_last=10)
    after = await _collect(loop, 20)
    await loop.close()

    assert [sequence for sequence, _ in before + after] == list(range(1, 21))
    assert loop.reopened_count == 1


async def test_a_message_lost_on_the_way_is_fetched_again(nc: Client, stream: str) -> None:
    """Somebody else takes message 3 from the loop's own consumer: the hole is noticed, and nothing is skipped."""
    loop = PullLoop(nc, stream, start_sequence=1, batch=1, window=2)
    assert await loop.next_batch(1, 0.2) == []
    await publish_batch(nc, f"{stream}.events", _bodies(1, 2), expected_last=0)
    await nc.flush()
    (name,) = await _consumers(nc, stream)
    thief = nc.new_inbox()
    stolen = await nc.subscribe(thief)
    await nc.publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}", b"1", reply=thief)
    await publish_one(nc, f"{stream}.events", b"3", expected_last=2)
    assert (await stolen.next_msg(RECOVERY_S)).data == b"3"
    received = await loop.next_batch(1, 1.0)
    await publish_one(nc, f"{stream}.events", b"4", expected_last=3)
    received += await _collect(loop, 4)
    await loop.close()

    assert [sequence for sequence, _ in received] == [1, 2, 3, 4]
    assert loop.reopened_count == 1


async def test_a_closed_loop_leaves_no_consumer_behind(nc: Client, stream: str) -> None:
    """The server forgets the consumer as soon as the reader leaves."""
    loop = PullLoop(nc, stream, start_sequence=1)
    await loop.next_batch(1, 0.2)
    await loop.close()
    async with asyncio.timeout(RECOVERY_S):
        while await _consumers(nc, stream):  # the server offers no event for it
            await asyncio.sleep(0.01)
    with pytest.raises(RuntimeError, match="closed"):
        await loop.next_batch(1, 0.1)


async def test_a_range_ends_where_the_stream_ends(nc: Client, stream: str) -> None:
    """Asking beyond the end does not wait for the future, and an empty range is empty."""
    await publish_batch(nc, f"{stream}.events", _bodies(1, 50), expected_last=0)
    read = [sequence async for batch in fetch_range(nc, stream, 40, 999) for sequence, _ in batch]

    assert read == list(range(40, 51))
    assert [batch async for batch in fetch_range(nc, stream, 51, 999)] == []


async def _publish_through_trouble(nc: Client, stream: str, last: int) -> None:
    """Publish positions up to `last` the way a relay does: after any failure, ask the stream where it stands."""
    believed: int | None = None
    while believed != last:  # bounded by the caller's timeout
        try:
            if believed is None:
                believed = await last_sequence(nc, stream)
                continue
            bodies = _bodies(believed + 1, min(believed + 50, last))
            believed = await publish_batch(nc, f"{stream}.events", bodies, expected_last=believed, timeout_s=1.0)
        except (PublishFailed, JetStreamRefused):
            believed = None
            await asyncio.sleep(0.05)


async def test_killing_the_server_costs_time_but_no_message(killable: Servers) -> None:
    """Two publishers and a reader across three kill -9: every sequence holds the event of its position, once."""
    last = 6000
    async with connected(killable) as nc:
        stream = await new_stream(nc)
        loop = PullLoop(nc, stream, start_sequence=1, batch=100, heartbeat_s=0.3)
        publishers = [asyncio.create_task(_publish_through_trouble(nc, stream, last)) for _ in range(2)]
        reader = asyncio.create_task(_collect(loop, last, within_s=90))
        for _ in range(3):
            await asyncio.sleep(0.3)
            await killable.kill("nats")
        async with asyncio.timeout(90):
            await asyncio.gather(*publishers)
            collected = await reader
        await loop.close()
        stored = [message async for batch in fetch_range(nc, stream, 1, last) for message in batch]

    assert loop.reopened_count >= 1, "the kills came too late to disturb anything"
    assert collected == list(enumerate(_bodies(1, last), start=1))
    assert stored == collected


async def test_while_the_server_is_down_calls_fail_fast_and_heal_later(killable: Servers) -> None:
    """Publishing says "not connected", pulling gives empty batches, and both work again afterwards."""
    async with connected(killable) as nc:
        stream = await new_stream(nc)
        loop = PullLoop(nc, stream, start_sequence=1, batch=10, heartbeat_s=0.2)
        assert await loop.next_batch(10, 0.3) == []
        await killable.stop_one("nats")
        try:
            async with asyncio.timeout(10):
                while nc.is_connected:  # the client offers no event for it
                    await asyncio.sleep(0.02)
            with pytest.raises(PublishFailed, match="not connected"):
                await publish_one(nc, f"{stream}.events", b"{}", expected_last=0)
            assert await loop.next_batch(10, 0.5) == []
            assert not loop.attached
        finally:
            await killable.start_one("nats")
        async with asyncio.timeout(RECOVERY_S):
            await _publish_through_trouble(nc, stream, 5)
        assert [sequence for sequence, _ in await _collect(loop, 5)] == [1, 2, 3, 4, 5]
        await loop.close()


async def test_a_server_that_falls_silent_is_noticed_within_two_heartbeats(killable: Servers) -> None:
    """The connection looks alive, but nothing comes: the loop says so, and starts anew when the server is back."""
    async with connected(killable) as nc:
        stream = await new_stream(nc)
        loop = PullLoop(nc, stream, start_sequence=1, batch=10, heartbeat_s=0.2)
        assert await loop.next_batch(10, 0.3) == []
        assert loop.attached
        await killable.pause("nats")
        try:
            assert await loop.next_batch(10, 0.6) == []
            assert not loop.attached
            assert nc.is_connected
        finally:
            await killable.resume("nats")
        await publish_one(nc, f"{stream}.events", b"{}", expected_last=0)
        assert [sequence for sequence, _ in await _collect(loop, 1)] == [1]
        assert loop.reopened_count == 1
        await loop.close()


async def test_after_a_reconnect_the_loop_does_not_wait_for_missing_heartbeats(killable: Servers) -> None:
    """With a heartbeat of ten seconds the watchdog alone would take twenty."""
    async with connected(killable) as nc:
        stream = await new_stream(nc)
        loop = PullLoop(nc, stream, start_sequence=1, batch=10, heartbeat_s=10.0)
        assert await loop.next_batch(10, 0.3) == []
        await killable.kill("nats")
        async with asyncio.timeout(RECOVERY_S):
            await _publish_through_trouble(nc, stream, 5)
        assert [sequence for sequence, _ in await _collect(loop, 5, within_s=5.0)] == [1, 2, 3, 4, 5]
        await loop.close()


async def test_a_connection_lost_while_it_is_closed_leaves_nothing_behind(servers: Servers) -> None:
    """What is pending cannot be written any more; the subscription ends all the same."""

    async def ignore(message: Msg) -> None:
        pass

    before = asyncio.all_tasks()
    client = await connect_nats(servers.nats_url, name="tests", on_closed=lambda: None)
    await client.subscribe("somewhere", cb=ignore)
    await client.flush()
    await client.publish("elsewhere", b"pending")
    client._transport._io_writer.transport.abort()  # type: ignore[union-attr]  # as a server does that is killed
    await client.close()
    await asyncio.sleep(0)

    assert client.is_closed
    assert asyncio.all_tasks() <= before
