"""Payments under load: how many may be initiated, how soon a book payment settles, what a rail's payment costs on top.

All with screening, risk score and limits as a running stack has them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

import asyncpg
import msgspec
from schwifty import IBAN

from cli.devstack import BURSAR_PROCESSES, DevStack
from cli.devstack.processes import SIMULATORS, ProcessSpec
from contracts.money import text_of
from tests.benchmarks.commands import CLIENTS, Bank, shown
from tests.benchmarks.load import Result, request_bytes, run_load

INITIATION_S: Final = 8.0
PACED_RATE: Final = 200.0
PACED_S: Final = 10.0
RAIL_RATE: Final = 40.0
RAIL_S: Final = 10.0
BANK_DELAY_MS: Final = 100
PAYEES: Final = 500
SETTLED_WITHIN_S: Final = 60.0
SETTLED_POLL_S: Final = 0.2
BANK_CODES: Final = ("37040044", "10010010", "50010517")

_encode = msgspec.json.Encoder().encode


def benchmark_processes() -> Sequence[ProcessSpec]:
    """The whole stack with a bank that answers after a known delay and never misbehaves."""
    bank = next(spec for spec in SIMULATORS if spec.name == "bank")
    argv = tuple("none" if part == "demo" else part for part in bank.argv)
    return (dataclasses.replace(bank, argv=(*argv, "--delay-ms", str(BANK_DELAY_MS))), *BURSAR_PROCESSES)


class Payers:
    """Makes payments between a bank's wallets, and from them to payees elsewhere."""

    def __init__(self, bank: Bank, token: str) -> None:
        self._bank = bank
        self._token = token
        self._chance = random.Random("payers")
        self._numbers = itertools.count()
        self._payees = [self._iban(number) for number in range(PAYEES)]

    async def define_rail(self) -> None:
        """Open the rail's accounts and define it."""
        accounts = {"clearing_account_id": "bench:clearing:eur", "suspense_account_id": "bench:suspense:eur"}
        terms = {"type": "open_account", "currency": "EUR", "account_type": "asset", "overdraft": "unlimited"}
        await self._bank.send([{**terms, "account_id": account_id} for account_id in accounts.values()])
        request = self._request("/v1/rails", {"rail": "sct_inst", "currency": "EUR", **accounts})
        result = await run_load(self._bank.url, iter([request]), connections=1, keep_bodies=True)
        assert result.statuses == {201: 1}, result.bodies

    def between_wallets(self) -> Iterator[bytes]:
        """Book payments, without end."""
        while True:  # the load generator stops asking
            payer, payee = self._bank.pair()
            yield self._request(
                "/v1/payments", {"debtor_account_id": payer, "creditor_account_id": payee, **self._amount()}
            )

    def to_elsewhere(self) -> Iterator[bytes]:
        """Instant credit transfers, without end."""
        while True:  # the load generator stops asking
            payer, _ = self._bank.pair()
            creditor = {"name": "Example Payee", "iban": self._chance.choice(self._payees)}
            wish = {"payment_type": "credit_transfer", "debtor_account_id": payer, "creditor": creditor}
            yield self._request("/v1/payments", {**wish, **self._amount()})

    def _amount(self) -> dict[str, Any]:
        value = text_of(self._chance.randint(100, 9_999), scale=2)
        amount = {"currency": "EUR", "value": value}
        return {"instructed_amount": amount, "end_to_end_id": f"E{next(self._numbers)}"}

    def _request(self, path: str, body: dict[str, Any]) -> bytes:
        headers = {"idempotency-key": f"pay-{next(self._numbers)}"}
        url = self._bank.url + path
        return request_bytes("POST", url, token=self._token, body=_encode(body), headers=headers)

    def _iban(self, number: int) -> str:
        code = BANK_CODES[number % len(BANK_CODES)]
        return IBAN.generate("DE", bank_code=code, account_code=f"{532013000 + number:010d}").compact


async def bench_initiation(bank: Bank, payers: Payers) -> dict[str, Any]:
    """Book payments per second, 64 clients; the share of single transfers on the same stack just before."""
    transfers = await run_load(bank.url, bank.random_singles(), connections=CLIENTS, seconds=INITIATION_S / 2)
    result = await run_load(bank.url, payers.between_wallets(), connections=CLIENTS, seconds=INITIATION_S)
    paced = await run_load(
        bank.url, payers.between_wallets(), connections=CLIENTS, seconds=PACED_S, rate=PACED_RATE, keep_bodies=True
    )
    return {
        **shown(result),
        "ratio_to_transfers": round(result.rate / transfers.rate, 3),
        "settled_at_200_per_s": {**_quantiles(paced), "settled": _settled(paced), "asked": len(paced.bodies)},
    }


async def bench_rail(bank: Bank, payers: Payers, stack: DevStack) -> dict[str, Any]:
    """From an instant payment's arrival to its settlement in the book, less what the bank took itself."""
    await payers.define_rail()
    result = await run_load(
        bank.url, payers.to_elsewhere(), connections=CLIENTS, seconds=RAIL_S, rate=RAIL_RATE, keep_bodies=True
    )
    accepted = sum(msgspec.json.decode(body)["type"] == "payment_accepted" for body in result.bodies)
    times_ms = await _settlement_times_ms(stack, count=accepted)
    overhead = sorted(time_ms - BANK_DELAY_MS for time_ms in times_ms)
    return {
        "rate_per_s": RAIL_RATE,
        "bank_delay_ms": BANK_DELAY_MS,
        "asked": len(result.bodies),
        "settled": len(overhead),
        "overhead_p50_ms": round(overhead[len(overhead) // 2], 1),
        "overhead_p99_ms": round(overhead[int(0.99 * (len(overhead) - 1))], 1),
    }


async def _settlement_times_ms(stack: DevStack, *, count: int) -> list[float]:
    """Wait until ``count`` rail payments have settled, and give how long each took."""
    connection = await asyncpg.connect(stack.servers.postgres_dsn("postgres"))
    try:
        async with asyncio.timeout(SETTLED_WITHIN_S):
            while True:  # ends when all have settled, or at the timeout
                rows = await connection.fetch(SETTLED)
                if len(rows) >= count:
                    return [row["seconds"] * 1000 for row in rows]
                await asyncio.sleep(SETTLED_POLL_S)
    finally:
        await connection.close()


SETTLED: Final = """
    SELECT extract(epoch FROM (event ->> 'recorded_at')::timestamptz
                   - (event -> 'data' -> 'facts' ->> 'initiated_at')::timestamptz)::float AS seconds
      FROM events
     WHERE event ->> 'type' = 'payment_settled' AND event -> 'data' -> 'facts' ->> 'rail' = 'sct_inst'
"""


def _quantiles(result: Result) -> dict[str, float]:
    return {"p50_ms": round(result.quantile_ms(0.5), 2), "p99_ms": round(result.quantile_ms(0.99), 2)}


def _settled(result: Result) -> int:
    return sum(msgspec.json.decode(body)["type"] == "payment_settled" for body in result.bodies)
