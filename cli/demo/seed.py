"""Seeding: customers are verified, accounts opened, terms defined, and the first money comes in.

A second time nothing is added: keys are fixed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random
from typing import Any, Final

import msgspec

from cli.client import Answer, BatchResult, BursarClient
from cli.demo.business import LIMITED, standing_order, terms
from cli.demo.fintech import (
    CAPITAL_MINOR,
    CUSTOMERS,
    MERCHANTS,
    OPENING_MINOR,
    SAVERS,
    SAVINGS_MINOR,
    TAKINGS_MINOR,
    WALLETS,
    accounts,
    merchant,
    name_of,
    settlement,
    transfer,
)
from cli.demo.people import APP, OLGA, REVIEWERS, People, Person
from contracts.commands import ApplyCustomer, BatchItem

KEY_PREFIX: Final = "demo-seed-2"  # another seed needs another number, or its keys would meet other commands
AMOUNTS_SEED: Final = 1
EURO: Final = 100
FAMILY_NAMES: Final = ("Albrecht", "Bianchi", "Carvalho", "Dvořák", "Eriksen", "Fontaine", "Garrido", "Horváth")
COUNTRIES: Final = ("DE", "IT", "PT", "CZ", "DK", "FR", "ES", "HU")


class SeedRefused(Exception):
    """The book would not take the seed: something of the same name is there already."""


class Seeded(msgspec.Struct, frozen=True):
    """How many commands were new, how many were there already, and the position that has them all."""

    added: int
    replayed: int
    position: int


class _Tally:
    """Counts what was new. Raises SeedRefused for what was refused."""

    def __init__(self) -> None:
        self.commands = 0
        self.replayed = 0
        self.position = 0

    def take(self, key: str, answer: Answer) -> dict[str, Any]:
        """Count one answer; return the data of its event."""
        if not answer.ok:
            raise SeedRefused(f"{key}: {answer.problem.detail}; seed into a ledger without these accounts")
        receipt: dict[str, Any] = msgspec.json.decode(answer.content)
        self._count(replayed=answer.replayed, position=receipt["position"])
        data: dict[str, Any] = receipt["data"]
        return data

    def take_batch(self, keys: Sequence[str], results: Sequence[BatchResult]) -> None:
        """Count the answers to a batch."""
        for key, result in zip(keys, results, strict=True):
            if result.problem is not None:
                raise SeedRefused(f"{key}: {result.problem.detail}; seed into a ledger without these accounts")
            self._count(replayed=result.replayed, position=result.position or 0)

    def found(self) -> None:
        """Count a command that was taken before, as far as can be told."""
        self.commands += 1
        self.replayed += 1

    def _count(self, *, replayed: bool, position: int) -> None:
        self.commands += 1
        self.replayed += replayed
        self.position = max(self.position, position)


async def seed(people: People) -> Seeded:
    """Set up the whole business. Raises SeedRefused, Unreachable and ApiRefused."""
    tally, app = _Tally(), people.speaking_as(APP)

    async def send(person: Person, name: str, path: str, command: object) -> dict[str, Any]:
        key = f"{KEY_PREFIX}:{name}"
        body = msgspec.json.encode(command)
        return tally.take(key, await people.speaking_as(person).post(path, body, key=key))

    customer_ids: dict[str, str] = {}
    for number, name in enumerate(CUSTOMERS):
        applied = await send(APP, f"customer:{name}", "/v1/customers", _application(name, number))
        customer_id = customer_ids[name] = str(applied["customer_id"])
        await send(APP, f"evidence:{name}", f"/v1/customers/{customer_id}/evidence", _passport(name))
        for reviewer in REVIEWERS:
            verdict = {"decision": "verify", "reason": "the passport shows the applicant"}
            path = f"/v1/customers/{customer_id}/review"
            await send(reviewer, f"verify:{name}:{reviewer.subject}", path, verdict)
    openings = [
        BatchItem(idempotency_key=f"{KEY_PREFIX}:account:{account.account_id}", command=account)
        for account in accounts(customer_ids)
    ]
    await _send_batch(app, tally, openings)
    for name, path, command in terms(customer_ids[LIMITED]):
        await send(OLGA, name, path, command)
    await _send_batch(app, tally, list(_top_ups()))
    await _order_rent(people, tally)
    return Seeded(added=tally.commands - tally.replayed, replayed=tally.replayed, position=tally.position)


async def _order_rent(people: People, tally: _Tally) -> None:
    """Make a standing order from the first of next month on; in another month too it is made once.

    That the key was used for another date says that the order exists.
    """
    key = f"{KEY_PREFIX}:standing-order"
    today = people.clock.now().date()
    body = msgspec.json.encode(standing_order((today.replace(day=1) + timedelta(days=32)).replace(day=1)))
    answer = await people.speaking_as(APP).post("/v1/standing-orders", body, key=key)
    if answer.problem.code == "idempotency_key_reused":
        tally.found()
    else:
        tally.take(key, answer)


def _application(name: str, number: int) -> ApplyCustomer:
    """An applicant with an invented name."""
    return ApplyCustomer(
        kind="person",
        name=f"{name.capitalize()} {FAMILY_NAMES[number % len(FAMILY_NAMES)]}",
        country=COUNTRIES[number % len(COUNTRIES)],
        birth_date=f"{1960 + number}-{1 + number % 12:02d}-{1 + number % 28:02d}",
    )


def _passport(name: str) -> dict[str, str]:
    digest = hashlib.sha256(f"the passport of {name}".encode()).hexdigest()
    return {"document": "passport", "reference": f"documents/{digest[:12]}", "sha256": digest}


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
    for name in MERCHANTS:
        yield BatchItem(
            idempotency_key=f"{KEY_PREFIX}:takings:{name}",
            command=transfer(
                "takings before Bursar",
                (settlement("EUR"), "debit", TAKINGS_MINOR),
                (merchant(name), "credit", TAKINGS_MINOR),
                currency="EUR",
            ),
        )
    amounts = Random(AMOUNTS_SEED)
    for wallet in WALLETS:
        least, most = OPENING_MINOR[wallet.currency]
        amount_minor = amounts.randrange(least, most, 5 * EURO)
        if wallet.currency == "EUR" and name_of(wallet) in SAVERS:
            amount_minor = SAVINGS_MINOR
        yield BatchItem(
            idempotency_key=f"{KEY_PREFIX}:top-up:{wallet.account_id}",
            command=transfer(
                "first top-up",
                (settlement(wallet.currency), "debit", amount_minor),
                (wallet.account_id, "credit", amount_minor),
                currency=wallet.currency,
            ),
        )


async def _send_batch(commands: BursarClient, tally: _Tally, items: Sequence[BatchItem]) -> None:
    results = await commands.send_batch([msgspec.json.encode(item) for item in items])
    tally.take_batch([item.idempotency_key for item in items], results)
