"""The folder of a local stack: its layout, its secrets, its lock and what it remembers between starts.

A stack is running exactly when `lock` is locked: the kernel releases the lock with the process that held it, however
that process ended, so no stale pid can ever say otherwise. `children.lock` works the same way for what a supervisor
started: every child inherits it, so it is free exactly when the last one has ended.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

import msgspec

SECRET_BYTES = 24


class AlreadyRunning(RuntimeError):
    """Another supervisor holds the folder."""


class ProcessState(msgspec.Struct, frozen=True, kw_only=True):
    """One supervised process; `state` is starting, ready, restarting, stopped or failed."""

    name: str
    pid: int | None
    state: str
    restarts: int


class StackState(msgspec.Struct, frozen=True, kw_only=True):
    """What `state.json` holds; `ports` outlive the stack, the rest describes the current or last run."""

    ports: dict[str, int] = {}
    supervisor_pid: int | None = None
    ready: bool = False
    addresses: dict[str, str] = {}
    processes: list[ProcessState] = []


class DataDir:
    """The folder that holds everything of one local stack; wiping a stack is deleting this folder."""

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is touched before `create`."""
        self.path = path.absolute()
        self.secrets = self.path / "secrets"
        self.logs = self.path / "logs"
        self.lake = self.path / "lake"
        self.issuer = self.path / "issuer"
        self.vault_keys_file = self.secrets / "vault_keys.json"
        self.session_keys_file = self.secrets / "session_keys"
        self.postgres = self.path / "postgres"
        self.nats = self.path / "nats"
        self.valkey = self.path / "valkey"
        self.state_file = self.path / "state.json"
        self.lock_file = self.path / "lock"
        self.children_lock_file = self.path / "children.lock"
        self.bank_files = self.path / "bank-files"

    def create(self) -> None:
        """Make the folders; only this user may read them, others may pass through the top one."""
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        for folder in (self.secrets, self.logs, self.lake, self.issuer, self.nats, self.valkey):
            folder.mkdir(mode=0o700, exist_ok=True)

    def secret(self, name: str) -> str:
        """Return the named secret, made once and kept in a file only this user can read."""
        file = self.secrets / name
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return file.read_text(encoding="ascii")
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(SECRET_BYTES))
        return file.read_text(encoding="ascii")

    def read_state(self) -> StackState:
        """Return what the last run remembered, or an empty state for a new folder."""
        if not self.state_file.exists():
            return StackState()
        return msgspec.json.decode(self.state_file.read_bytes(), type=StackState)

    def write_state(self, state: StackState) -> None:
        """Replace `state.json` at once, so that a reader never sees half of it."""
        fresh = self.state_file.with_suffix(".json.new")
        fresh.touch(mode=0o600)  # the addresses carry passwords
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(state)))
        os.replace(fresh, self.state_file)

    def is_running(self) -> bool:
        """Tell whether a supervisor holds this folder now."""
        if not self.lock_file.exists():
            return False
        with self.lock_file.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def acquire(self) -> IO[bytes]:
        """Lock the folder for this process until the returned file is closed; raises `AlreadyRunning`."""
        lock = _lock(self.lock_file)
        if lock is None:
            raise AlreadyRunning(f"a stack is already running in {self.path}")
        return lock

    def acquire_children(self) -> IO[bytes] | None:
        """Lock the file that children inherit, or return None while children of an earlier supervisor are alive."""
        return _lock(self.children_lock_file)


def _lock(file: Path) -> IO[bytes] | None:
    opened = file.open("ab")
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        opened.close()
        return None
    return opened
