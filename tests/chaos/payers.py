"""Payments of every rail on a stack whose counterparties lie, and what must be true of them once it is quiet again."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import httpx2
import msgspec

from cli.devstack import BURSAR_PROCESSES, DevStack
from cli.devstack.processes import SIMULATORS, ProcessSpec

PAYEES = ("DE89370400440532013000", "FR1420041010050500013M02606", "NL91ABNA0417164300", "AT611904300234573201")
CARDS = ("tok_visa_1", "tok_visa_2", "tok_master_1")
WALLETS = 40
BATCH = 100
FUNDS_MINOR = 50_000_000
LATE_S = "2"
WANTED_BACK_MAX = 25  # of each kind
ASK_AGAIN_S = 0.5
ENDS_WITHIN_S = 300.0  # with two cores and much else to do; about 40 s with nothing else
FINAL = ("settled", "rejected", "cancelled")
GIVEN_BACK_BY_ITSELF = ("refund_exceeds_payment", "recall_not_possible")
WAITS_FOR_A_PERSON = ("awaiting_authorisation", "in_review")
RAILS = ("sct_inst", "card_psp")


def hostile_processes(seed: int) -> Sequence[ProcessSpec]:
    """The whole stack with counterparties of which a third of the answers is wrong, by the seed."""

    def hostile(spec: ProcessSpec) -> ProcessSpec:
        argv = tuple("hostile" if part == "demo" else part for part in spec.argv)
        return replace(spec, argv=(*argv, "--seed", str(seed), "--late-s", LATE_S))

    return (*(hostile(spec) for spec in SIMULATORS), *BURSAR_PROCESSES)


class Gone(Exception):
    """The payment that somebody wants back was given back by its rail."""


class Payers:
    """Sends payments in batches under keys of their own, again and again until each is answered."""

    def __init__(self, stack: DevStack, *, seed: int) -> None:
        self._stack = stack
        self._chance = random.Random(seed)
        self._client = httpx2.AsyncClient(
            base_url=stack.url("command-api"),
            headers={"authorization": f"Bearer {stack.token()}"},
            timeout=30.0,
            trust_env=False,
        )
        self.sent = 0
        self.wanted_back = (0, 0)  # top-ups, instant transfers

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def open_the_bank(self) -> None:
        """Open and fund wallets, open the rails' accounts and define the rails."""
        ours = {"equity:funds": "equity", "suspense:eur": "liability"}
        ours |= {f"clearing:{rail}:eur": "asset" for rail in RAILS}
        opened = [_opening(name, kind, "unlimited") for name, kind in ours.items()]
        opened += [_opening(wallet(number), "liability", "forbidden") for number in range(WALLETS)]
        await self._batch("open", opened)
        credits = [_posting(wallet(number), "credit", FUNDS_MINOR) for number in range(WALLETS)]
        funding = _posting("equity:funds", "debit", FUNDS_MINOR * WALLETS)
        await self._batch("fund", [{"type": "post_transfer", "postings": [funding, *credits]}])
        for rail in RAILS:
            accounts = {"clearing_account_id": f"clearing:{rail}:eur", "suspense_account_id": "suspense:eur"}
            await self._until_answered("/v1/rails", {"rail": rail, "currency": "EUR", **accounts}, key=f"rail-{rail}")

    async def pay(self, count: int) -> None:
        """Send so many payments, a batch at a time."""
        for start in range(0, count, BATCH):
            await self._batch(f"pay-{start}", [self._payment(start + number) for number in range(BATCH)])
            self.sent += BATCH

    async def want_back(self, payments: Sequence[Mapping[str, Any]]) -> None:
        """Have a half of some top-ups refunded, and some instant transfers recalled."""
        on_rails = [one for one in payments if one["state"] == "settled" and not one["returned_minor"]]
        top_ups = [one for one in on_rails if one["payment_type"] == "card_top_up"][:WANTED_BACK_MAX]
        instant = [one for one in on_rails if one["rail"] == "sct_inst"][:WANTED_BACK_MAX]
        refunds = recalls = 0
        for one in top_ups:
            path, body = f"/v1/payments/{one['payment_id']}/refund", {"amount_minor": one["amount_minor"] // 2 or 1}
            refunds += await self._until_taken(path, body, key=f"refund-{one['payment_id']}")
        for one in instant:
            path, body = f"/v1/payments/{one['payment_id']}/recall", {"reason": "sent twice", "reason_code": "DUPL"}
            recalls += await self._until_taken(path, body, key=f"recall-{one['payment_id']}")
        self.wanted_back = refunds, recalls

    async def _batch(self, name: str, commands: list[dict[str, Any]]) -> None:
        items = [{"idempotency_key": f"{name}-{at}", "command": command} for at, command in enumerate(commands)]
        answer = await self._until_answered("/v1/batches", {"commands": items}, key=None)
        assert answer["refused"] == 0, [one for one in answer["results"] if one["status"] >= 400][:2]

    async def _until_taken(self, path: str, body: object, *, key: str) -> bool:
        """Send until answered; False when a late message has given the payment back meanwhile."""
        try:
            await self._until_answered(path, body, key=key)
        except Gone:
            return False
        return True

    async def _until_answered(self, path: str, body: object, *, key: str | None) -> dict[str, Any]:
        headers = {} if key is None else {"idempotency-key": key}
        async with asyncio.timeout(ENDS_WITHIN_S):
            while True:  # ends with an answer, or at the timeout
                try:
                    answer = await self._client.post(path, json=body, headers=headers)
                except httpx2.HTTPError:
                    answer = None
                if answer is not None and answer.status_code in (200, 201):
                    whole: dict[str, Any] = answer.json()
                    return whole
                if answer is not None and answer.json()["code"] in GIVEN_BACK_BY_ITSELF:
                    raise Gone
                assert answer is None or answer.status_code >= 500, answer.text
                await asyncio.sleep(ASK_AGAIN_S)

    def _payment(self, number: int) -> dict[str, Any]:
        payer, payee = self._chance.sample(range(WALLETS), 2)
        value = f"{self._chance.randint(1, 90)}.{self._chance.randint(0, 99):02}"
        wish: dict[str, Any] = {
            "type": "initiate_payment",
            "instructed_amount": {"currency": "EUR", "value": value},
            "end_to_end_id": f"E2E-{number}",
        }
        match self._chance.randrange(4):
            case 0:
                return {**wish, "debtor_account_id": wallet(payer), "creditor_account_id": wallet(payee)}
            case 1:
                card = {"name": "Card Holder", "card_token": self._chance.choice(CARDS)}
                kind = {"payment_type": "card_top_up", "debtor": card}
                return {**wish, **kind, "creditor_account_id": wallet(payee)}
            case _:
                creditor = {"name": "Far Away Trading", "iban": self._chance.choice(PAYEES)}
                kind = {"payment_type": "credit_transfer", "creditor": creditor}
                return {**wish, **kind, "debtor_account_id": wallet(payer)}


def wallet(number: int) -> str:
    """The id of a wallet."""
    return f"wallets:w{number}:eur"


def _opening(account_id: str, account_type: str, overdraft: str) -> dict[str, Any]:
    terms = {"account_type": account_type, "overdraft": overdraft, "currency": "EUR"}
    return {"type": "open_account", "account_id": account_id, **terms}


def _posting(account_id: str, side: str, amount_minor: int) -> dict[str, Any]:
    return {"account_id": account_id, "side": side, "amount_minor": amount_minor, "currency": "EUR"}


class Books:
    """What the book says of payments, and what the counterparties say that they executed."""

    def __init__(self, stack: DevStack) -> None:
        self._stack = stack

    async def until_ended(self) -> list[Mapping[str, Any]]:
        """Wait until every payment is final, parked, or waits for a person; give them all."""
        async with asyncio.timeout(ENDS_WITHIN_S):
            while True:  # ends when nothing is under way, or at the timeout
                payments = await self._payments()
                under_way = [one for one in payments if _is_under_way(one)]
                if not under_way:
                    return payments
                await asyncio.sleep(ASK_AGAIN_S)

    async def violations(self, payments: list[Mapping[str, Any]]) -> list[str]:
        """Everything that is not as it must be."""
        return [
            *await self._unbalanced(),
            *[one for rail, name in (("sct_inst", "bank"), ("card_psp", "cards"))
              for one in await self._against_rail(payments, rail=rail, counterparty=name)],
            *_still_held(payments),
        ]  # fmt: skip

    async def _against_rail(self, payments: list[Mapping[str, Any]], *, rail: str, counterparty: str) -> list[str]:
        """Compare with the counterparty's own books: once each, all of them, and the clearing account explained."""
        async with httpx2.AsyncClient(trust_env=False) as client:
            audit = (await client.get(f"{self._stack.url(counterparty)}/audit")).json()
        executed = Counter(instruction.rpartition(".")[0] for instruction in _executed(audit))
        found = [f"{rail}: {payment} was executed {times} times" for payment, times in executed.items() if times > 1]
        settled = {one["payment_id"]: one for one in payments if one["rail"] == rail and one["state"] == "settled"}
        ended = {one["payment_id"] for one in payments if one["rail"] == rail and one["state"] in FINAL}
        found += [f"{rail}: {name} settled, never executed" for name in settled.keys() - executed.keys()]
        found += [f"{rail}: {name} executed, not settled" for name in executed.keys() & ended - settled.keys()]
        found += [
            f"{rail}: {name} was refunded otherwise than it is booked" for name in _wrongly_refunded(audit, settled)
        ]
        moved = sum(one["amount_minor"] - one["returned_minor"] - one["refunded_minor"] for one in settled.values())
        expected = moved if rail == "card_psp" else -moved
        clearing = await self._balance(f"clearing:{rail}:eur")
        if clearing != expected:
            found.append(f"{rail}: the clearing account has {clearing}, payments explain {expected}")
        return found

    async def _payments(self) -> list[Mapping[str, Any]]:
        rows = await self._fetch("SELECT state::text AS state FROM records WHERE kind = 'payment'")
        return [msgspec.json.decode(row["state"]) for row in rows]

    async def _unbalanced(self) -> list[str]:
        rows = await self._fetch(
            "SELECT currency, sum(amount_minor) AS s FROM entries GROUP BY 1 HAVING sum(amount_minor) <> 0"
        )
        return [f"entries in {row['currency']} sum to {row['s']}" for row in rows]

    async def _balance(self, account_id: str) -> int:
        rows = await self._fetch(f"SELECT posted_minor FROM accounts WHERE account_id = '{account_id}'")
        return int(rows[0]["posted_minor"])

    async def _fetch(self, query: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._stack.servers.postgres_dsn("postgres"))
        try:
            return list(await connection.fetch(query))
        finally:
            await connection.close()


def _is_under_way(payment: Mapping[str, Any]) -> bool:
    asked_back = any(refund["state"] == "asked" for refund in payment["refunds"])
    recalled = payment["recalled"] and payment["recall_answer"] is None
    on_its_way = payment["state"] in ("accepted", "instructed", "received", "cleared") and payment["parked"] is None
    return on_its_way or asked_back or recalled


def _wrongly_refunded(audit: Mapping[str, Any], settled: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Payments of whose refunds the book says another sum than the counterparty has paid."""
    paid: Counter[str] = Counter()
    for reference, amount_minor in audit.get("refunded", {}).items():
        paid[reference.partition(".")[0]] += amount_minor
    for name, payment in settled.items():
        if paid[name] != payment["refunded_minor"]:
            yield name


def _still_held(payments: list[Mapping[str, Any]]) -> Iterator[str]:
    for payment in payments:
        if payment["state"] in FINAL and payment["held_minor"] != 0:
            yield f"{payment['payment_id']} has ended and still holds {payment['held_minor']}"


def _executed(audit: Mapping[str, Any]) -> Iterator[str]:
    """The instruction ids that a counterparty says it executed."""
    for one in audit["executed"]:
        yield one if isinstance(one, str) else one.get("instruction_id") or one["reference"]
    assert audit["violations"] == [], json.dumps(audit["violations"][:3])
