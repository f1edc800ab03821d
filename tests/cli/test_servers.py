"""The three real servers: versions, durability, roles, faults, restarts, side by side."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import asyncpg
import msgspec
import nats
import pytest
import redis.asyncio
from nats.aio.client import Client

from cli.devstack import Servers, running_servers, start_servers
from cli.devstack.http_probe import http_get
from cli.devstack.ports import LOOPBACK
from cli.devstack.state import DataDir, ProcessState, StackState
from tests.cli.conftest import is_alive, processes_of, wait_until

SERVERS = ("postgres", "nats", "valkey")


async def test_postgresql_is_18_and_gives_up_no_durability(own_servers: Servers) -> None:
    """The local stack makes the promises of production."""
    connection = await asyncpg.connect(own_servers.postgres_dsn())
    settings = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
    assert [await connection.fetchval(f"SHOW {name}") for name in settings] == ["on"] * len(settings)
    assert connection.get_server_version().major >= 18
    await connection.close()


async def test_nats_syncs_every_message_and_asks_for_a_password(own_servers: Servers) -> None:
    """The relay refuses a stream that acknowledges before it syncs."""
    _, body = await http_get(own_servers.nats_monitor_url + "/jsz")
    assert msgspec.json.decode(body)["config"]["sync_always"] is True
    client = await nats.connect(own_servers.nats_url)
    assert client.max_payload == 8 * 1024 * 1024
    await client.close()
    stranger = Client()
    with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
        await stranger.connect(f"nats://{LOOPBACK}:{own_servers.ports['nats']}", allow_reconnect=False)
    await stranger.close()


async def test_valkey_appends_to_its_log_and_asks_for_a_password(own_servers: Servers) -> None:
    """Read models survive a restart of Valkey."""
    client = redis.asyncio.Redis.from_url(own_servers.redis_url)
    assert (await client.info("persistence"))["aof_enabled"] == 1
    await client.aclose()
    stranger = redis.asyncio.Redis(port=own_servers.ports["redis"])
    with pytest.raises(redis.exceptions.AuthenticationError):
        await stranger.ping()
    await stranger.aclose()


async def test_a_role_may_only_log_in_until_migrations_grant_more(own_servers: Servers) -> None:
    """Least privilege starts with nothing."""
    async with own_servers.database("test_roles") as dsn_of:
        writer = await asyncpg.connect(dsn_of("bursar_writer"))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await writer.execute("CREATE TABLE mine ()")
        await writer.close()
        owner = await asyncpg.connect(dsn_of("bursar_owner"))
        await owner.execute("CREATE TABLE ours ()")
        await owner.close()


async def test_a_test_database_is_gone_after_its_block(own_servers: Servers) -> None:
    """Tests leave nothing behind, even with a connection still open."""
    async with own_servers.database("test_gone") as dsn_of:
        forgotten = await asyncpg.connect(dsn_of("bursar_owner"))
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(own_servers.postgres_dsn(database="test_gone"))
    forgotten.terminate()


@pytest.mark.parametrize("name", SERVERS)
async def test_a_killed_server_is_back_with_its_data(own_servers: Servers, name: str) -> None:
    """The supervisor restarts what dies, on the same port."""
    client = redis.asyncio.Redis.from_url(own_servers.redis_url)
    before = next(process for process in own_servers.supervisor.processes() if process.name == name)
    after_pid = await own_servers.kill(name)
    after = next(process for process in own_servers.supervisor.processes() if process.name == name)
    assert after_pid == after.pid != before.pid
    assert after.restarts == before.restarts + 1
    assert await client.set("alive", name)
    await client.aclose()


async def test_a_stopped_server_stays_down_until_it_is_started(own_servers: Servers) -> None:
    """A test can take a server away for as long as it needs."""
    await own_servers.stop_one("valkey")
    with socket.socket() as probe:
        assert probe.connect_ex((LOOPBACK, own_servers.ports["redis"])) != 0
    await own_servers.start_one("valkey")
    client = redis.asyncio.Redis.from_url(own_servers.redis_url)
    assert await client.ping()
    await client.aclose()


async def test_the_second_start_finds_data_and_ports_and_leaves_no_process(tmp_path: Path) -> None:
    """A folder is a stack: everything that matters is in it."""
    async with running_servers(tmp_path) as servers:
        ports = dict(servers.ports)
        connection = await asyncpg.connect(servers.postgres_dsn())
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        await connection.close()
        pids = [process.pid for process in servers.supervisor.processes() if process.pid]
    assert not any(is_alive(pid) for pid in pids)
    assert processes_of(tmp_path) == []
    async with running_servers(tmp_path) as servers:
        assert servers.ports == ports
        connection = await asyncpg.connect(servers.postgres_dsn())
        assert await connection.fetchval("SELECT answer FROM kept") == 42
        await connection.close()


async def test_a_taken_port_is_replaced_and_said(tmp_path: Path) -> None:
    """Another program on our port is no reason to fail."""
    async with running_servers(tmp_path) as servers:
        taken = servers.ports["nats"]
    lines: list[str] = []
    with socket.socket() as stranger:
        stranger.bind((LOOPBACK, taken))
        stranger.listen()
        again = await start_servers(tmp_path, report=lines.append)
        await again.stop()
    assert again.ports["nats"] != taken
    assert any(str(taken) in line and "taken" in line for line in lines)


async def test_what_a_killed_stack_left_is_ended_before_the_next_start(tmp_path: Path) -> None:
    """An orphan holds the inherited lock, and would hold ports."""
    data = DataDir(tmp_path)
    data.create()
    lock = data.acquire_children()
    assert lock is not None
    orphan = await asyncio.create_subprocess_exec("sleep", "600", pass_fds=[lock.fileno()])
    lock.close()
    data.write_state(StackState(processes=[ProcessState(name="nats", pid=orphan.pid, state="ready", restarts=0)]))
    lines: list[str] = []
    servers = await start_servers(tmp_path, report=lines.append)
    assert await orphan.wait() != 0
    assert str(orphan.pid) in lines[0]
    await servers.stop()


async def test_two_stacks_run_side_by_side(own_servers: Servers, tmp_path: Path) -> None:
    """No port, file or shared memory is common to two folders."""
    async with running_servers(tmp_path) as other:
        assert not set(other.ports.values()) & set(own_servers.ports.values())
        connection = await asyncpg.connect(own_servers.postgres_dsn())
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


# PostgreSQL refuses to run as root only, so anybody else has no stand-in to test; containers often run as root.
@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a stand-in for PostgreSQL")
async def test_root_starts_postgresql_as_nobody_even_below_a_private_folder(tmp_path: Path) -> None:
    """Containers start as root, often in a home that nobody else may enter; pytest's folders are as private."""
    async with running_servers(tmp_path / "inner") as servers:
        pid = servers.supervisor.processes()[0].pid
        assert pid is not None
        uid, capabilities = _rights_of(pid)
        assert uid != 0
        assert capabilities.bit_count() <= 1
    await wait_until(lambda: processes_of(tmp_path) == [])


def _rights_of(pid: int) -> tuple[int, int]:
    """Return user and effective capabilities of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    values = {name: rest for name, _, rest in (line.partition(":") for line in lines)}
    return int(values["Uid"].split()[0]), int(values["CapEff"], 16)
