"""The command API under load: bulk, single, and everybody on one account."""

import itertools
import random
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from tests.benchmarks.load import Result, request_bytes, run_load

WALLETS: Final = 10_000
CLIENTS: Final = 64
SINGLE_S: Final = 8.0
BULK_COMMANDS: Final = 1_000
BULK_REQUESTS: Final = 120
BULK_CLIENTS: Final = 4
FUNDS_MINOR: Final = 1_000_000_000

_encode = msgspec.json.Encoder().encode


class Bank:
    """A bench bank on a running stack: opens wallets, makes requests."""

    def __init__(self, url: str, token: str, *, tag: str) -> None:
        self.url = url
        self._token = token
        self._tag = tag
        self._chance = random.Random(tag)
        self._numbers = itertools.count()

    def wallet(self, number: int) -> str:
        """The id of a wallet."""
        return f"{self._tag}:w{number}:eur"

    def batch(self, commands: list[dict[str, Any]]) -> bytes:
        """A batch request of independent commands under fresh keys."""
        items = [{"idempotency_key": self._key(), "command": command} for command in commands]
        return request_bytes(
            "POST", f"{self.url}/v1/batches", token=self._token, body=_encode({"atomic": False, "commands": items})
        )

    def single(self, payer: str, payee: str, amount_minor: int) -> bytes:
        """A single transfer under a fresh key."""
        body = _encode(posting(payer, payee, amount_minor))
        headers = {"idempotency-key": self._key()}
        return request_bytes("POST", f"{self.url}/v1/transfers", token=self._token, body=body, headers=headers)

    def pair(self) -> tuple[str, str]:
        """Two different wallets."""
        payer, payee = self._chance.sample(range(WALLETS), 2)
        return self.wallet(payer), self.wallet(payee)

    def random_transfer(self) -> dict[str, Any]:
        """A transfer between random wallets, as a command of a batch."""
        return {"type": "post_transfer", **posting(*self.pair(), self._chance.randint(1, 500))}

    def random_singles(self) -> Iterator[bytes]:
        """Single transfers between random wallets, without end."""
        while True:  # the load generator stops asking
            yield self.single(*self.pair(), self._chance.randint(1, 500))

    async def open(self) -> None:
        """Open and fund the wallets, and one hot account that only the hot run uses."""
        bank = {"type": "open_account", "account_id": f"{self._tag}:bank", "currency": "EUR"}
        await self.send([{**bank, "account_type": "asset", "overdraft": "unlimited"}])
        ids = [self.wallet(number) for number in range(WALLETS)]
        opened = {"type": "open_account", "currency": "EUR", "account_type": "liability"}
        await self.send([{**opened, "account_id": account_id} for account_id in [*ids, self.hot]])
        await self.send(
            [{"type": "post_transfer", **self._funding(ids[start : start + 99])} for start in range(0, len(ids), 99)]
        )

    @property
    def hot(self) -> str:
        """The account that everybody wants to debit."""
        return f"{self._tag}:hot:eur"

    async def fund_hot(self, amount_minor: int) -> None:
        """Put money on the hot account."""
        await self.send([{"type": "post_transfer", **posting(f"{self._tag}:bank", self.hot, amount_minor)}])

    async def send(self, commands: list[dict[str, Any]]) -> None:
        """Send commands in batches, all of which must be accepted."""
        starts = range(0, len(commands), BULK_COMMANDS)
        requests = (self.batch(commands[start : start + BULK_COMMANDS]) for start in starts)
        result = await run_load(self.url, requests, connections=1, keep_bodies=True)
        accepted = sum(msgspec.json.decode(body)["accepted"] for body in result.bodies)
        assert accepted == len(commands), f"{accepted} of {len(commands)} accepted: {result.bodies[0][:500]!r}"

    def _funding(self, ids: list[str]) -> dict[str, Any]:
        total = FUNDS_MINOR * len(ids)
        bank = {"account_id": f"{self._tag}:bank", "side": "debit", "amount_minor": total, "currency": "EUR"}
        wallets = [
            {"account_id": account_id, "side": "credit", "amount_minor": FUNDS_MINOR, "currency": "EUR"}
            for account_id in ids
        ]
        return {"postings": [bank, *wallets]}

    def _key(self) -> str:
        return f"{self._tag}-{next(self._numbers)}"


def posting(payer: str, payee: str, amount_minor: int) -> dict[str, Any]:
    """A two-leg transfer."""
    return {
        "postings": [
            {"account_id": payer, "side": "debit", "amount_minor": amount_minor, "currency": "EUR"},
            {"account_id": payee, "side": "credit", "amount_minor": amount_minor, "currency": "EUR"},
        ]
    }


async def bench_bulk(bank: Bank) -> dict[str, Any]:
    """Transfers per second through POST /v1/batches."""
    prepared = [bank.batch([bank.random_transfer() for _ in range(BULK_COMMANDS)]) for _ in range(BULK_REQUESTS)]
    result = await run_load(bank.url, iter(prepared), connections=BULK_CLIENTS, keep_bodies=True)
    accepted = sum(msgspec.json.decode(body)["accepted"] for body in result.bodies)
    return {
        "transfers_per_s": round(accepted / result.seconds),
        "accepted": accepted,
        "batch": BULK_COMMANDS,
        "clients": BULK_CLIENTS,
        "batch_p50_ms": round(result.quantile_ms(0.5), 1),
        "batch_p99_ms": round(result.quantile_ms(0.99), 1),
    }


async def bench_single(bank: Bank) -> dict[str, Any]:
    """Transfers per second one by one, 64 clients."""
    result = await run_load(bank.url, bank.random_singles(), connections=CLIENTS, seconds=SINGLE_S)
    return shown(result)


async def bench_hot(bank: Bank, *, funds_minor: int) -> dict[str, Any]:
    """64 clients debit one no-overdraft account, one minor unit each, until it is empty and beyond."""
    await bank.fund_hot(funds_minor)
    payees = itertools.cycle(range(WALLETS))
    requests = (bank.single(bank.hot, bank.wallet(number), 1) for number in payees)
    result = await run_load(bank.url, requests, connections=CLIENTS, seconds=SINGLE_S)
    accepted = result.statuses.get(201, 0)
    assert accepted <= funds_minor, f"overdrawn: {accepted} accepted with {funds_minor}"
    return {**shown(result), "funds_minor": funds_minor, "accepted": accepted}


def shown(result: Result) -> dict[str, Any]:
    """The usual figures."""
    return {
        "per_s": round(result.rate),
        "p50_ms": round(result.quantile_ms(0.5), 2),
        "p99_ms": round(result.quantile_ms(0.99), 2),
        "statuses": {str(status): count for status, count in sorted(result.statuses.items())},
        "clients": CLIENTS,
    }
