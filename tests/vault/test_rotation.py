"""A rotation of the key-encryption key rewrites no data, survives being killed, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from runtime.vault import ERASED, KekMissing, read_state, rotate_keks
from runtime.vault.rotation import RotationProgress
from runtime.vault.vault import QUERIES
from tests.support.sequencing import looking
from tests.support.vault import DsnOf, opened_vault, pool_of, ring_of
from tests.vault.rotating import KEYS_PER_PAGE, PAGES_BEFORE

CHECKOUT = Path(__file__).parents[2]
PAGES_WITHIN_S = 60.0
SUBJECTS = 57
BOTH = ring_of("k1", "k2", active="k2")


async def sealed_by_many(dsn_of: DsnOf) -> list[tuple[str, dict[str, str]]]:
    async with opened_vault(dsn_of, ring=ring_of("k1")) as vault:
        return [(f"customer_{n:02}", await vault.seal(f"customer_{n:02}", {"name": str(n)})) for n in range(SUBJECTS)]


async def names_opened(dsn_of: DsnOf, sealed: list[tuple[str, dict[str, str]]], *keks: str) -> list[object]:
    """Every name as a fresh process with these KEKs opens it."""
    async with opened_vault(dsn_of, ring=ring_of(*keks)) as vault:
        return [fields["name"] for fields in await vault.open_many(sealed)]


async def rotated(dsn_of: DsnOf, keys_per_page: int = KEYS_PER_PAGE) -> list[RotationProgress]:
    async with pool_of(dsn_of) as pool:
        return [page async for page in rotate_keks(pool, BOTH, keys_per_page=keys_per_page)]


async def test_the_old_key_can_leave_after_a_rotation(book_database: DsnOf) -> None:
    """And not before; the sealed texts are the same bytes all along."""
    sealed = await sealed_by_many(book_database)
    with pytest.raises(KekMissing):
        await names_opened(book_database, sealed, "k2")

    pages = await rotated(book_database)
    assert [page.rewrapped for page in pages] == [10, 20, 30, 40, 50, 57]
    assert pages[-1].subject == "customer_56"
    assert await names_opened(book_database, sealed, "k2") == [str(n) for n in range(SUBJECTS)]
    assert await rotated(book_database) == []


async def test_a_killed_rotation_is_finished_by_the_next(book_database: DsnOf) -> None:
    """Killed with some pages done: everything opens in between with both keys, and later with the new one alone."""
    sealed = await sealed_by_many(book_database)
    killed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.vault.rotating", book_database("bursar_writer")),
        cwd=CHECKOUT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert killed.stdout is not None
    try:
        said = await asyncio.wait_for(killed.stdout.readline(), PAGES_WITHIN_S)
    finally:
        killed.kill()
        await killed.wait()
    half = PAGES_BEFORE * KEYS_PER_PAGE
    assert int(said) == half

    async with pool_of(book_database) as pool:
        state = await read_state(pool, BOTH)
    assert state.keys_by_kek == {"k1": SUBJECTS - half, "k2": half}
    assert state.waiting == SUBJECTS - half
    assert await names_opened(book_database, sealed, "k1", "k2") == [str(n) for n in range(SUBJECTS)]

    pages = await rotated(book_database)
    assert pages[-1].rewrapped == SUBJECTS - half
    assert await names_opened(book_database, sealed, "k2") == [str(n) for n in range(SUBJECTS)]


async def test_it_goes_on_beside_sealing_opening_and_erasing(book_database: DsnOf) -> None:
    """No request fails while every key is re-wrapped; what is erased meanwhile stays erased."""
    sealed = await sealed_by_many(book_database)
    done = asyncio.Event()

    async def busy() -> int:
        turns = 0
        async with opened_vault(book_database, ring=ring_of("k1"), reread=lambda: BOTH) as vault:
            while not done.is_set() or turns < 3:
                await vault.seal(f"newcomer_{turns}", {"name": "new"})
                for opened in await vault.open_many(sealed[:40]):
                    assert isinstance(opened["name"], str)
                turns += 1
        return turns

    async def erase() -> None:
        async with opened_vault(book_database) as vault:
            for subject, _ in sealed[40:]:
                await vault.destroy(subject, by="ann", reason="case 7")

    async def rotate() -> None:
        await rotated(book_database, keys_per_page=2)
        done.set()

    turns, *_ = await asyncio.gather(busy(), erase(), rotate())
    await rotated(book_database)  # newcomers of the process that still had the old ring
    assert turns >= 3
    names = await names_opened(book_database, sealed, "k2")
    assert names == [str(n) for n in range(40)] + [ERASED] * (SUBJECTS - 40)


async def test_a_rotation_without_the_old_key_stops_and_says_so(book_database: DsnOf) -> None:
    await sealed_by_many(book_database)
    async with pool_of(book_database) as pool:
        with pytest.raises(KekMissing, match="'k1', and the ring has"):
            async for _ in rotate_keks(pool, ring_of("k2")):
                pass
        assert (await read_state(pool, ring_of("k2"))).keys_by_kek == {"k1": SUBJECTS}


async def test_destroyed_keys_are_not_counted_as_waiting(book_database: DsnOf) -> None:
    async with opened_vault(book_database) as vault:
        await vault.seal("customer_1", {"name": "Ada"})
        await vault.destroy("customer_1", by="ann", reason="case 7")
        await vault.destroy("customer_2", by="ann", reason="case 7")
    async with pool_of(book_database) as pool:
        state = await read_state(pool, BOTH)
    assert (state.keys_by_kek, state.waiting, state.erased_subjects) == ({}, 0, 2)


async def test_a_page_updates_only_what_still_is_as_it_was_read(book_database: DsnOf) -> None:
    """A key destroyed between reading and writing a page does not come back."""
    async with opened_vault(book_database) as vault, looking(book_database, "bursar_owner") as connection:
        sealed = await vault.seal("customer_1", {"name": "Ada"})
        before = await connection.fetchval("SELECT wrapped_key FROM vault.data_keys")
        await vault.destroy("customer_1", by="ann", reason="case 7")
        written = await connection.execute(QUERIES["rewrap_keys"], ["customer_1"], [1], [before], [before], "k2")
        assert written == "UPDATE 0"
        assert await vault.open("customer_1", sealed) == {"name": ERASED}
