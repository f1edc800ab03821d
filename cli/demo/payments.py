"""Payments of every kind, and what people do when a payment asks for them.

A plot is one payment and how its people behave: who hesitates, who slips, who declines. What a payment asks for comes
as its newest event; the answer to it is an errand, done some wishes later:

    event                             errand                                            by
    -------------------------------   -----------------------------------------------   --------------------
    payment_authorisation_requested   authorise; first with a wrong amount, if so        the payer, strongly
    payment_held_for_review           release or reject                                 one or two reviewers
    payment_reviewed, undecided       the second opinion                                the other reviewer
    payment_presented                 authorise, or decline                             the payer
    payment_scheduled                 cancel                                            the app
    payment_settled                   refund all or a half, if so                       the app
    payment_accepted                  once its rail has had time: refund, or recall     the app
"""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from random import Random
from typing import Any, Final, Literal

import msgspec

from cli.client import Answer
from cli.demo import business
from cli.demo.fintech import CUSTOMERS, MERCHANTS, SAVERS, merchant, wallet
from cli.demo.people import REVIEWERS
from cli.demo.sending import Receipt, Sender, receipt_of
from contracts.commands import InitiatePayment, InstructedAmount, Party
from contracts.money import text_of

FRIENDS_MAX: Final = 3
PAYEES_MAX: Final = 2
ERRANDS_MAX: Final = 1_000  # what is not done then is left to the payments' own deadlines
SOON: Final = (2, 10)  # wishes until somebody answers
LATER: Final = (15, 60)  # wishes until a reviewer has time
AFTERWARDS: Final = (90, 130)  # wishes until somebody wants back what a rail has settled
SMALL_MINOR: Final = (3_00, 60_00)
LARGE_MINOR: Final = (500_00, 900_00)
TOO_LARGE_MINOR: Final = 450_00  # above the limit of the one who has one
GOOD_CARDS: Final = ("tok_visa_1", "tok_visa_2", "tok_master_1")
FAILING_CARDS: Final = ("tok_insufficient_funds", "tok_expired", "tok_blocked", "tok_stolen")
DISPUTED_CARD: Final = "tok_disputed"

Verdict = Literal["release", "reject"]


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """One payment and how its people behave. ``refund_parts``: refund the whole (1), a half (2), or nothing (0).

    ``recalled``: the payer wants it back.
    """

    payment: InitiatePayment
    slips: bool = False
    verdict: Verdict = "release"
    accepts: bool = True
    refund_parts: int = 0
    recalled: bool = False


class Errand(msgspec.Struct, frozen=True, order=True):
    """What somebody will do about a payment: due after so many wishes, in the order of its number."""

    due: int
    number: int
    act: Any


class Payments:
    """Makes payments and runs the errands that they cause."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._errands: list[Errand] = []
        self._number = 0

    async def begin(self, name: str, chance: Random, *, key: str, wish: int, today: date) -> None:
        """Make a payment of a kind; ``wish`` is the number of wishes so far. Raises Unreachable."""
        plot = PLOTS[name][1](chance, today)
        answer = await self._sender.send("/v1/payments", plot.payment, key=key)
        self._go_on(answer, Scene(plot, chance, key), wish)

    async def run_errands(self, wish: int) -> None:
        """Do what is due. Raises Unreachable."""
        while self._errands and self._errands[0].due <= wish:  # each errand may cause later ones only
            await heapq.heappop(self._errands).act(wish)

    def _go_on(self, answer: Answer, scene: Scene, wish: int) -> None:
        """Note the errand that the newest event of a payment asks for."""
        if not answer.ok or len(self._errands) >= ERRANDS_MAX:
            return
        receipt = receipt_of(answer)
        found = _ERRANDS.get(receipt.type)
        if found is None:
            return
        delay, act = found
        self._number += 1

        async def errand(now: int) -> None:
            following = await act(self._sender, scene, receipt)
            if following is not None:
                self._go_on(following, scene, now)

        due = wish + scene.chance.randint(*delay)
        heapq.heappush(self._errands, Errand(due, self._number, errand))


class Scene(msgspec.Struct, frozen=True):
    """A plot while it is played; ``key`` is the payment's, and begins every later one."""

    plot: Plot
    chance: Random
    key: str


async def _authorise(sender: Sender, scene: Scene, receipt: Receipt) -> Answer | None:
    payment, path = scene.plot.payment, _path(receipt, "authorise")
    if scene.plot.slips:
        slip = {"instructed_amount": {"currency": "EUR", "value": "0.01"}, "payee": _payee_of(payment)}
        await sender.confirm(path, slip, key=f"{scene.key}:slip")
    proof = {"instructed_amount": payment.instructed_amount, "payee": _payee_of(payment)}
    return await sender.confirm(path, proof, key=f"{scene.key}:authorise")


async def _answer_request(sender: Sender, scene: Scene, receipt: Receipt) -> Answer | None:
    if scene.plot.accepts:
        return await _authorise(sender, scene, receipt)
    return await sender.send(_path(receipt, "decline"), {"reason": "not mine"}, key=f"{scene.key}:decline")


async def _review(sender: Sender, scene: Scene, receipt: Receipt) -> Answer | None:
    second = receipt.type == "payment_reviewed"
    if second and receipt.data["decided"]:
        return None
    reviewer = REVIEWERS[second]
    verdict = {"decision": scene.plot.verdict, "reason": "compared with the list by hand"}
    return await sender.send(_path(receipt, "review"), verdict, key=f"{scene.key}:review:{second:d}", person=reviewer)


async def _cancel(sender: Sender, scene: Scene, receipt: Receipt) -> Answer | None:
    return await sender.send(_path(receipt, "cancel"), {"reason": "changed their mind"}, key=f"{scene.key}:cancel")


async def _refund(sender: Sender, scene: Scene, receipt: Receipt) -> Answer | None:
    parts = scene.plot.refund_parts
    if parts:
        wanted = {"amount_minor": receipt.data["facts"]["amount_minor"] // parts, "reason": "returned goods"}
        await sender.send(_path(receipt, "refund"), wanted, key=f"{scene.key}:refund")
    return None


async def _want_back(sender: Sender, scene: Scene, receipt: Receipt) -> Answer | None:
    if scene.plot.recalled:
        why = {"reason": "sent twice by mistake", "reason_code": "DUPL"}
        await sender.send(_path(receipt, "recall"), why, key=f"{scene.key}:recall")
        return None
    return await _refund(sender, scene, receipt)


Act = Callable[[Sender, Scene, Receipt], Awaitable[Answer | None]]
_ERRANDS: Final[dict[str, tuple[tuple[int, int], Act]]] = {
    "payment_authorisation_requested": (SOON, _authorise),
    "payment_held_for_review": (LATER, _review),
    "payment_reviewed": (SOON, _review),
    "payment_presented": (SOON, _answer_request),
    "payment_scheduled": (LATER, _cancel),
    "payment_settled": (SOON, _refund),
    "payment_accepted": (AFTERWARDS, _want_back),
}


def _path(receipt: Receipt, action: str) -> str:
    return f"/v1/payments/{receipt.data['payment_id']}/{action}"


def _payee_of(payment: InitiatePayment) -> str:
    """How the payer names the payee when authorising."""
    outside = payment.creditor
    named = payment.creditor_account_id if outside is None else outside.iban or outside.card_token
    assert named is not None
    return named


def _book(chance: Random, today: date) -> Plot:
    payer, payee = _friends(chance)
    return Plot(payment=_between(chance, payer, payee, "rent share"))


def _shop(chance: Random, today: date) -> Plot:
    payer, _ = _friends(chance)
    return Plot(payment=_between(chance, payer, _shop_of(chance), "order 100"))


def _refunded(chance: Random, today: date) -> Plot:
    return msgspec.structs.replace(_shop(chance, today), refund_parts=chance.choice((1, 2)))


def _credit_transfer(chance: Random, today: date) -> Plot:
    name = chance.choice(CUSTOMERS)
    number = CUSTOMERS.index(name) + chance.randrange(PAYEES_MAX)
    return Plot(payment=_to_iban(chance, _wallet(name), business.PAYEES[number % len(business.PAYEES)]))


def _closed(chance: Random, today: date) -> Plot:
    return Plot(payment=_to_iban(chance, _wallet(chance.choice(CUSTOMERS)), business.CLOSED_PAYEE))


def _strong(chance: Random, today: date) -> Plot:
    payer, payee = _wallet(chance.choice(SAVERS)), chance.choice(business.PAYEES)
    return Plot(payment=_to_iban(chance, payer, payee, bounds=LARGE_MINOR))


def _slip(chance: Random, today: date) -> Plot:
    return msgspec.structs.replace(_strong(chance, today), slips=True)


def _listed(chance: Random, today: date) -> Plot:
    payer = _wallet(chance.choice(SAVERS))
    payment = msgspec.structs.replace(_to_iban(chance, payer, business.LISTED_PAYEE), rail="file")
    return Plot(payment=payment)


def _listed_rejected(chance: Random, today: date) -> Plot:
    return msgspec.structs.replace(_listed(chance, today), verdict="reject")


def _top_up(chance: Random, today: date) -> Plot:
    return Plot(payment=_from_card(chance, chance.choice(GOOD_CARDS)))


def _top_up_failed(chance: Random, today: date) -> Plot:
    return Plot(payment=_from_card(chance, chance.choice(FAILING_CARDS)))


def _top_up_disputed(chance: Random, today: date) -> Plot:
    return Plot(payment=_from_card(chance, DISPUTED_CARD))


def _top_up_refunded(chance: Random, today: date) -> Plot:
    return msgspec.structs.replace(_top_up(chance, today), refund_parts=chance.choice((1, 2)))


def _recalled(chance: Random, today: date) -> Plot:
    return msgspec.structs.replace(_credit_transfer(chance, today), recalled=True)


def _payout(chance: Random, today: date) -> Plot:
    shop = chance.choice([name for name in MERCHANTS if name != business.SETTLED_MERCHANT])
    bank_account = business.PAYEES[MERCHANTS.index(shop)]
    payment = InitiatePayment(
        payment_type="payout",
        debtor_account_id=merchant(shop),
        creditor=bank_account,
        instructed_amount=_amount(chance, SMALL_MINOR),
        end_to_end_id=_end_to_end(chance),
        remittance_information="takings",
    )
    return Plot(payment=payment)


def _request(chance: Random, today: date) -> Plot:
    payer, payee = _friends(chance)
    payment = msgspec.structs.replace(_between(chance, payer, payee, "dinner"), payment_type="payment_request")
    return Plot(payment=payment)


def _request_declined(chance: Random, today: date) -> Plot:
    return msgspec.structs.replace(_request(chance, today), accepts=False)


def _scheduled(chance: Random, today: date) -> Plot:
    payer, payee = _friends(chance)
    payment = _between(chance, payer, payee, "allowance")
    return Plot(payment=msgspec.structs.replace(payment, requested_execution_date=today + timedelta(days=1)))


def _too_large(chance: Random, today: date) -> Plot:
    bounds = (business.LIMIT_MINOR + 1, TOO_LARGE_MINOR)
    return Plot(payment=_between(chance, _wallet(business.LIMITED), _wallet("alice"), "a bicycle", bounds=bounds))


PLOTS: Final[dict[str, tuple[int, Callable[[Random, date], Plot]]]] = {
    "pay_friend": (6, _book),
    "pay_shop": (6, _shop),
    "pay_shop_refunded": (2, _refunded),
    "credit_transfer": (5, _credit_transfer),
    "credit_transfer_closed": (1, _closed),
    "credit_transfer_recalled": (1, _recalled),
    "credit_transfer_strong": (2, _strong),
    "credit_transfer_slip": (1, _slip),
    "listed_name": (1, _listed),
    "listed_name_rejected": (1, _listed_rejected),
    "card_top_up": (5, _top_up),
    "card_top_up_failed": (1, _top_up_failed),
    "card_top_up_disputed": (1, _top_up_disputed),
    "card_top_up_refunded": (1, _top_up_refunded),
    "file_payout": (3, _payout),
    "request": (2, _request),
    "request_declined": (1, _request_declined),
    "scheduled_cancelled": (1, _scheduled),
    "too_large": (1, _too_large),
}
"""Every kind of payment with its weight among all wishes."""
ON_RAILS: Final = frozenset(name for name in PLOTS if name.startswith(("credit_", "listed_", "card_", "file_")))
"""What needs the simulated counterparties."""


def _wallet(name: str) -> str:
    return wallet(name, "EUR").account_id


def _friends(chance: Random) -> tuple[str, str]:
    """A customer and one of their few friends, so that most payees are known after a while."""
    number = chance.randrange(len(CUSTOMERS))
    friend = (number + chance.randint(1, FRIENDS_MAX)) % len(CUSTOMERS)
    return _wallet(CUSTOMERS[number]), _wallet(CUSTOMERS[friend])


def _shop_of(chance: Random) -> str:
    return merchant(chance.choice(MERCHANTS[:FRIENDS_MAX]))


def _amount(chance: Random, bounds: tuple[int, int]) -> InstructedAmount:
    return InstructedAmount(currency="EUR", value=text_of(chance.randint(*bounds), scale=2))


def _end_to_end(chance: Random) -> str:
    return f"E2E-{chance.getrandbits(48):012X}"


def _between(
    chance: Random, payer: str, payee: str, purpose: str, *, bounds: tuple[int, int] = SMALL_MINOR
) -> InitiatePayment:
    return InitiatePayment(
        debtor_account_id=payer,
        creditor_account_id=payee,
        instructed_amount=_amount(chance, bounds),
        end_to_end_id=_end_to_end(chance),
        remittance_information=purpose,
    )


def _to_iban(chance: Random, payer: str, payee: Party, *, bounds: tuple[int, int] = SMALL_MINOR) -> InitiatePayment:
    return InitiatePayment(
        payment_type="credit_transfer",
        debtor_account_id=payer,
        creditor=payee,
        instructed_amount=_amount(chance, bounds),
        end_to_end_id=_end_to_end(chance),
        remittance_information="invoice 2026",
    )


def _from_card(chance: Random, token: str) -> InitiatePayment:
    name = chance.choice(CUSTOMERS)
    return InitiatePayment(
        payment_type="card_top_up",
        debtor=Party(name=name.capitalize(), card_token=token),
        creditor_account_id=_wallet(name),
        instructed_amount=_amount(chance, SMALL_MINOR),
        end_to_end_id=_end_to_end(chance),
    )
