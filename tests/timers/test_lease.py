"""One holder at a time, and a holder that overslept is nobody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from projectors.reactors.tasks import LeaseLost
from tests.timers.clocks import LONG_S, Asleep, lease_of, run_out


async def test_only_one_of_many_gets_the_lease(pool: Any) -> None:
    leases = [lease_of(pool, f"holder_{n}") for n in range(8)]

    got = await asyncio.gather(*(lease.acquire() for lease in leases))

    assert sum(got) == 1
    holder = leases[got.index(True)]
    assert [lease.held for lease in leases] == got
    await holder.require()
    assert await holder.renew()


async def test_a_lease_that_ran_out_goes_to_another_with_a_greater_token(pool: Any, owner: Any) -> None:
    first, second = lease_of(pool, "first"), lease_of(pool, "second")
    assert await first.acquire()
    assert not await second.acquire()
    await run_out(owner)
    assert await second.acquire()

    assert second.token > first.token
    with pytest.raises(LeaseLost):
        await first.require()
    assert not await first.renew()
    assert not first.held
    await second.require()


async def test_a_lease_that_ran_out_is_not_renewed_even_if_nobody_took_it(pool: Any, owner: Any) -> None:
    lease = lease_of(pool, "late")
    assert await lease.acquire()
    token = lease.token
    await run_out(owner)

    assert not await lease.renew()
    assert await lease.acquire()
    assert lease.token > token


async def test_a_holder_that_overslept_knows_without_asking(pool: Any) -> None:
    clock = Asleep()
    lease = lease_of(pool, "sleeper", clock=clock)
    assert await lease.acquire()
    clock.slept_s = LONG_S + 1

    assert not lease.held
    with pytest.raises(LeaseLost):
        await lease.require()


async def test_what_is_given_up_is_free_at_once(pool: Any) -> None:
    first, second = lease_of(pool, "first"), lease_of(pool, "second")
    assert await first.acquire()
    await first.give_up()
    assert not first.held
    assert await second.acquire()


async def test_a_lease_from_a_clock_that_was_put_back_does_not_last_an_hour(pool: Any, owner: Any) -> None:
    first, second = lease_of(pool, "first"), lease_of(pool, "second")
    assert await first.acquire()
    await owner.execute("UPDATE reactions.leases SET expires_at = now() + interval '1 hour'")
    assert await second.acquire()
