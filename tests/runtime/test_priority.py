"""A process that yields says so to the kernel, in a process of its own so that the tests keep their priority."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runtime.priority import SESSION_PRIORITY, YIELDING_NICE

ROOT = Path(__file__).parents[2]
ASK = """
import os
from runtime.priority import SESSION_PRIORITY, yield_to_others
yield_to_others()
print(os.getpriority(os.PRIO_PROCESS, 0), SESSION_PRIORITY.read_text() if SESSION_PRIORITY.exists() else "")
"""


def answer() -> str:
    """What a fresh session says of itself after it has yielded."""
    asked = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, check=True, start_new_session=True
    )
    return asked.stdout


def test_the_process_is_nice() -> None:
    """The kernel gives it less when others want more."""
    assert answer().split()[0] == str(YIELDING_NICE)


@pytest.mark.skipif(not SESSION_PRIORITY.exists(), reason="this kernel does not group processes by session")
def test_its_session_is_nice_too() -> None:
    """Without this the process's own niceness only counts inside its session, where it is alone."""
    assert f"nice {YIELDING_NICE}" in answer()
