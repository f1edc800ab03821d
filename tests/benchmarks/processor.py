"""What the processes of a stack cost, in seconds of processor time: a busy machine changes that less than the clock."""

import contextlib
import os
from pathlib import Path
from typing import Final

from cli.devstack import Servers

CLOCK_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def cpu_seconds(servers: Servers) -> dict[str, float]:
    """What each process of the stack and its children have used so far, also those that have ended.

    Empty where the system does not tell.
    """
    used: dict[str, float] = {}
    names = {process.pid: process.name for process in servers.data.read_state().processes}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            name = names.get(int(stat.parent.name)) or names.get(int(fields[1]))
            if name is not None:
                of_ended = fields[13:15] if int(stat.parent.name) in names else []
                used[name] = used.get(name, 0.0) + sum(map(int, [*fields[11:13], *of_ended])) / CLOCK_TICKS_PER_S
    return used
