"""The command API as reactors and timers use it: taken, refused, and everything that means "later"."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from cli.devstack import Servers
from cli.devstack.identity import SERVICE_SCOPES
from projectors.reactors.commands import Answer, CommandClient, Refused, Unavailable, open_commands, result_of
from projectors.reactors.tasks import Again, Done, Park
from runtime.trace import TraceContext, current_trace
from tests.command_api.door import Door, move, new_key, open_door

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
async def door(servers: Servers, book_template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("commands")
    async with (
        servers.database("commands_client", template=book_template) as dsn_of,
        open_door(dsn_of, folder, nats_url=servers.nats_url) as opened,
    ):
        await opened.open_accounts("alice", "bob")
        yield opened


@pytest.fixture
async def token(door: Door, tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(door.token(SERVICE_SCOPES, tenant="bursar"))
    return file


@pytest.fixture
async def client(door: Door, token: Path) -> AsyncIterator[CommandClient]:
    async with open_commands(door.url, token) as opened:
        yield opened


async def test_a_command_is_taken_once_in_the_trace_of_the_work(client: CommandClient) -> None:
    key = new_key()
    current_trace.set(TraceContext("1" * 32, "2" * 16))
    first = await client.send("/v1/transfers", move("alice", "bob"), key=key)
    again = await client.send("/v1/transfers", move("alice", "bob"), key=key)

    assert isinstance(first, Answer)
    assert isinstance(again, Answer)
    assert (first.position, first.body, first.replayed) == (again.position, again.body, False)
    assert again.replayed
    event = msgspec.json.decode(first.body)
    assert event["position"] == first.position
    assert event["principal"] == {"subject": "clerk", "tenant": "bursar", "device": None, "address": "127.0.0.1"}
    assert event["trace"].split("-")[1] == "1" * 32
    assert result_of(first) == Done({"position": first.position})


async def test_a_refusal_is_a_value_with_its_code(client: CommandClient) -> None:
    refused = await client.send("/v1/transfers", move("alice", "nobody"), key=new_key())
    assert isinstance(refused, Refused)
    assert (refused.status, refused.code, refused.retryable) == (404, "account_not_found", refused.retryable)
    assert result_of(refused) == Park("refused: 404 account_not_found")
    malformed = await client.send("/v1/transfers", b"{", key=new_key())
    assert isinstance(malformed, Refused)
    assert malformed.status == 400


async def test_a_token_that_is_refused_means_later_and_a_renewed_one_is_found(
    client: CommandClient, token: Path, door: Door
) -> None:
    good = token.read_text()
    for bad in (good[:-8] + "AAAAAAAA", "", door.token(("holds:write",))):
        token.write_text(bad)
        reply = await client.send("/v1/transfers", move("alice", "bob"), key=new_key())
        assert isinstance(reply, Unavailable), bad
        assert isinstance(result_of(reply), Again)
        assert good not in reply.why
    token.unlink()
    assert isinstance(await client.send("/v1/transfers", move("alice", "bob"), key=new_key()), Unavailable)
    token.write_text(good)
    assert isinstance(await client.send("/v1/transfers", move("alice", "bob"), key=new_key()), Answer)


async def test_nobody_there_means_later(token: Path) -> None:
    async with open_commands(NOBODY, token) as client:
        reply = await client.send("/v1/transfers", move("alice", "bob"), key=new_key())
    assert reply == Unavailable(why="the command API does not answer: ConnectError")
