"""Which process waits when the cores are short."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

YIELDING_NICE: Final = 5  # about a third of the share of a process that does not yield
# Linux weighs sessions before it weighs the processes inside one, so a process that leads its own session has to lower
# that too; absent where the kernel does not group, and read-only in some containers.
SESSION_PRIORITY: Final = Path("/proc/self/autogroup")


def yield_to_others() -> None:
    """Let the other processes of this machine go first when there is more to do than cores to do it.

    For work that may lag and says how far: the cores it leaves are those that somebody waits for.
    """
    os.setpriority(os.PRIO_PROCESS, 0, YIELDING_NICE)
    with suppress(OSError):
        SESSION_PRIORITY.write_text(str(YIELDING_NICE), encoding="ascii")
