"""Reactors and timers as processes, beside a command API of their own.

async with serving("timers", door, servers, tmp_path, lease_s=2) as timers:
    timers.kill() / timers.freeze() / timers.thaw(); await timers.get("/metrics")
"""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx2

from cli.devstack.identity import SERVICE_SCOPES
from cli.devstack.ports import choose_ports
from cli.options import CHECKOUT, child_environment
from tests.command_api.door import Door
from tests.projectors.places import until

STOPPED_WITHIN_S = 20.0
MAIN = (
    "import asyncio, os, sys; from runtime.settings import load_settings; from projectors.{name}.run import *;"
    "sys.exit(asyncio.run(run(load_settings(Settings, os.environ, prefix=PREFIX){more})))"
)


class Served:
    """One running process."""

    def __init__(self, process: Process, url: str, log: Path) -> None:
        self.process = process
        self.log = log
        self._url = url

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    async def stop(self) -> int:
        """SIGTERM; gives the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), STOPPED_WITHIN_S)

    async def ready(self) -> bool:
        assert self.process.returncode is None, self.log.read_text()[-2000:]
        try:
            async with httpx2.AsyncClient(trust_env=False) as client:
                return (await client.get(self._url + "/health/ready")).status_code == 200
        except httpx2.TransportError:
            return False

    async def metric(self, line: str) -> bool:
        """Whether a line of /metrics begins so."""
        async with httpx2.AsyncClient(trust_env=False) as client:
            text = (await client.get(self._url + "/metrics")).text
        return any(one.startswith(line) for one in text.splitlines())


@asynccontextmanager
async def serving(
    name: str,
    door: Door,
    folder: Path,
    *,
    nats_url: str | None = None,
    reactors: Sequence[str] = (),
    **settings: object,
) -> AsyncIterator[Served]:
    """Start a process of `projectors`, ready; whatever is left of it at the end is killed."""
    folder.mkdir(parents=True, exist_ok=True)
    token = folder / "token"
    token.write_text(door.token(SERVICE_SCOPES, tenant="bursar"))
    port = choose_ports([name], {}, data_dir=folder)[name]
    given = {
        "environment": "development",
        "database_url": door.dsn_of("bursar_reactor"),
        "command_api_url": door.url,
        "service_token_file": token,
        "port": port,
        **({"nats_url": nats_url} if nats_url else {}),
        **settings,
    }
    environment = child_environment() | {f"{name.upper()}_{key.upper()}": str(value) for key, value in given.items()}
    more = f", names={tuple(reactors)!r}" if reactors else ""
    log = folder / f"{name}.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", MAIN.format(name=name, more=more)),
            cwd=CHECKOUT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    served = Served(process, f"http://127.0.0.1:{port}", log)
    try:
        await until(served.ready, f"{name} is ready, see {log}")
        yield served
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()
