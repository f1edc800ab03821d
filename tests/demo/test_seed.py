"""Seeding the small fintech."""

from __future__ import annotations

import msgspec

from cli.client import BursarClient
from cli.demo.fintech import MERCHANTS, WALLETS, accounts
from cli.demo.seed import seed


async def test_a_second_seed_adds_nothing(commands: BursarClient) -> None:
    """As for a second `bursar up` on the same data."""
    first = await seed(commands)
    second = await seed(commands)
    assert second.added == 0
    assert second.replayed == first.added + first.replayed == len(accounts()) + 1 + len(WALLETS)


async def test_the_fintech_has_believable_money(commands: BursarClient, queries: BursarClient) -> None:
    """Each wallet has something, the fintech's bank account covers all of it, and every currency adds up to zero."""
    seeded = await seed(commands)
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
