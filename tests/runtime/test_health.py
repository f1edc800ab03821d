"""Ready or not, and why not."""

from __future__ import annotations

import asyncio

import pytest

from runtime.health import Health, Readiness


async def _well() -> str | None:
    return None


async def test_a_process_whose_checks_are_all_well_is_ready() -> None:
    health = Health()
    health.add_check("book", _well)

    assert health.live()
    assert await health.ready() == Readiness(ready=True, reasons={})


async def test_every_reason_is_told_by_the_name_of_its_check() -> None:
    async def behind() -> str | None:
        return "12 events behind"

    async def broken() -> str | None:
        raise ConnectionRefusedError("10.0.0.7 refused")

    health = Health()
    for name, check in {"book": _well, "relay": behind, "stream": broken}.items():
        health.add_check(name, check)

    # The reason of a broken check goes to the log: an address is nobody's business outside.
    assert await health.ready() == Readiness(
        ready=False, reasons={"relay": "12 events behind", "stream": "failed: ConnectionRefusedError"}
    )


async def test_a_check_that_hangs_is_a_reason_and_not_a_hang() -> None:
    async def hangs() -> str | None:
        await asyncio.Event().wait()
        return None

    health = Health(check_timeout_s=0.05)
    health.add_check("book", hangs)
    async with asyncio.timeout(2):
        readiness = await health.ready()

    assert readiness.reasons == {"book": "no answer within 0.05 s"}


def test_a_name_is_taken_once() -> None:
    health = Health()
    health.add_check("book", _well)
    with pytest.raises(ValueError, match="already a check named 'book'"):
        health.add_check("book", _well)
