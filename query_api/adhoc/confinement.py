"""What the kernel enforces on a child, whatever DuckDB does: limits everywhere, on Linux a closed file system as well.

A seccomp filter refuses new processes, sockets and the tools of debuggers; Landlock leaves the lake's folder readable
and nothing else (no write, no TCP, no signal to another process). Both hold for the calling thread and those it starts,
so the filter comes before the first import that starts one, and Landlock between the imports and DuckDB. A kernel
without them still has the limits, DuckDB's lock and the parser; the parent logs what was missing.
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

EXTRA_MEMORY_MB: Final = 256  # beside DuckDB's own limit: rendering, and what DuckDB does not count
OPEN_FILES_MAX: Final = 256
CPU_GRACE_S: Final = 1  # the parent kills by the clock; this is for a child whose parent died

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_SIGKILL: Final = 9

# Landlock: the same numbers on every architecture.
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_VERSION_ONLY: Final = 1
_PATH_BENEATH: Final = 1
_READ_FILE: Final = 1 << 2
_READ_FOLDER: Final = 1 << 3
# What DuckDB looks at when it starts, to learn how large the machine is; it aborts when it may not.
_MACHINE: Final = ("/proc/self/cgroup", "/proc/stat", "/sys/fs/cgroup", "/sys/devices/system/cpu")
_FILE_RIGHTS_OF_ABI: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many rights each version knows
_TCP_FROM_ABI: Final = 4
_SCOPES_FROM_ABI: Final = 6

_libc: Final = ctypes.CDLL(None, use_errno=True)


def limit_resources(memory_mb: int) -> None:
    """Bound memory, files, what can be written (nothing) and core dumps, from here on."""
    extra = (memory_mb + EXTRA_MEMORY_MB) * 1024 * 1024
    if sys.platform == "linux":
        _lower(resource.RLIMIT_AS, _address_space() + extra)
    else:
        _lower(resource.RLIMIT_DATA, extra)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES_MAX)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)


def limit_processes() -> None:
    """Allow no further thread or process; DuckDB has its threads by now."""
    _lower(resource.RLIMIT_NPROC, 0)


def limit_cpu(seconds: float) -> None:
    """Let the kernel kill this process after so much more time on a processor."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(usage.ru_utime + usage.ru_stime + seconds) + CPU_GRACE_S
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def die_with_parent(parent: int) -> None:
    """End when the process that asked does."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def refuse_calls() -> bool:
    """Install the seccomp filter; False where there is none."""
    return sys.platform == "linux" and _no_new_privileges() and _filter_calls()


def close_files(folder: str) -> bool:
    """Leave nothing of the file system but reading below `folder`; False where the kernel cannot."""
    return sys.platform == "linux" and _no_new_privileges() and _landlock(folder)


def _no_new_privileges() -> bool:
    return bool(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)


def _lower(kind: int, wanted: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (value, value))


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _landlock(folder: str) -> bool:
    abi = _libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_ONLY))
    if abi < 1:
        return False
    rights = (1 << _FILE_RIGHTS_OF_ABI.get(abi, max(_FILE_RIGHTS_OF_ABI.values()))) - 1
    tcp = 0b11 if abi >= _TCP_FROM_ABI else 0
    scopes = 0b11 if abi >= _SCOPES_FROM_ABI else 0
    handled = struct.pack("=QQQ", rights, tcp, scopes)[: 24 if scopes else 16 if tcp else 8]
    ruleset = _libc.syscall(_LANDLOCK_CREATE, handled, ctypes.c_size_t(len(handled)), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        for path in filter(os.path.exists, (folder, *_MACHINE)):
            _let_read(ruleset, path)
        return bool(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(ruleset)


def _let_read(ruleset: int, path: str) -> None:
    rights = _READ_FILE | _READ_FOLDER if os.path.isdir(path) else _READ_FILE
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, beneath)
        if _libc.syscall(_LANDLOCK_ADD, ruleset, _PATH_BENEATH, rule, ctypes.c_uint32(0)) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock does not take {path}")
    finally:
        os.close(beneath)


# ---------------------------------------------------------------- seccomp: a small program for the kernel
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | 1  # EPERM
_NOT_THERE: Final = 0x00050000 | 38  # ENOSYS: glibc then falls back from clone3 to clone, whose flags can be read
_CLONE_THREAD: Final = 0x00010000
_OTHER_NUMBERING: Final = 0x40000000  # x86-64 has its calls a second time from here on
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_CLONE3: Final = 435

# Audit number of the architecture, and its `clone`.
_ARCHITECTURES: Final = {"x86_64": (0xC000003E, 56), "aarch64": (0xC00000B7, 220)}
# What is refused, with its number on x86-64 and on arm64 (None: no such call there).
_REFUSED: Final[Mapping[str, tuple[int, int | None]]] = {
    **{"fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281)},
    **{"socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201)},
    **{"accept": (43, 202), "accept4": (288, 242)},
    **{"kill": (62, 129), "tkill": (200, 130), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438)},
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271)},
    **{"io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427)},
    **{"mount": (165, 40), "umount2": (166, 39), "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268)},
    **{"bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282)},
    **{"keyctl": (250, 219), "add_key": (248, 217), "process_madvise": (440, 440)},
}


def _filter_calls() -> bool:
    """Install the filter for this thread and all that it starts."""
    machine = os.uname().machine
    if machine not in _ARCHITECTURES:
        return False
    program = _program(*_ARCHITECTURES[machine], column=list(_ARCHITECTURES).index(machine))
    text = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(text, len(text))
    descriptor = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    return bool(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(descriptor), 0, 0) == 0)


def _program(architecture: int, clone: int, *, column: int) -> list[tuple[int, int, int, int]]:
    """Write the filter: instruction, how far to jump when it holds and when not, and its operand."""
    calls = [numbers[column] for numbers in _REFUSED.values()]
    refused = [number for number in calls if number is not None]
    return [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _OTHER_NUMBERING),
        (_RETURN, 0, 0, _REFUSE),
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _NOT_THERE),
        (_EQUAL, 0, 4, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        (_ANY_BIT, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
        *((_EQUAL, len(refused) - index, 0, call) for index, call in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
