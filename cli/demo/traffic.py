"""Gentle traffic, as a fintech of this size might see it: payments of every kind, transfers, holds, refusals, replays.

One request at a time, at a named average rate with jitter. Each wish has its own key and is repeated under it while the
stack restarts; whatever the answer is, the traffic goes on. The same seed makes the same wishes: what, how much, under
which key. What comes later (an authorisation, a refund) is asked for by the answers, and happens so many wishes later.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Final, NamedTuple

import structlog

from cli.client import Answer, Unreachable
from cli.demo.fintech import (
    MERCHANTS,
    WALLETS,
    Currency,
    Wallet,
    card_clearing,
    fees,
    merchant,
    settlement,
    transfer,
)
from cli.demo.payments import ON_RAILS, PLOTS, Payments
from cli.demo.people import People
from cli.demo.sending import Heard, Sender, receipt_of, unheard
from contracts.commands import HoldLeg, PlaceHold, Side
from runtime.shutdown import Shutdown

RATE_PER_S: Final = 5.0
PAUSE_MAX_S: Final = 2.0
PAUSE_AFTER_FAULT_S: Final = 5.0
REPORT_EVERY_S: Final = 60.0
HOLDS_OPEN_MAX: Final = 20
REVERSIBLE_MAX: Final = 20
HOLD_LIFETIME_S: Final = (60, 600)
FEE_SHARE: Final = 0.01
FEE_MIN_MINOR: Final = 25
PURCHASE_MINOR: Final = (2_50, 80_00)
TOP_UP_MINOR: Final = (50_00, 400_00)
TOO_MUCH_MINOR: Final = 1_000_000_00
CENTS_PER_WALLET_UNIT: Final[dict[Currency, int]] = {"EUR": 1, "USD": 1, "CZK": 25}
CHORES_EVERY: Final = 25  # wishes

log = structlog.get_logger(__name__)


class OpenHold(NamedTuple):
    """A hold that may still be captured or released."""

    hold_id: str
    amount_minor: int


Act = Callable[[], Awaitable[None]]
Chore = Callable[[], Awaitable[None]]


class Traffic:
    """Makes wishes one after another. `counts` says how many of each kind, and how many were refused or replayed."""

    def __init__(self, people: People, *, seed: int, has_rails: bool = True, heard: Heard = unheard) -> None:
        """``has_rails``: the counterparties of the rails are there. ``heard`` is told every request."""
        self.sender = Sender(people, heard=heard)
        self._payments = Payments(self.sender)
        self._clock = people.clock
        self._seed = seed
        self._holds: deque[OpenHold] = deque(maxlen=HOLDS_OPEN_MAX)
        self._reversible: deque[str] = deque(maxlen=REVERSIBLE_MAX)
        self.wishes = 0
        self.counts = self.sender.counts
        self._acts: dict[str, tuple[int, Act]] = {
            "purchase": (40, self._purchase),
            "transfer_with_fee": (18, self._transfer_with_fee),
            "top_up": (12, self._top_up),
            "hold": (10, self._place_hold),
            "hold_end": (8, self._end_hold),
            "reversal": (2, self._reversal),
            "payout": (2, self._payout),
            "too_much": (1, self._too_much),
            "replay": (2, self._replay),
        }
        self._plots = {name: weight for name, (weight, _) in PLOTS.items() if has_rails or name not in ON_RAILS}
        self._draw()

    async def step(self) -> None:
        """Make one wish, then run the errands that are due. Raises Unreachable when nobody answers for a long time."""
        name = self._next_kind()
        self.wishes += 1
        self._draw()
        self.counts[name] += 1
        if name in PLOTS:
            today = self._clock.now().date()
            await self._payments.begin(name, self._random, key=self._key, wish=self.wishes, today=today)
        else:
            await self._acts[name][1]()
        await self._payments.run_errands(self.wishes)

    def _next_kind(self) -> str:
        """One of every kind to begin with; from then on by weight."""
        weights = {name: weight for name, (weight, _) in self._acts.items()} | self._plots
        if self.wishes < len(weights):
            return list(weights)[self.wishes]
        return Random(f"{self._seed}:kind:{self.wishes}").choices(list(weights), weights=list(weights.values()))[0]

    def _draw(self) -> None:
        """Give the next wish a chance and a key of its own, so that no answer changes the wishes after it."""
        self._random = Random(f"{self._seed}:{self.wishes}")
        self._key = f"demo:{self._seed:x}:{self.wishes}"

    def pause_s(self, rate_per_s: float) -> float:
        """How long until the next wish: exponentially distributed, as independent customers arrive."""
        return min(self._random.expovariate(rate_per_s), PAUSE_MAX_S)

    async def _purchase(self) -> None:
        wallet, amount_minor = self._euro_wallet(), self._amount(PURCHASE_MINOR)
        shop = self._random.choice(MERCHANTS)
        answer = await self._transfer(
            f"purchase at {shop}",
            (wallet.account_id, "debit", amount_minor),
            (merchant(shop), "credit", amount_minor),
            currency="EUR",
        )
        if answer.ok:
            self._reversible.append(str(receipt_of(answer).data["transfer_id"]))

    async def _transfer_with_fee(self) -> None:
        sender = self._random.choice(WALLETS)
        others = [wallet for wallet in WALLETS if wallet.currency == sender.currency and wallet != sender]
        receiver = self._random.choice(others)
        amount_minor = self._amount(PURCHASE_MINOR) * CENTS_PER_WALLET_UNIT[sender.currency]
        fee_minor = max(FEE_MIN_MINOR, int(amount_minor * FEE_SHARE))
        await self._transfer(
            "to a friend",
            (sender.account_id, "debit", amount_minor + fee_minor),
            (receiver.account_id, "credit", amount_minor),
            (fees(sender.currency), "credit", fee_minor),
            currency=sender.currency,
        )

    async def _top_up(self) -> None:
        wallet = self._random.choice(WALLETS)
        amount_minor = self._amount(TOP_UP_MINOR) * CENTS_PER_WALLET_UNIT[wallet.currency]
        await self._transfer(
            "card top-up",
            (card_clearing(wallet.currency), "debit", amount_minor),
            (wallet.account_id, "credit", amount_minor),
            currency=wallet.currency,
        )

    async def _payout(self) -> None:
        amount_minor = self._amount(TOP_UP_MINOR)
        await self._transfer(
            "payout",
            (merchant(self._random.choice(MERCHANTS)), "debit", amount_minor),
            (settlement("EUR"), "credit", amount_minor),
            currency="EUR",
        )

    async def _too_much(self) -> None:
        """Try to spend what nobody has; the ledger refuses."""
        await self._transfer(
            "a yacht",
            (self._euro_wallet().account_id, "debit", TOO_MUCH_MINOR),
            (merchant(self._random.choice(MERCHANTS)), "credit", TOO_MUCH_MINOR),
            currency="EUR",
        )

    async def _place_hold(self) -> None:
        amount_minor = self._amount(PURCHASE_MINOR)
        lifetime = timedelta(seconds=self._random.randint(*HOLD_LIFETIME_S))
        leg = HoldLeg(
            debit_account_id=self._euro_wallet().account_id,
            credit_account_id=merchant(self._random.choice(MERCHANTS)),
            amount_minor=amount_minor,
            currency="EUR",
        )
        command = PlaceHold(legs=(leg,), expires_at=self._clock.now() + lifetime, reference="reservation")
        answer = await self._send("/v1/holds", command)
        if answer.ok:
            self._holds.append(OpenHold(str(receipt_of(answer).data["hold_id"]), amount_minor))

    async def _end_hold(self) -> None:
        """Capture all, capture a part and release the rest, release all, or forget it: then its deadline ends it."""
        if not self._holds:
            return
        hold = self._holds.popleft()
        match self._random.randrange(4):
            case 0:
                await self._send(f"/v1/holds/{hold.hold_id}/capture", {})
            case 1:
                part = {"amounts_minor": [max(1, hold.amount_minor // 2)], "final": True}
                await self._send(f"/v1/holds/{hold.hold_id}/capture", part)
            case 2:
                await self._send(f"/v1/holds/{hold.hold_id}/release", {"reason": "changed their mind"})

    async def _reversal(self) -> None:
        if self._reversible:
            await self._send(f"/v1/transfers/{self._reversible.popleft()}/reverse", {"reason": "returned goods"})

    async def _replay(self) -> None:
        await self.sender.again()

    async def _transfer(self, reference: str, *postings: tuple[str, Side, int], currency: Currency) -> Answer:
        return await self._send("/v1/transfers", transfer(reference, *postings, currency=currency))

    async def _send(self, path: str, command: object) -> Answer:
        return await self.sender.send(path, command, key=self._key)

    def _euro_wallet(self) -> Wallet:
        return self._random.choice([wallet for wallet in WALLETS if wallet.currency == "EUR"])

    def _amount(self, bounds: tuple[int, int]) -> int:
        """Choose an amount; small ones are more common."""
        least, most = bounds
        return int(self._random.triangular(least, most, least + (most - least) // 5))


async def run_traffic(
    traffic: Traffic,
    shutdown: Shutdown,
    *,
    rate_per_s: float = RATE_PER_S,
    wishes_max: int | None = None,
    chores: Sequence[Chore] = (),
) -> None:
    """Make wishes until `shutdown` is requested or there were `wishes_max`. Faults are logged, and traffic goes on.

    ``chores`` are what somebody looks after every CHORES_EVERY wishes.
    """
    loop = asyncio.get_running_loop()
    reported_at = loop.time()
    while not shutdown.requested and (wishes_max is None or traffic.wishes < wishes_max):  # ends by request or count
        pause_s = traffic.pause_s(rate_per_s)
        try:
            await traffic.step()
            if traffic.wishes % CHORES_EVERY == 0:
                for chore in chores:
                    await chore()
        except Unreachable as fault:
            log.warning("demo_wish_unanswered", reason=str(fault))
            pause_s = PAUSE_AFTER_FAULT_S
        if loop.time() - reported_at >= REPORT_EVERY_S:
            reported_at = loop.time()
            log.info("demo_traffic", **{name.replace(":", "_"): count for name, count in traffic.counts.items()})
        await _wait(shutdown, pause_s)


async def _wait(shutdown: Shutdown, pause_s: float) -> None:
    try:
        async with asyncio.timeout(pause_s):
            await shutdown.wait()
    except TimeoutError:  # the usual case: nobody asked to stop during the pause
        return
