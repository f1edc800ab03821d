"""The folder of a stack: secrets, memory and the lock."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cli.devstack.state import AlreadyRunning, DataDir, StackState


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    """A new folder."""
    folder = DataDir(tmp_path / "stack")
    folder.create()
    return folder


def test_a_secret_is_made_once_and_readable_by_its_owner_only(data: DataDir) -> None:
    """Passwords survive a restart and are not open to other users."""
    first = data.secret("postgres")
    assert data.secret("postgres") == first
    assert data.secret("nats") != first
    assert stat.S_IMODE((data.secrets / "postgres").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.secrets.stat().st_mode) == 0o700


def test_the_state_file_is_private_because_addresses_carry_passwords(data: DataDir) -> None:
    """What was written is read back, and only by its owner."""
    data.write_state(StackState(ports={"nats": 20_001}, addresses={"nats": "nats://u:p@127.0.0.1"}))
    assert data.read_state().ports == {"nats": 20_001}
    assert stat.S_IMODE(data.state_file.stat().st_mode) == 0o600


def test_a_folder_is_running_exactly_while_its_lock_is_held(data: DataDir) -> None:
    """No stale pid can say otherwise."""
    assert not data.is_running()
    lock = data.acquire()
    assert data.is_running()
    with pytest.raises(AlreadyRunning, match=str(data.path)):
        data.acquire()
    lock.close()
    assert not data.is_running()
