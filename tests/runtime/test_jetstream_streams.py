"""Connecting to NATS and the stream as data."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from nats.aio.client import Client

from cli.devstack import Servers
from runtime.jetstream import (
    JetStreamRefused,
    StreamDrift,
    StreamSpec,
    UnsyncedStream,
    connection,
    ensure_stream,
    first_sequence,
    last_sequence,
    publish_one,
    require_synced_stream,
)


async def test_a_server_that_syncs_before_it_acknowledges_is_accepted(servers: Servers) -> None:
    """The local stack runs with `sync_interval: always`."""
    await require_synced_stream(servers.nats_monitor_url, waived=False)


async def _monitor(varz: dict[str, Any]) -> tuple[asyncio.Server, str]:
    """Serve one `/varz` answer, as a server we cannot start here would give it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = msgspec.json.encode(varz)
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("varz", "remedy"),
    [
        ({"version": "2.15.1", "jetstream": {"config": {"sync_always": False}}}, "sync_interval: always"),
        ({"version": "2.15.1", "jetstream": {"config": {}}}, "sync_interval: always"),
        ({"version": "2.15.1", "jetstream": {}}, "JetStream is off"),
        ({"version": "2.14.9", "jetstream": {"config": {"sync_always": True}}}, "upgrade to 2.15"),
        ({"version": "2.9.10", "jetstream": {"config": {"sync_always": True}}}, "upgrade to 2.15"),
    ],
)
async def test_a_server_whose_acks_mean_little_is_refused_with_the_remedy(varz: dict[str, Any], remedy: str) -> None:
    """Not syncing, no JetStream and too old each have their own message."""
    server, url = await _monitor(varz)
    async with server:
        with pytest.raises(UnsyncedStream, match=remedy):
            await require_synced_stream(url, waived=False)


async def test_only_syncing_can_be_waived() -> None:
    """An operator may accept acks without a sync, but not a version with known bugs."""
    server, url = await _monitor({"version": "2.15.1", "jetstream": {"config": {"sync_always": False}}})
    async with server:
        await require_synced_stream(url, waived=True)
    server, url = await _monitor({"version": "2.12.1", "jetstream": {"config": {"sync_always": True}}})
    async with server:
        with pytest.raises(UnsyncedStream, match="too old"):
            await require_synced_stream(url, waived=True)


async def test_a_monitor_that_does_not_answer_is_refused() -> None:
    """What cannot be checked is not assumed."""
    with pytest.raises(UnsyncedStream, match="cannot read"):
        await require_synced_stream("http://127.0.0.1:1", waived=False)


async def test_connecting_to_nobody_ends_after_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message asks about the URL."""
    monkeypatch.setattr(connection, "CONNECT_WAIT_S", 0.3)
    with pytest.raises(TimeoutError, match="is the NATS URL right"):
        await connection.connect_nats("nats://127.0.0.1:1", name="tests", on_closed=lambda: None)


async def test_a_stream_is_created_once_and_then_found(nc: Client, stream: str) -> None:
    """Ensuring the same stream again, also by two at once, changes nothing."""
    spec = StreamSpec(name=stream, subjects=(f"{stream}.events",))
    await publish_one(nc, f"{stream}.events", b"{}", expected_last=0)
    await asyncio.gather(ensure_stream(nc, spec), ensure_stream(nc, spec))

    assert await last_sequence(nc, stream) == 1


async def test_two_processes_may_create_the_same_stream_at_once(nc: Client, stream: str) -> None:
    """Both find it missing, both create it, nobody fails."""
    spec = StreamSpec(name=f"{stream}_TWICE", subjects=(f"{stream}.twice",))
    await asyncio.gather(*(ensure_stream(nc, spec) for _ in range(4)))

    assert await last_sequence(nc, spec.name) == 0


async def test_a_stream_can_start_at_any_sequence(nc: Client, stream: str) -> None:
    """A stream that was lost continues where the old one ended."""
    spec = StreamSpec(name=f"{stream}_REBASED", subjects=(f"{stream}.rebased",), first_sequence=5_000_001)
    await ensure_stream(nc, spec)

    assert await last_sequence(nc, spec.name) == 5_000_000
    assert await publish_one(nc, f"{stream}.rebased", b"{}", expected_last=5_000_000) == 5_000_001
    assert await first_sequence(nc, spec.name) == 5_000_001


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"allow_atomic": False}, "allow_atomic is None, wanted True|allow_atomic is False, wanted True"),
        ({"max_age": 60 * 10**9}, "max_age is 60000000000, wanted 0"),
        ({"storage": "memory"}, "storage is 'memory', wanted 'file'"),
        ({"allow_msg_ttl": True}, "allow_msg_ttl must not be set"),
        ({"duplicate_window": 120 * 10**9}, "duplicate_window is 120000000000, wanted 100000000"),
    ],
)
async def test_a_stream_with_other_settings_is_refused_by_name(
    nc: Client, stream: str, change: dict[str, Any], complaint: str
) -> None:
    """Each difference is listed with what is and what was wanted."""
    spec = StreamSpec(name=f"{stream}_DRIFT", subjects=(f"{stream}.drift",))
    config = {"name": spec.name, **spec.settings(), **change}
    await nc.request(f"$JS.API.STREAM.CREATE.{spec.name}", msgspec.json.encode(config))

    with pytest.raises(StreamDrift, match=complaint):
        await ensure_stream(nc, spec)


async def test_a_stored_message_cannot_be_deleted(nc: Client, stream: str) -> None:
    """`deny_delete` is really on."""
    await publish_one(nc, f"{stream}.events", b"{}", expected_last=0)
    answer = await nc.request(f"$JS.API.STREAM.MSG.DELETE.{stream}", b'{"seq":1}')

    assert msgspec.json.decode(answer.data)["error"]["description"]
    assert await first_sequence(nc, stream) == 1


async def test_asking_for_a_missing_stream_is_refused(nc: Client) -> None:
    """The refusal carries the server's code."""
    with pytest.raises(JetStreamRefused, match="stream not found") as refusal:
        await last_sequence(nc, "NO_SUCH_STREAM")

    assert refusal.value.code == 10059
