"""Seeding: opens the fintech's accounts and puts the first money in. A second time nothing is added: keys are fixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

import msgspec

from cli.client import BatchResult, BursarClient
from cli.demo.fintech import CAPITAL_MINOR, OPENING_MINOR, WALLETS, accounts, settlement, transfer
from contracts.commands import BatchItem

KEY_PREFIX: Final = "demo-seed-1"  # another seed needs another number, or its keys would meet other commands
AMOUNTS_SEED: Final = 1
EURO: Final = 100


class SeedRefused(Exception):
    """The book would not take the seed: something of the same name is there already."""


class Seeded(msgspec.Struct, frozen=True):
    """How many commands were new, how many were there already, and the position that has them all."""

    added: int
    replayed: int
    position: int


async def seed(commands: BursarClient) -> Seeded:
    """Open the accounts, then book the opening transfers. Raises SeedRefused, Unreachable and ApiRefused."""
    results = [*await _send(commands, list(_openings())), *await _send(commands, list(_top_ups()))]
    replayed = sum(result.replayed for result in results)
    position = max(result.position or 0 for result in results)
    return Seeded(added=len(results) - replayed, replayed=replayed, position=position)


def _openings() -> Iterator[BatchItem]:
    for account in accounts():
        yield BatchItem(idempotency_key=f"{KEY_PREFIX}:account:{account.account_id}", command=account)


def _top_ups() -> Iterator[BatchItem]:
    """Founders' capital, and each customer's first top-up: a believable amount, the same in every run."""
    yield BatchItem(
        idempotency_key=f"{KEY_PREFIX}:capital",
        command=transfer(
            "founders' capital",
            (settlement("EUR"), "debit", CAPITAL_MINOR),
            ("equity:founders:eur", "credit", CAPITAL_MINOR),
            currency="EUR",
        ),
    )
    amounts = Random(AMOUNTS_SEED)
    for wallet in WALLETS:
        least, most = OPENING_MINOR[wallet.currency]
        amount_minor = amounts.randrange(least, most, 5 * EURO)
        yield BatchItem(
            idempotency_key=f"{KEY_PREFIX}:top-up:{wallet.account_id}",
            command=transfer(
                "first top-up",
                (settlement(wallet.currency), "debit", amount_minor),
                (wallet.account_id, "credit", amount_minor),
                currency=wallet.currency,
            ),
        )


async def _send(commands: BursarClient, items: Sequence[BatchItem]) -> list[BatchResult]:
    keys = [item.idempotency_key for item in items]
    results = await commands.send_batch([msgspec.json.encode(item) for item in items])
    for key, result in zip(keys, results, strict=True):
        if result.problem is not None:
            raise SeedRefused(f"{key}: {result.problem.detail}; seed into a ledger without these accounts")
    return results
