"""Sealing and opening on a real database: keys at first use, races, bounds, failures that are never a wrong text."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.clock import FixedClock
from runtime.vault import (
    ERASED,
    KekMissing,
    KekWrong,
    KeyExhausted,
    KeyRing,
    RingRefused,
    SealBroken,
    Unsealable,
    Vault,
    VaultError,
)
from runtime.vault.key_cache import KeyCache
from runtime.vault.vault import FIELDS_MAX, MESSAGES_CLAIMED, MESSAGES_PER_KEY_MAX
from tests.support.sequencing import looking
from tests.support.vault import DsnOf, key_for, opened_vault, ring_of

ADA = {"name": "Ada Lovelace", "iban": "DE89370400440532013000", "remittance": "Rent March", "note": ""}


async def messages_of(dsn_of: DsnOf, subject: str) -> dict[int, int]:
    async with looking(dsn_of, "bursar_owner") as connection:
        rows = await connection.fetch("SELECT key_no, messages FROM vault.data_keys WHERE subject = $1", subject)
    return {row["key_no"]: row["messages"] for row in rows}


async def test_what_one_process_seals_another_opens(book_database: DsnOf) -> None:
    async with opened_vault(book_database) as door, opened_vault(book_database, role="bursar_opener") as window:
        sealed = await door.seal("customer_1", ADA)
        assert sealed.keys() == ADA.keys()
        assert all(text.startswith("sealed.v1.1.") for text in sealed.values())
        assert await window.open("customer_1", sealed) == ADA
        assert await door.open("customer_1", {"iban": sealed["iban"]}) == {"iban": ADA["iban"]}
        assert await door.seal("customer_1", {}) == await door.open("customer_1", {}) == {}


async def test_any_text_of_any_subject_comes_back(book_database: DsnOf) -> None:
    texts = st.dictionaries(
        st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True), st.text(st.characters(exclude_categories=["Cs"]))
    )
    everyone = st.dictionaries(st.sampled_from([f"customer_{n}" for n in range(6)]), texts)
    loop = asyncio.get_running_loop()
    async with opened_vault(book_database) as door, opened_vault(book_database) as window:

        async def there_and_back(people: dict[str, dict[str, str]]) -> None:
            sealed = [(subject, await door.seal(subject, fields)) for subject, fields in people.items()]
            assert await window.open_many(sealed) == list(people.values())

        @given(everyone)
        @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
        def check(people: dict[str, dict[str, str]]) -> None:
            asyncio.run_coroutine_threadsafe(there_and_back(people), loop).result(timeout=30)

        await asyncio.to_thread(check)


async def test_of_many_first_uses_one_key_wins(book_database: DsnOf) -> None:
    """Two pools, as two processes: both end with the same key, and every text opens in both."""
    async with opened_vault(book_database) as one, opened_vault(book_database) as other:
        for round_no in range(10):
            subject = f"customer_{round_no}"
            sealed = await asyncio.gather(*(v.seal(subject, {"name": str(n)}) for n in range(6) for v in (one, other)))
            assert list(await messages_of(book_database, subject)) == [1]
            for vault in (one, other):
                opened = await vault.open_many([(subject, fields) for fields in sealed])
                assert [fields["name"] for fields in opened] == [str(n) for n in range(6) for _ in range(2)]


@pytest.mark.parametrize(
    ("subject", "field", "complaint"),
    [
        ("customer_2", "name", "never had a key 1"),
        ("customer_3", "name", "does not open under key 1"),
        ("customer_1", "iban", "does not open under key 1"),
    ],
)
async def test_a_moved_text_does_not_open(book_database: DsnOf, subject: str, field: str, complaint: str) -> None:
    async with opened_vault(book_database) as vault:
        sealed = await vault.seal("customer_1", {"name": "Ada"})
        await vault.seal("customer_3", {"name": "Bo"})
        with pytest.raises(SealBroken, match=complaint) as refused:
            await vault.open(subject, {field: sealed["name"]})
        assert sealed["name"] not in str(refused.value)


async def test_another_ledgers_vault_opens_nothing(book_database: DsnOf) -> None:
    async with opened_vault(book_database) as main, opened_vault(book_database, ledger="other") as other:
        sealed = await main.seal("customer_1", ADA)
        with pytest.raises(KekWrong, match="key 1 of subject 'customer_1' does not unwrap"):
            await other.open("customer_1", sealed)


async def test_swapped_keys_do_not_unwrap(book_database: DsnOf) -> None:
    """An owner who exchanges two rows of the table gets an error, not one person's data under the other's name."""
    async with opened_vault(book_database) as vault:
        sealed = {subject: await vault.seal(subject, ADA) for subject in ("customer_1", "customer_2")}
    async with looking(book_database, "bursar_owner") as connection:
        await connection.execute(
            "UPDATE vault.data_keys AS k SET wrapped_key = o.wrapped_key FROM vault.data_keys AS o"
            " WHERE k.subject <> o.subject"
        )
    async with opened_vault(book_database) as vault:
        for subject, fields in sealed.items():
            with pytest.raises(KekWrong, match="was altered or moved"):
                await vault.open(subject, fields)
            with pytest.raises(KekWrong):
                await vault.seal(subject, ADA)


async def test_without_the_kek_nothing_is_sealed_or_opened_and_others_go_on(book_database: DsnOf) -> None:
    """One subject's key is under a KEK that this process lacks: it alone fails, and says which KEK."""
    async with opened_vault(book_database) as old:
        lost = await old.seal("customer_1", ADA)
    async with opened_vault(book_database, ring=ring_of("k2")) as vault:
        with pytest.raises(KekMissing, match=r"'k1', and the ring has \['k2'\]"):
            await vault.open("customer_1", lost)
        with pytest.raises(KekMissing):
            await vault.seal("customer_1", ADA)
        assert await vault.open("customer_2", await vault.seal("customer_2", ADA)) == ADA


async def test_a_wrong_key_under_the_right_name_is_an_error(book_database: DsnOf) -> None:
    wrong = KeyRing([("k1", key_for("something else"))], index_secret=key_for("the index"))
    async with opened_vault(book_database) as vault, opened_vault(book_database, ring=wrong) as other:
        sealed = await vault.seal("customer_1", ADA)
        with pytest.raises(KekWrong, match="another key under this id"):
            await other.open("customer_1", sealed)


async def test_a_ring_is_read_again_for_a_key_it_lacks(book_database: DsnOf) -> None:
    """A rotation needs no restart; but a ring with another index secret would silently lose every payee."""
    stranger = KeyRing([("k1", key_for("k1")), ("k2", key_for("k2"))], index_secret=key_for("another index"))
    async with (
        opened_vault(book_database, ring=ring_of("k2", "k1")) as rotated,
        opened_vault(book_database, ring=ring_of("k1"), reread=lambda: ring_of("k2", "k1")) as running,
        opened_vault(book_database, ring=ring_of("k1"), reread=lambda: stranger) as mistaken,
    ):
        sealed = await rotated.seal("customer_1", ADA)
        assert await running.open("customer_1", sealed) == ADA
        assert running.ring.active_id == "k2"
        with pytest.raises(RingRefused, match="another index secret"):
            await mistaken.open("customer_1", sealed)


async def test_a_strange_ring_or_ledger_is_noticed_at_the_start(book_database: DsnOf) -> None:
    """The first one leaves its mark; rotations do not change it."""
    stranger = KeyRing([("k1", key_for("k1"))], index_secret=key_for("another index"))
    async with (
        opened_vault(book_database, role="bursar_opener") as early,
        opened_vault(book_database, ring=stranger, role="bursar_opener") as mistaken,
        opened_vault(book_database, ledger="other") as misnamed,
        opened_vault(book_database) as first,
        opened_vault(book_database, ring=ring_of("k2")) as rotated,
    ):
        await mistaken.check_ring(may_mark=False)  # nothing to compare with yet
        await asyncio.gather(*(vault.check_ring() for vault in (first, rotated, first)))
        await early.check_ring(may_mark=False)
        for vault, may_mark in ((mistaken, False), (misnamed, True)):
            with pytest.raises(RingRefused, match="another ring, or for another ledger than"):
                await vault.check_ring(may_mark=may_mark)
    async with looking(book_database, "bursar_owner") as owner:
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute("UPDATE vault.ring_mark SET mark = mark")


class TestCounting:
    async def test_messages_are_counted_ahead_and_not_every_time(self, book_database: DsnOf) -> None:
        async with opened_vault(book_database) as vault:
            for _ in range(MESSAGES_CLAIMED // len(ADA)):
                await vault.seal("customer_1", ADA)
            assert await messages_of(book_database, "customer_1") == {1: MESSAGES_CLAIMED}
            await vault.seal("customer_1", ADA)
            assert await messages_of(book_database, "customer_1") == {1: 2 * MESSAGES_CLAIMED}

    async def test_an_aged_key_keeps_what_was_counted(self, book_database: DsnOf) -> None:
        """Looking again whether it is still the newest costs no messages; otherwise time alone would use a key up."""
        clock = FixedClock(datetime(2026, 3, 2, tzinfo=UTC))
        async with opened_vault(book_database, clock=clock) as vault:
            for _ in range(20):
                sealed = await vault.seal("customer_1", {"name": "Ada"})
                clock.advance(31)
                await vault.open("customer_1", sealed)
                clock.advance(31)
            assert await messages_of(book_database, "customer_1") == {1: MESSAGES_CLAIMED}

    async def test_processes_never_share_what_they_counted(self, book_database: DsnOf) -> None:
        async with opened_vault(book_database) as one, opened_vault(book_database) as other:
            for vault in (one, other, one, other):
                await vault.seal("customer_1", ADA)
        assert await messages_of(book_database, "customer_1") == {1: 2 * MESSAGES_CLAIMED}

    async def test_a_key_stops_long_before_nonces_may_meet(self, book_database: DsnOf) -> None:
        """And the next key of the subject goes on, while the old one still opens."""
        async with opened_vault(book_database) as vault:
            before = await vault.seal("customer_1", ADA)
            async with looking(book_database, "bursar_owner") as connection:
                await connection.execute("UPDATE vault.data_keys SET messages = $1", MESSAGES_PER_KEY_MAX)
        async with opened_vault(book_database) as vault:
            with pytest.raises(KeyExhausted, match=r"key 1 of subject 'customer_1'.*rotate_subject"):
                await vault.seal("customer_1", ADA)
            assert await vault.open("customer_1", before) == ADA
            assert await vault.rotate_subject("customer_1") == 2
            after = await vault.seal("customer_1", ADA)
            assert after["name"].startswith("sealed.v1.2.")
            assert await vault.open_many([("customer_1", before), ("customer_1", after)]) == [ADA, ADA]
        assert MESSAGES_PER_KEY_MAX * 4 == 2**32

    async def test_the_database_does_not_count_further(self, book_database: DsnOf) -> None:
        async with opened_vault(book_database) as vault:
            await vault.seal("customer_1", ADA)
        async with looking(book_database, "bursar_owner") as connection:
            with pytest.raises(asyncpg.CheckViolationError, match="data_keys_messages_range"):
                await connection.execute("UPDATE vault.data_keys SET messages = $1", MESSAGES_PER_KEY_MAX + 1)


class TestCache:
    async def test_it_stays_small(self, book_database: DsnOf) -> None:
        kept: list[KeyCache] = []

        def small(clock: FixedClock) -> KeyCache:
            kept.append(KeyCache(clock, keys_max=5))
            return kept[0]

        async with opened_vault(book_database, cache=small) as vault:  # type: ignore[arg-type]
            sealed = [(f"customer_{n}", await vault.seal(f"customer_{n}", {"name": str(n)})) for n in range(12)]
            opened = await vault.open_many(sealed)
        assert [fields["name"] for fields in opened] == [str(n) for n in range(12)]
        assert len(kept[0]) == 5

    async def test_a_held_key_needs_no_database(self, book_database: DsnOf) -> None:
        async with opened_vault(book_database) as vault:
            sealed = await vault.seal("customer_1", ADA)
            await vault._pool.close()
            assert await vault.open("customer_1", sealed | await vault.seal("customer_1", {"name": "Ada L."})) == {
                **ADA,
                "name": "Ada L.",
            }

    async def test_a_rotated_subject_is_noticed_by_others_in_time(self, book_database: DsnOf) -> None:
        """Opening keeps a key fresh, but not the belief that it is the newest."""
        clock = FixedClock(datetime(2026, 3, 2, tzinfo=UTC))
        async with opened_vault(book_database, clock=clock) as vault, opened_vault(book_database) as other:
            sealed = await vault.seal("customer_1", ADA)
            await other.rotate_subject("customer_1")
            clock.advance(20)
            assert (await vault.seal("customer_1", ADA))["name"].startswith("sealed.v1.1.")
            clock.advance(11)
            await vault.open("customer_1", sealed)
            assert (await vault.seal("customer_1", ADA))["name"].startswith("sealed.v1.2.")


async def test_what_cannot_be_named_is_refused_before_a_key_is_made(book_database: DsnOf) -> None:
    async with opened_vault(book_database) as vault:
        for subject, fields in (("Ada Lovelace", ADA), ("customer_1", {"Name": "Ada"})):
            with pytest.raises(Unsealable):
                await vault.seal(subject, fields)
        with pytest.raises(VaultError, match=f"at most {FIELDS_MAX}"):
            await vault.seal("customer_1", {f"field_{n}": "" for n in range(FIELDS_MAX + 1)})
        with pytest.raises(SealBroken, match="'name' holds no sealed text"):
            await vault.open("customer_1", {"name": "Ada"})
    assert await messages_of(book_database, "customer_1") == {}


async def test_rotating_a_subject_twice_at_once_makes_one_key(book_database: DsnOf) -> None:
    async with opened_vault(book_database) as one, opened_vault(book_database) as other:
        await one.seal("customer_1", ADA)
        numbers = await asyncio.gather(*(vault.rotate_subject("customer_1") for vault in (one, other)))
        keys = await messages_of(book_database, "customer_1")
    assert max(numbers) == max(keys)
    assert set(keys) in ({1, 2}, {1, 2, 3})


def test_erased_is_no_text() -> None:
    texts: list[object] = ["[erased]", "", None]
    assert not isinstance(ERASED, str)
    assert str(ERASED) == "[erased]"
    assert ERASED not in texts


def test_a_vault_shows_no_key() -> None:
    assert "k1" not in repr(Vault(None, ring_of()))  # type: ignore[arg-type]
