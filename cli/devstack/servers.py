"""The three real servers as a library: what tests use directly, and what `bursar up` starts first."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from cli.devstack import nats, postgres, valkey
from cli.devstack.ports import choose_ports
from cli.devstack.state import DataDir, StackState
from cli.devstack.supervisor import POLL_S, StartFailed, Supervisor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ORPHANS_WITHIN_S = 60.0
SERVER_PORTS = ("postgres", "nats", "nats_monitor", "redis")

Report = Callable[[str], None]


class Servers:
    """PostgreSQL, NATS and Valkey of one folder, supervised by this process. Made by `start_servers`.

    The server names, as `kill` and its siblings take them, are "postgres", "nats" and "valkey".
    """

    def __init__(self, data: DataDir, ports: dict[str, int], locks: tuple[IO[bytes], IO[bytes]]) -> None:
        """Hold an acquired folder; used by `start_servers` only. `locks` are the folder's and the children's."""
        self.data = data
        self.ports = ports
        self._locks = locks
        self.supervisor = Supervisor(data.logs, inherited=[locks[1].fileno()], on_change=self.remember)
        self.addresses: dict[str, str] = {}
        self.ready = False

    def postgres_dsn(self, role: str = postgres.OWNER, *, database: str = postgres.DATABASE) -> str:
        """Return the connection URL of one of `postgres.ROLES`, or of the superuser `postgres`."""
        return postgres.dsn(role, password=self.data.secret(role), port=self.ports["postgres"], database=database)

    @property
    def nats_url(self) -> str:
        """The client URL of nats-server, with credentials."""
        return nats.nats_url(password=self.data.secret("nats"), port=self.ports["nats"])

    @property
    def nats_monitor_url(self) -> str:
        """The address of nats-server's monitoring pages, without a trailing slash."""
        return nats.monitor_url(port=self.ports["nats_monitor"])

    @property
    def redis_url(self) -> str:
        """The client URL of Valkey, with the password."""
        return valkey.redis_url(password=self.data.secret("valkey"), port=self.ports["redis"])

    @property
    def lake_dir(self) -> Path:
        """The folder for lake tables."""
        return self.data.lake

    @asynccontextmanager
    async def database(self, name: str, *, template: str | None = None) -> AsyncIterator[Callable[[str], str]]:
        """Create a database for one test and drop it afterwards; yields `dsn_of(role) -> str`."""
        admin = self.postgres_dsn(postgres.SUPERUSER, database="postgres")
        await postgres.create_database(admin, name, template=template)
        try:
            yield lambda role: self.postgres_dsn(role, database=name)
        finally:
            await postgres.drop_database(admin, name)

    async def kill(self, name: str, *, wait: bool = True) -> int:
        """Kill -9 a server; the supervisor restarts it. Returns the new pid once ready, the old one without `wait`."""
        pid = self.supervisor.signal(name, signal.SIGKILL)
        return await self.supervisor.wait_restarted(name, after_pid=pid) if wait else pid

    async def pause(self, name: str) -> None:
        """Freeze a server (SIGSTOP): connections stay open and nobody answers."""
        self.supervisor.signal(name, signal.SIGSTOP)

    async def resume(self, name: str) -> None:
        """Let a frozen server continue (SIGCONT)."""
        self.supervisor.signal(name, signal.SIGCONT)

    async def stop_one(self, name: str) -> None:
        """Stop a server in order and keep it stopped."""
        await self.supervisor.stop_one(name)

    async def start_one(self, name: str) -> None:
        """Start a server again that `stop_one` stopped, on the same port with the same data."""
        await self.supervisor.start_one(name)

    async def stop(self) -> None:
        """Stop all servers, last started first, and release the folder."""
        self.ready = False
        try:
            await self.supervisor.stop()
        finally:
            self.remember()
            for lock in self._locks:
                lock.close()

    def remember(self) -> None:
        """Write ports, addresses and processes to `state.json`, for `bursar status` and for the next start."""
        before = self.data.read_state()
        self.data.write_state(
            msgspec.structs.replace(
                before,
                ports={**before.ports, **self.ports},
                supervisor_pid=os.getpid(),
                ready=self.ready,
                addresses=self.addresses,
                processes=self.supervisor.processes(),
            )
        )


async def start_servers(data_dir: Path, *, report: Report = lambda line: None) -> Servers:
    """Start PostgreSQL, NATS and Valkey on free ports in `data_dir` (made when missing) and create roles and database.

    Data and ports survive a stop. Raises `AlreadyRunning`, `StartFailed`, `Unreachable` or `MissingBinary`; nothing is
    left running then.
    """
    data = DataDir(Path(data_dir))
    data.create()
    locks = (data.acquire(), await _end_orphans(data, report))
    remembered = data.read_state().ports
    ports = choose_ports(SERVER_PORTS, remembered, data_dir=data.path)
    for name in SERVER_PORTS:
        if name in remembered and remembered[name] != ports[name]:
            report(f"port {remembered[name]} of {name} is taken by another program: using {ports[name]} from now on")
    data.write_state(StackState(ports={**remembered, **ports}))
    servers = Servers(data, ports, locks)
    try:
        await _start_each(servers, report)
    except BaseException:
        await servers.stop()
        raise
    return servers


@asynccontextmanager
async def running_servers(data_dir: Path) -> AsyncIterator[Servers]:
    """Run the three servers for the length of a block."""
    servers = await start_servers(data_dir)
    try:
        yield servers
    finally:
        await servers.stop()


async def _end_orphans(data: DataDir, report: Report) -> IO[bytes]:
    """Wait until nothing of a killed supervisor is left, so that its ports are free again.

    Where the kernel cannot tell children that their parent died (macOS), they are told here. Raises `StartFailed`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ORPHANS_WITHIN_S
    lock = data.acquire_children()
    if lock is not None:
        return lock
    pids = [process.pid for process in data.read_state().processes if process.pid is not None]
    report(f"waiting for processes that a killed stack left: {pids}")
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGTERM)
    while lock is None:
        if loop.time() > deadline:
            raise StartFailed(
                f"processes of an earlier stack in {data.path} do not end; kill these if they exist: {pids}"
            )
        await asyncio.sleep(POLL_S)
        lock = data.acquire_children()
    return lock


async def _start_each(servers: Servers, report: Report) -> None:
    data, ports = servers.data, servers.ports
    clock = asyncio.get_running_loop().time
    began = clock()
    service = await asyncio.to_thread(postgres.prepare, data, port=ports["postgres"])
    await servers.supervisor.start(service)
    report(f"PostgreSQL on port {ports['postgres']} ({clock() - began:.1f} s)")
    began = clock()
    await servers.supervisor.start(nats.prepare(data, port=ports["nats"], monitor_port=ports["nats_monitor"]))
    report(f"NATS on port {ports['nats']} ({clock() - began:.1f} s)")
    began = clock()
    await servers.supervisor.start(valkey.prepare(data, port=ports["redis"]))
    report(f"Valkey on port {ports['redis']} ({clock() - began:.1f} s)")
    admin = servers.postgres_dsn(postgres.SUPERUSER, database="postgres")
    await postgres.ensure_roles(admin, {role: data.secret(role) for role in postgres.ROLES})
    await postgres.create_database(admin, postgres.DATABASE)
