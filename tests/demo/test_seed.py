"""Seeding the small fintech."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import msgspec

from cli.client import BursarClient
from cli.demo.business import terms
from cli.demo.fintech import CUSTOMERS, MERCHANTS, WALLETS, accounts
from cli.demo.people import APP, RITA, People
from cli.demo.seed import seed
from cli.devstack import DevStack
from cli.devstack.postgres import READER
from runtime.clock import FixedClock

STANDING_ORDERS = 1
PER_CUSTOMER = 4  # application, evidence, two verdicts


async def test_a_second_seed_adds_nothing(people: People) -> None:
    """As for a second `bursar up` on the same data."""
    first = await seed(people)
    second = await seed(people)
    customer_ids = dict.fromkeys(CUSTOMERS, "cust_1")
    opened = len(accounts(customer_ids)) + 1 + len(MERCHANTS) + len(WALLETS)
    assert second.added == 0
    assert second.replayed == first.added + first.replayed
    assert second.replayed == opened + PER_CUSTOMER * len(CUSTOMERS) + len(terms("cust_1")) + STANDING_ORDERS


async def test_a_seed_in_another_month_adds_nothing_either(people: People, demo_stack: DevStack) -> None:
    """Though the standing order would begin on another day."""
    await seed(people)
    later = FixedClock(people.clock.now() + timedelta(days=40))
    speaking_later = People(people.speaking_as(APP), demo_stack.servers.data, clock=later)
    assert (await seed(speaking_later)).added == 0


async def test_the_fintech_has_believable_money(people: People, queries: BursarClient) -> None:
    """Each wallet has something, the fintech's bank account covers all of it, and every currency adds up to zero."""
    seeded = await seed(people)
    params: dict[str, str | int] = {"min_position": seeded.position, "wait_ms": 10_000}
    report = (await queries.get("/v1/reports/trial-balance", params, accept="application/json")).require()
    rows = msgspec.json.decode(report.content)["rows"]
    totals = {row[1]: row[7] for row in rows if row[0] == "total"}
    assert totals == {"EUR": 0, "USD": 0, "CZK": 0}
    balances = {row[4]: row[7] for row in rows if row[0] == "account"}
    assert all(balances[wallet.account_id] < 0 for wallet in WALLETS)
    for currency in ("usd", "czk"):
        wallets = sum(balances[wallet.account_id] for wallet in WALLETS if wallet.account_id.endswith(currency))
        assert balances[f"bank:settlement:{currency}"] == -wallets
    assert len(WALLETS) == 40
    assert len(MERCHANTS) == 8


async def test_every_wallet_belongs_to_a_customer_whom_two_people_verified(
    people: People, demo_stack: DevStack
) -> None:
    """The ledger opens no account for anybody else."""
    await seed(people)
    connection = await asyncpg.connect(demo_stack.servers.postgres_dsn(READER))
    try:
        rows = await connection.fetch("SELECT state::text AS state FROM records WHERE kind = 'customer'")
    finally:
        await connection.close()
    customers = [msgspec.json.decode(row["state"]) for row in rows]
    assert {one["state"] for one in customers} == {"verified"}
    assert {account for one in customers for account in one["accounts"]} == {one.account_id for one in WALLETS}


async def test_nobody_may_do_another_ones_work(people: People) -> None:
    """The app releases no payment, a reviewer makes none."""
    released = await people.speaking_as(APP).post(
        "/v1/payments/pay_1/review", b'{"decision":"release","reason":"by myself"}', key="own-review"
    )
    assert released.status == 403
    made = await people.speaking_as(RITA).post("/v1/transfers", b'{"postings":[]}', key="own-transfer")
    assert made.status == 403
