"""Runs `bursar up` on a folder with one stand-in process, for tests that stop or kill it from outside."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import cli.devstack
from cli import up
from cli.devstack import ProcessSpec

STAND_IN = ProcessSpec(name="stand-in", argv=(sys.executable, str(Path(__file__).with_name("stand_in.py")), "{port}"))

if __name__ == "__main__":
    cli.devstack.DEVELOPMENT = (STAND_IN,)
    asyncio.run(up.run_until_stopped(Path(sys.argv[1]), demo=False, seed=None))
