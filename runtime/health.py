"""Alive and ready: two questions with two answers.

Alive means that the event loop turns; an orchestrator restarts a process that is not. Ready means that the process can
do its work now; traffic is kept away from one that is not, and it is told why not, check by check.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

CHECK_TIMEOUT_S: Final = 2.0

Check = Callable[[], Awaitable[str | None]]

_log = structlog.get_logger(__name__)


class Readiness(msgspec.Struct, frozen=True):
    """Whether the process can work now, and for each failed check the reason."""

    ready: bool
    reasons: dict[str, str]


class Health:
    """The checks of one process."""

    def __init__(self, *, check_timeout_s: float = CHECK_TIMEOUT_S) -> None:
        self._checks: dict[str, Check] = {}
        self._check_timeout_s = check_timeout_s

    def add_check(self, name: str, check: Check) -> None:
        """Register a check: it returns None when all is well, else why not. Raises ValueError for a second `name`."""
        if name in self._checks:
            raise ValueError(f"there is already a check named {name!r}")
        self._checks[name] = check

    def live(self) -> bool:
        """Whether the process is alive. That it can answer at all is the answer."""
        return True

    async def ready(self) -> Readiness:
        """Run all checks at once, each bounded by the timeout."""
        answers = await asyncio.gather(*(self._run(name, check) for name, check in self._checks.items()))
        reasons = {name: answer for name, answer in zip(self._checks, answers, strict=True) if answer is not None}
        return Readiness(not reasons, reasons)

    async def _run(self, name: str, check: Check) -> str | None:
        try:
            async with asyncio.timeout(self._check_timeout_s):
                return await check()
        except TimeoutError:
            return f"no answer within {self._check_timeout_s:g} s"
        except Exception as error:  # a check may fail in any way; that is its answer, and the details go to the log
            _log.warning("health_check_failed", check=name, exc_info=error)
            return f"failed: {type(error).__name__}"
