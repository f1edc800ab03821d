"""The whole local stack: servers, migrations and Bursar's processes under one supervisor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.devstack import identity, postgres
from cli.devstack.ports import LOOPBACK, choose_ports
from cli.devstack.processes import ProcessSpec, service_of
from cli.devstack.servers import Report, Servers, start_servers
from cli.devstack.supervisor import Supervisor


class DevStack:
    """Servers, schema and processes of one folder for the length of an `async with` block.

    `processes` are started side by side, and those that nobody can ask (traffic of the demo) once all others are ready.
    `migrate` False leaves the database empty.
    Raises what `start_servers` raises, and `StartFailed` with the end of the log of a process that did not start.
    """

    servers: Servers

    def __init__(
        self,
        data_dir: Path,
        *,
        processes: Sequence[ProcessSpec] = (),
        migrate: bool = True,
        report: Report = lambda line: None,
    ) -> None:
        """Describe the stack; entering the block starts it."""
        self._data_dir = data_dir
        self._processes = tuple(processes)
        self._migrate = migrate
        self._report = report

    @property
    def supervisor(self) -> Supervisor:
        """The supervisor of all servers and processes."""
        return self.servers.supervisor

    def url(self, process: str) -> str:
        """Return the address of a process, without a trailing slash."""
        return f"http://{LOOPBACK}:{self.servers.ports[process]}"

    @property
    def ready(self) -> bool:
        """Whether every server and process is ready now."""
        return all(process.state == "ready" for process in self.supervisor.processes())

    def token(self, *, tenant: str = "local", scopes: Sequence[str] = identity.SCOPES, subject: str = "you") -> str:
        """Return a new token that the APIs of this stack accept."""
        return identity.issue_token(self.servers.data, subject=subject, tenant=tenant, scopes=scopes)

    async def kill(self, name: str, *, wait: bool = True) -> int:
        """Kill -9 a server or a process; returns the new pid once it is ready, the old one without `wait`."""
        return await self.servers.kill(name, wait=wait)

    async def __aenter__(self) -> Self:
        """Start everything in order; on failure everything is stopped again."""
        self.servers = await start_servers(self._data_dir, report=self._report)
        try:
            if self._migrate:
                await self._apply_migrations()
            await self._start_processes()
        except BaseException:
            await self.servers.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything in reverse order."""
        await self.servers.stop()

    async def _apply_migrations(self) -> None:
        from cli import migrate

        began = time.monotonic()
        applied = await migrate.run(self.servers.postgres_dsn())
        self._report(f"schema ready, {len(applied)} migrations applied ({time.monotonic() - began:.1f} s)")

    async def _start_processes(self) -> None:
        servers = self.servers
        names = [spec.name for spec in self._processes if spec.health]
        servers.ports |= choose_ports(names, servers.data.read_state().ports, data_dir=servers.data.path)
        servers.addresses = self._addresses()
        identity.ready_made_token(servers.data)  # makes the key that the APIs read at their start
        asked = [spec for spec in self._processes if spec.health]
        for together in (asked, [spec for spec in self._processes if not spec.health]):
            try:
                async with asyncio.TaskGroup() as group:
                    for spec in together:
                        group.create_task(self._start_process(spec))
            except ExceptionGroup as failed:  # one is enough to know what is wrong
                raise failed.exceptions[0] from None
        servers.ready = True
        servers.remember()

    async def _start_process(self, spec: ProcessSpec) -> None:
        began = time.monotonic()
        await self.supervisor.start(service_of(spec, self.servers))
        where = f"{spec.name} on port {self.servers.ports[spec.name]}" if spec.health else spec.name
        self._report(f"{where} ({time.monotonic() - began:.1f} s)")

    def _addresses(self) -> dict[str, str]:
        """Return every address by its name in `bursar status --json`; the ones of servers include credentials."""
        servers = self.servers
        sockets = postgres.socket_dir(servers.data)
        return {
            **{spec.name.replace("-", "_"): self.url(spec.name) for spec in self._processes if spec.health},
            "postgres": servers.postgres_dsn(),
            **({"postgres_socket": str(sockets)} if sockets else {}),
            "nats": servers.nats_url,
            "nats_monitor": servers.nats_monitor_url,
            "redis": servers.redis_url,
        }
