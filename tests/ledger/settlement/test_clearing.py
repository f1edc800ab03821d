"""Clearing accounts: a day of card payments and the processor's report bring one to zero; what is withheld stays."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from cli.simulators.books import Books
from cli.simulators.callbacks import Callbacks, CallbackSettings
from cli.simulators.card_books import CardBooks, CardTerms
from cli.simulators.misbehaviour import Kind
from contracts import commands as c
from contracts import events as e
from contracts.card_processor import CardMovementRequest, CardSettlementReport
from contracts.rejections import Refused
from ledger.domain.settlement.clearing import CLEARED_DAY, ClearedDay
from runtime.clock import SystemClock
from tests.ledger.payments.bank import CARD, clearing_of, give_back, pay_out
from tests.ledger.settlement.shop import COSTS, NOSTRO, Shop

CLEARING: Final = clearing_of("card_psp")


def settle(report: CardSettlementReport) -> c.SettleClearing:
    """What the guide says: the fields of the processor's report."""
    return c.SettleClearing(
        rail="card_psp",
        currency=report.currency,
        reference=report.id,
        settled_on=report.settled_on,
        amount_minor=report.gross_minor,
        fee_minor=report.fee_minor,
        nostro_account_id=NOSTRO,
        fee_account_id=COSTS,
    )


class Processor:
    """The simulated processor's books, told of what the shop's bank had it do."""

    def __init__(self, folder: Path, shop: Shop) -> None:
        books = Books(folder / "cards.sqlite", "callbacks", "cards")
        callbacks = Callbacks(books, CallbackSettings(), SystemClock())
        self.books = CardBooks(books, callbacks, CardTerms(pending_s=0))
        self.shop = shop

    def charge(self, value: str, token: str = CARD) -> str:
        """A card pays the merchant, here and there."""
        payment = self.shop.sell_by_card(value)
        self._take("charge", f"{payment.payment_id}.1", payment.amount_minor, token)
        return payment.payment_id

    def send(self, value: str) -> None:
        """Alice is paid out to a card, here and there."""
        payment = self.shop.settle(value, rail="card_psp")
        self._take("payout", f"{payment.payment_id}.1", payment.amount_minor, CARD)

    def _take(self, kind: str, reference: str, amount_minor: int, token: str) -> None:
        wish = CardMovementRequest(reference=reference, amount_minor=amount_minor, currency="EUR", card_token=token)
        self.books.take(kind, wish, Kind.PROMPT, now=self.shop.now)  # type: ignore[arg-type]  # one of the two kinds
        for _ in range(3):  # pending, succeeded, perhaps disputed
            self.books.decide_due(self.shop.now)

    def report(self) -> CardSettlementReport:
        """What the processor settles for the day."""
        return self.books.settlement_of(self.shop.now.date(), "EUR")


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def processor(tmp_path: Path, shop: Shop) -> Processor:
    return Processor(tmp_path, shop)


def test_a_day_and_the_processors_report_bring_the_clearing_account_to_zero(shop: Shop, processor: Processor) -> None:
    processor.charge("100.00")
    disputed = processor.charge("40.00", "tok_disputed")
    processor.send("12.34")
    shop.do(give_back(shop.payment(disputed), 4_000))
    report = processor.report()
    assert {line.type for line in report.lines} == {"charge.succeeded", "charge.disputed", "payout.paid"}
    assert shop.account(CLEARING).posted_minor == report.gross_minor == 10_000 - 1_234

    settled = shop.do(settle(report))

    assert isinstance(settled, e.ClearingSettled)
    assert shop.balances(CLEARING, NOSTRO, COSTS) == [(0, 0), (report.net_minor, 0), (report.fee_minor, 0)]


def test_a_movement_that_is_withheld_stays_on_the_account(shop: Shop, processor: Processor) -> None:
    processor.charge("100.00")
    shop.sell_by_card("7.77")  # the processor says nothing of it
    shop.do(settle(processor.report()))
    assert shop.account(CLEARING).posted_minor == 777


def test_a_report_is_booked_once(shop: Shop, processor: Processor) -> None:
    processor.charge("100.00")
    report = processor.report()
    shop.do(settle(report))
    again = shop.attempt(settle(report))
    assert isinstance(again, Refused)
    assert shop.account(CLEARING).posted_minor == 0


def test_what_we_pay_leaves_the_nostro_account_and_the_fee_with_it(shop: Shop) -> None:
    shop.settle("50.00", rail="card_psp")
    assert shop.account(CLEARING).posted_minor == -5_000
    shop.do(
        c.SettleClearing(
            rail="card_psp", currency="EUR", reference="r", settled_on=shop.now.date(), amount_minor=-5_000,
            fee_minor=25, nostro_account_id=NOSTRO, fee_account_id=COSTS,
        )
    )  # fmt: skip
    assert shop.balances(CLEARING, NOSTRO, COSTS) == [(0, 0), (-5_025, 0), (25, 0)]


def test_the_cleared_day_never_goes_back_and_knows_where_to_begin_to_look(shop: Shop) -> None:
    first_day = shop.now.date()
    positions: list[int] = []
    for days, on in ((0, first_day), (1, first_day), (2, None), (2, first_day)):
        shop.now = shop.now.replace(day=first_day.day + days)
        shop.settle("50.00", rail="card_psp")
        shop.do(
            c.SettleClearing(
                rail="card_psp", currency="EUR", reference=f"r{len(positions)}", settled_on=on or shop.now.date(),
                amount_minor=-5_000, nostro_account_id=NOSTRO,
            )
        )  # fmt: skip
        positions.append(shop.position)
    known = shop.state.record(CLEARED_DAY, "card_psp:EUR")
    assert isinstance(known, ClearedDay)
    assert (known.settled_on, known.position, known.behind_position) == (
        first_day.replace(day=first_day.day + 2),
        positions[2],
        positions[1],
    )


def test_an_outgoing_payment_by_credit_transfer_settles_the_same_way(shop: Shop) -> None:
    payment = shop.pay(pay_out("10.00"))
    shop.instruct_again(payment.payment_id)
    assert shop.account(clearing_of("sct_inst")).posted_minor == 0
