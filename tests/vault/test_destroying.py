"""A destroyed key stays destroyed: for this process at once, for others within the bound, for the database for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.clock import FixedClock
from runtime.vault import ERASED, SubjectErased, Vault, VaultError
from runtime.vault.key_cache import KEY_AGE_S_MAX, HeldKey, KeyCache
from tests.support.sequencing import looking
from tests.support.vault import DsnOf, key_for, opened_vault

ADA = {"name": "Ada Lovelace", "iban": "DE89370400440532013000"}
GONE = {"name": ERASED, "iban": ERASED}


async def destroyed_at_once(vault: Vault) -> None:
    """What this process promises: from the moment destroy returns, nothing opens, and others are untouched."""
    sealed, kept = await vault.seal("customer_1", ADA), await vault.seal("customer_2", ADA)
    assert await vault.open("customer_1", sealed) == ADA
    await vault.destroy("customer_1", by="ann", reason="case 7")
    assert await vault.open_many([("customer_1", sealed), ("customer_2", kept)]) == [GONE, ADA]


async def test_nothing_opens_from_the_moment_it_returns(book_database: DsnOf) -> None:
    async with opened_vault(book_database) as vault:
        await destroyed_at_once(vault)


async def test_the_proof_says_which_when_who_and_why(book_database: DsnOf) -> None:
    async with opened_vault(book_database) as vault:
        await vault.seal("customer_1", ADA)
        await vault.rotate_subject("customer_1")
        proof = await vault.destroy("customer_1", by="ann", reason="case 7")

    assert (proof.subject, proof.key_nos, proof.destroyed_by, proof.reason) == ("customer_1", (1, 2), "ann", "case 7")
    assert timedelta(0) <= datetime.now(UTC) - proof.destroyed_at < timedelta(minutes=1)
    async with looking(book_database, "bursar_owner") as connection:
        rows = await connection.fetch("SELECT * FROM vault.data_keys")
    assert [row["wrapped_key"] for row in rows] == [None, None]
    assert {row["destroyed_at"] for row in rows} == {proof.destroyed_at}


async def test_destroying_again_returns_the_first_proof(book_database: DsnOf) -> None:
    async with opened_vault(book_database) as vault, opened_vault(book_database) as other:
        await vault.seal("customer_1", ADA)
        first = await vault.destroy("customer_1", by="ann", reason="case 7")
        assert await vault.destroy("customer_1", by="bob", reason="case 8") == first
        assert await other.destroy("customer_1", by="cem", reason="case 9") == first


async def test_it_stays_so(book_database: DsnOf) -> None:
    """No new key, no new text, in no process, and nothing returns after a restart."""
    async with opened_vault(book_database) as vault:
        sealed = await vault.seal("customer_1", ADA)
        await vault.destroy("customer_1", by="ann", reason="case 7")
        with pytest.raises(SubjectErased, match="nothing is sealed for it any more"):
            await vault.seal("customer_1", ADA)
        with pytest.raises(SubjectErased, match="it gets no new one"):
            await vault.rotate_subject("customer_1")
    async with opened_vault(book_database) as restarted:
        assert await restarted.open("customer_1", sealed) == GONE
        with pytest.raises(SubjectErased):
            await restarted.seal("customer_1", ADA)


async def test_a_subject_without_a_key_can_be_erased_too(book_database: DsnOf) -> None:
    async with opened_vault(book_database) as vault:
        proof = await vault.destroy("customer_1", by="ann", reason="case 7")
        assert proof.key_nos == ()
        with pytest.raises(SubjectErased):
            await vault.seal("customer_1", ADA)
        assert await vault.destroy("customer_1", by="bob", reason="case 8") == proof


async def noticed_by_others(dsn_of: DsnOf) -> None:
    """What other processes promise: they may go on for KEY_AGE_S_MAX, and no longer, however often they look."""
    clock = FixedClock(datetime(2026, 3, 2, tzinfo=UTC))
    async with opened_vault(dsn_of) as here, opened_vault(dsn_of, clock=clock) as elsewhere:
        sealed = await here.seal("customer_1", ADA)
        assert await elsewhere.open("customer_1", sealed) == ADA
        await elsewhere.seal("customer_1", ADA)
        await here.destroy("customer_1", by="ann", reason="case 7")
        for _ in range(int(KEY_AGE_S_MAX)):
            await elsewhere.open("customer_1", sealed)
            clock.advance(1)
        clock.advance(1)
        assert await elsewhere.open("customer_1", sealed) == GONE
        with pytest.raises(SubjectErased):
            await elsewhere.seal("customer_1", ADA)


async def test_other_processes_notice_within_the_bound(book_database: DsnOf) -> None:
    await noticed_by_others(book_database)


async def test_a_key_that_is_being_made_does_not_slip_through(book_database: DsnOf) -> None:
    """First uses, rotations and destruction at once, in three processes: nothing opens afterwards."""
    for round_no in range(15):
        subject = f"customer_{round_no}"
        async with (
            opened_vault(book_database) as one,
            opened_vault(book_database) as two,
            opened_vault(book_database) as three,
        ):
            results: Sequence[Any] = await asyncio.gather(
                one.seal(subject, ADA),
                two.seal(subject, ADA),
                three.destroy(subject, by="ann", reason="case 7"),
                two.rotate_subject(subject),
                one.seal(subject, ADA),
                return_exceptions=True,
            )
            failures = [result for result in results if isinstance(result, BaseException)]
            assert all(isinstance(failure, SubjectErased) for failure in failures), failures
            async with looking(book_database, "bursar_owner") as connection:
                whole = "SELECT count(*) FROM vault.data_keys WHERE subject = $1 AND wrapped_key IS NOT NULL"
                assert await connection.fetchval(whole, subject) == 0
            sealed = [(subject, result) for result in results if isinstance(result, dict)]
            async with opened_vault(book_database) as restarted:
                assert await restarted.open_many(sealed) == [GONE] * len(sealed)


@pytest.mark.parametrize(("by", "reason"), [("", "case 7"), ("ann", " "), ("ann", "x" * 201), ("ann\n", "case 7")])
async def test_without_a_name_and_a_reason_nothing_is_destroyed(book_database: DsnOf, by: str, reason: str) -> None:
    async with opened_vault(book_database) as vault:
        sealed = await vault.seal("customer_1", ADA)
        with pytest.raises(VaultError, match="printable characters"):
            await vault.destroy("customer_1", by=by, reason=reason)
        assert await vault.open("customer_1", sealed) == ADA


def ignore_destruction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyCache, "forget", lambda self, subject: None)


def ignore_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyCache, "_is_old", lambda self, read_at_s: False)


def renew_by_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """An age that begins anew with every use: a busy process would open an erased person's data for ever."""
    real = KeyCache.get

    def get(self: KeyCache, subject: str, key_no: int) -> Any:
        held = real(self, subject, key_no)
        if held is not None:
            held.read_at_s = self.now_s()
        return held

    monkeypatch.setattr(KeyCache, "get", get)


@pytest.mark.parametrize("plant", [ignore_destruction])
async def test_a_planted_fault_here_is_caught(
    book_database: DsnOf, plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    async with opened_vault(book_database) as vault:
        with pytest.raises(AssertionError):
            await destroyed_at_once(vault)


@pytest.mark.parametrize("plant", [ignore_age, renew_by_use])
async def test_a_planted_fault_elsewhere_is_caught(
    book_database: DsnOf, plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        await noticed_by_others(book_database)


async def test_a_key_read_before_a_destruction_is_not_kept_after_it() -> None:
    """The reader took its turn, the destruction came, the key arrives: it is not kept."""
    cache = KeyCache(FixedClock(datetime(2026, 3, 2, tzinfo=UTC)))
    turn, late = cache.turn, HeldKey(key_no=1, cipher=AESGCM(key_for("a")), read_at_s=0.0)
    cache.forget("customer_1")
    cache.put("customer_1", late, turn=turn, is_newest=True)
    assert cache.get("customer_1", 1) is None
    cache.put("customer_1", late, turn=cache.turn, is_newest=True)
    assert cache.get("customer_1", 1) is late
