"""Who a server runs as, and what happens to it when its supervisor dies.

PostgreSQL refuses to run as root. When the stack is started by root (containers often are), PostgreSQL runs as the
user `nobody`, with no capability at all as long as its folders can be reached by everyone. Below a private folder,
such as root's home, it keeps the one capability that lets it pass, and nothing else of root's power.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import stat
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED_USER = "nobody"

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAP_SETPCAP = 8
CAPABILITY_VERSION_3 = 0x20080522

_LINUX = sys.platform.startswith("linux")
_libc = ctypes.CDLL(None, use_errno=True)


class Unreachable(RuntimeError):
    """The unprivileged user cannot enter a folder it has to use."""


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@dataclass(frozen=True)
class ServiceUser:
    """The user a server is started as; `capability` is the one it keeps to reach its folders, or None."""

    uid: int
    gid: int
    capability: int | None


def unprivileged_user(paths: Iterable[Path]) -> ServiceUser | None:
    """Return whom a server that refuses root must run as, or None when this process is not root.

    `paths` are the folders and programs that the server uses. Raises `Unreachable` with the folder in the
    way when neither file modes nor a capability let it pass.
    """
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam(UNPRIVILEGED_USER)
    closed = next((folder for path in paths for folder in _closed_parents(path, account.pw_uid)), None)
    if closed is None:
        return ServiceUser(account.pw_uid, account.pw_gid, None)
    capability = _held_capability()
    if capability is None:
        raise Unreachable(
            f"started as root, PostgreSQL runs as '{UNPRIVILEGED_USER}', who cannot enter {closed}. Start as an "
            f"ordinary user, or use a checkout and a --data-dir below a folder that everyone may enter (chmod o+x)."
        )
    return ServiceUser(account.pw_uid, account.pw_gid, capability)


def child_setup(user: ServiceUser | None, *, death_signal: signal.Signals) -> Callable[[], None]:
    """Return what a child runs between fork and exec: become `user`, and be signalled when its parent dies.

    The order matters: the kernel forgets the parent-death signal when a process changes its user.
    """
    parent = os.getpid()

    def setup() -> None:
        if user is not None:
            _become(user)
        if _LINUX:
            _check(_libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0))
            if os.getppid() != parent:  # the parent died before the signal was armed
                os.kill(os.getpid(), signal.SIGKILL)

    return setup


def _become(user: ServiceUser) -> None:
    """Change the user. Without the secure bit the kernel would drop the kept capability at setuid and in access(2)."""
    if user.capability is not None:
        _check(_libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0))
    os.setgroups([])
    os.setgid(user.gid)
    os.setuid(user.uid)
    if user.capability is not None:
        _keep_only(user.capability)


def _keep_only(capability: int) -> None:
    bits = 1 << capability
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    sets = (_CapabilitySets * 2)(_CapabilitySets(bits, bits, bits), _CapabilitySets(0, 0, 0))
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(sets)))
    _check(_libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))


def _held_capability() -> int | None:
    """Return the weakest capability that opens folders and that this process can hand on, or None."""
    if not _LINUX:
        return None
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    effective = next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff"))
    if not effective & (1 << CAP_SETPCAP):
        return None
    return next((cap for cap in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE) if effective & (1 << cap)), None)


def _closed_parents(path: Path, uid: int) -> list[Path]:
    """Return the folders on the way to `path` that a stranger with `uid` may not enter; missing ones we will make."""
    closed = []
    for folder in filter(Path.exists, path.resolve().parents):
        status = folder.stat()
        may_enter = stat.S_IXUSR if status.st_uid == uid else stat.S_IXOTH
        if not status.st_mode & may_enter:
            closed.append(folder)
    return closed


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
