"""The large book of the benchmarks is a book like any other."""

from __future__ import annotations

import asyncpg

from ledger.verify.book import verify_book
from tests.benchmarks.big_book import BigBook, Plan, write_big_book
from tests.conftest import DsnOf

PLAN = Plan(entries=3_000, accounts=120, payments=0.3)


async def test_verification_finds_nothing_wrong_with_it(book_database: DsnOf) -> None:
    written = await write_big_book(book_database("bursar_owner"), PLAN)
    connection = await asyncpg.connect(book_database("bursar_reader"))
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            proof = await verify_book(connection)
    finally:
        await connection.close()
    assert [check.difference for check in proof.checks] == [None] * len(proof.checks)
    assert (proof.fold.position, proof.fold.entries) == (written.position, written.entries)
    assert proof.fold.entries >= PLAN.entries
    types = {row[1].split('"type":"')[1].split('"')[0] for page in BigBook(PLAN).pages() for row in page.events}
    assert types >= {"account_opened", "transfer_posted", "payment_initiated", "payment_settled", "payment_rejected"}


def test_the_same_plan_gives_the_same_bytes() -> None:
    first, second = BigBook(PLAN), BigBook(PLAN)
    assert [page.events for page in first.pages()] == [page.events for page in second.pages()]
    assert first.hash == second.hash
