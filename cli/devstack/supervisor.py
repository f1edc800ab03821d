"""One parent that starts processes in order, restarts what dies and stops them in reverse order.

Children are plain `Popen` objects polled from one asyncio task each: that works on every event loop, and the thread
that starts them is the loop's own, which the parent-death signal is bound to. Never run a supervisor in a thread that
ends before its children should.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.devstack.privileges import ServiceUser, child_setup
from cli.devstack.state import ProcessState

POLL_S = 0.05
PROBE_PAUSE_S = 0.05
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 15.0
KILL_WITHIN_S = 5.0
RESTART_DELAYS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
STEADY_AFTER_S = 10.0
LOG_BYTES_MAX = 16 * 1024 * 1024
LOG_TAIL_LINES = 15


class StartFailed(RuntimeError):
    """A process ended or stayed silent before it was ready; the text carries the end of its log."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """How one process is started, probed and stopped. `ready` is asked until it answers True, and may raise OSError."""

    name: str
    argv: tuple[str, ...]
    ready: Callable[[], Awaitable[bool]]
    env: Mapping[str, str] | None = None
    user: ServiceUser | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = STOP_WITHIN_S
    ready_within_s: float = READY_WITHIN_S
    cwd: Path | None = None


@dataclass
class _Child:
    service: Service
    popen: subprocess.Popen[bytes] | None = None
    state: str = "starting"
    restarts: int = 0
    failures: int = 0
    probe_error: str = ""
    watcher: asyncio.Task[None] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Supervisor:
    """Keeps a list of services alive. `on_change` is called after every change of a process's state."""

    def __init__(
        self, logs: Path, *, inherited: Sequence[int] = (), on_change: Callable[[], None] = lambda: None
    ) -> None:
        """Write each process's output to `<logs>/<name>.log`; every child inherits the descriptors `inherited`."""
        self._logs = logs
        self._inherited = tuple(inherited)
        self._on_change = on_change
        self._children: dict[str, _Child] = {}

    def processes(self) -> list[ProcessState]:
        """Return name, pid, state and count of restarts of every process, in starting order."""
        return [
            ProcessState(
                name=name,
                pid=child.popen.pid if child.popen and child.popen.poll() is None else None,
                state=child.state,
                restarts=child.restarts,
            )
            for name, child in self._children.items()
        ]

    def log_file(self, name: str) -> Path:
        """Return the file that holds the output of the process `name`."""
        return self._logs / f"{name}.log"

    async def start(self, service: Service) -> None:
        """Start a new service and return when it is ready; raises `StartFailed`, with nothing left running."""
        child = self._children.setdefault(service.name, _Child(service))
        child.service = service
        if child.watcher is not None and not child.watcher.done():
            return
        self._spawn(child)
        if not await self._became_ready(child):
            await self._end(child)
            self._set(child, "failed")
            raise StartFailed(self._explain(child))
        self._set(child, "ready")
        child.watcher = asyncio.create_task(self._watch(child), name=f"watch {service.name}")

    async def stop(self) -> None:
        """Stop everything, last started first; a process that ignores its signal is killed after its time-out."""
        for name in reversed(list(self._children)):
            await self.stop_one(name)

    async def stop_one(self, name: str) -> None:
        """Stop one process and keep it stopped until `start_one`."""
        child = self._children[name]
        if child.watcher is not None:
            child.watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await child.watcher
            child.watcher = None
        await self._end(child)
        self._set(child, "stopped")

    async def start_one(self, name: str) -> None:
        """Start a process again that `stop_one` stopped; returns when it is ready."""
        await self.start(self._children[name].service)

    def signal(self, name: str, number: signal.Signals) -> int:
        """Send a signal to a running process and return its pid. After SIGKILL the supervisor restarts it."""
        popen = self._children[name].popen
        if popen is None or popen.poll() is not None:
            raise ProcessLookupError(f"{name} is not running")
        popen.send_signal(number)
        return popen.pid

    async def wait_restarted(self, name: str, *, after_pid: int, within_s: float = READY_WITHIN_S) -> int:
        """Wait until `name` is ready again under another pid than `after_pid`; returns it, raises TimeoutError."""
        child = self._children[name]
        async with asyncio.timeout(within_s):
            while child.state != "ready" or child.popen is None or child.popen.pid == after_pid:
                child.changed.clear()
                await child.changed.wait()
        return child.popen.pid

    def _spawn(self, child: _Child) -> None:
        service = child.service
        log = self.log_file(service.name)
        if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            child.popen = subprocess.Popen(
                service.argv,
                env=dict(service.env) if service.env is not None else None,
                cwd=service.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=self._inherited,
                preexec_fn=child_setup(service.user, death_signal=service.stop_signal),
            )
        self._set(child, "starting")

    async def _became_ready(self, child: _Child) -> bool:
        """Probe until ready; False when the process ended or the time is over."""
        deadline = asyncio.get_running_loop().time() + child.service.ready_within_s
        while asyncio.get_running_loop().time() < deadline:
            if child.popen is None or child.popen.poll() is not None:
                return False
            try:
                if await child.service.ready():
                    return True
            except OSError as error:  # nobody listens yet, most of the time
                child.probe_error = f"{type(error).__name__}: {error}"
            await asyncio.sleep(PROBE_PAUSE_S)
        return False

    async def _watch(self, child: _Child) -> None:
        """Restart the process whenever it ends; runs until `stop_one` cancels it."""
        while child.popen is not None:  # ends by cancellation
            while not await _ended(child.popen, within_s=STEADY_AFTER_S):
                child.failures = 0
            child.failures += 1
            await self._restart(child)

    async def _restart(self, child: _Child) -> None:
        """Try once more, after a pause that grows with the count of failures in a row."""
        self._set(child, "restarting")
        await asyncio.sleep(RESTART_DELAYS_S[min(child.failures, len(RESTART_DELAYS_S)) - 1])
        child.restarts += 1
        self._spawn(child)
        if await self._became_ready(child):
            self._set(child, "ready")
        else:
            await self._end(child)

    async def _end(self, child: _Child) -> None:
        """Signal the process, wait, and kill its whole group when it does not go."""
        popen = child.popen
        if popen is None or popen.poll() is not None:
            return
        popen.send_signal(child.service.stop_signal)
        popen.send_signal(signal.SIGCONT)  # a paused process could not obey
        if not await _ended(popen, within_s=child.service.stop_within_s):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(popen.pid, signal.SIGKILL)
            await _ended(popen, within_s=KILL_WITHIN_S)

    def _set(self, child: _Child, state: str) -> None:
        child.state = state
        child.changed.set()
        self._on_change()

    def _explain(self, child: _Child) -> str:
        log = self.log_file(child.service.name)
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
        code = child.popen.poll() if child.popen else None
        cause = f"exit code {code}; last answer to the probe: {child.probe_error or 'not ready'}"
        return "\n".join([f"{child.service.name} did not become ready ({cause}); end of {log}:", *lines])


async def _ended(popen: subprocess.Popen[bytes], *, within_s: float) -> bool:
    deadline = asyncio.get_running_loop().time() + within_s
    while popen.poll() is None:
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(POLL_S)
    return True
