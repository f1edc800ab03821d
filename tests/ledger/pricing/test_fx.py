"""Foreign exchange: rates and quotes by hand, who may use a quote and until when, what a trade books."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts import commands as c
from contracts import events as e
from contracts.rejections import Refused, Rejection
from ledger.domain.fx.rates import Rate, e10_of, price_of
from tests.ledger.pricing.bank import REALISED, SCALE, PricingBank, pay_at, wallet
from tests.support.ledger import MORNING, reverse, sums

QUOTES = [
    # published, spread, sell, buy, amount asked for, sell_minor, buy_minor
    (("EUR", "USD", "1.0843"), 0, "EUR", "USD", {"sell_minor": 10_000}, 10_000, 10_843),
    (("EUR", "USD", "1.0843"), 0, "USD", "EUR", {"sell_minor": 10_843}, 10_843, 10_000),
    (("EUR", "USD", "1.0843"), 50, "EUR", "USD", {"sell_minor": 10_000}, 10_000, 10_789),  # 10788.785
    (("EUR", "USD", "1.0843"), 50, "USD", "EUR", {"sell_minor": 10_000}, 10_000, 9_177),  # 9176.64...
    (("EUR", "USD", "1.0843"), 0, "EUR", "USD", {"buy_minor": 10_843}, 10_000, 10_843),
    (("EUR", "USD", "1.0843"), 50, "EUR", "USD", {"buy_minor": 10_000}, 9_269, 10_000),  # 9268.88...
    (("USD", "EUR", "0.5"), 0, "EUR", "USD", {"sell_minor": 7}, 7, 14),
    (("EUR", "JPY", "170"), 0, "EUR", "JPY", {"sell_minor": 1_234}, 1_234, 2_098),  # 2097.8
    (("EUR", "JPY", "170"), 0, "JPY", "EUR", {"sell_minor": 170}, 170, 100),
    (("EUR", "KWD", "0.333"), 0, "EUR", "KWD", {"sell_minor": 100}, 100, 333),
    (("EUR", "USD", "0.5"), 0, "EUR", "USD", {"sell_minor": 1_001}, 1_001, 500),  # 500.5 to even
    (("EUR", "USD", "0.5"), 0, "EUR", "USD", {"sell_minor": 1_003}, 1_003, 502),  # 501.5 to even
    (("EUR", "USD", "0.0000000001"), 0, "EUR", "USD", {"sell_minor": 10**12}, 10**12, 100),
]  # fmt: skip


@pytest.mark.parametrize(("rate", "spread", "sell", "buy", "asked", "sell_minor", "buy_minor"), QUOTES)
def test_a_quote_by_hand(
    rate: tuple[str, str, str], spread: int, sell: str, buy: str, asked: dict[str, int], sell_minor: int, buy_minor: int
) -> None:
    bank = PricingBank()
    bank.publish(*rate, spread=spread)

    quote = bank.quote(sell, buy, **asked)

    assert (quote.sell_minor, quote.buy_minor) == (sell_minor, buy_minor)
    assert quote.value_minor == (sell_minor if sell == "EUR" else buy_minor)
    assert (quote.rate, quote.spread_basis_points, quote.base_currency) == (rate[2], spread, rate[0])


def rate_texts() -> st.SearchStrategy[str]:
    return st.builds(
        lambda e10: f"{e10 // 10**10}.{e10 % 10**10:010}", st.integers(1, 10**20 - 1)
    )  # every rate that can be published


@given(
    rate_texts(),
    st.integers(0, 5_000),
    st.integers(1, 10**15),
    st.sampled_from(list(SCALE)),
    st.sampled_from(list(SCALE)),
)
def test_an_amount_is_rounded_once_and_in_nobodys_favour(
    text: str, spread: int, amount_minor: int, base: str, counter: str
) -> None:
    assume(base != counter)
    rate = Rate(base_currency=base, rate=text, spread_basis_points=spread, quote_seconds=1, valid_until=MORNING)
    units = Fraction(text), Fraction(10_000 - spread, 10_000), Fraction(10_000 + spread, 10_000)
    scaled = Fraction(10 ** SCALE[counter], 10 ** SCALE[base])

    selling_base = price_of(rate, sell=base, sell_scale=SCALE[base], buy_scale=SCALE[counter], spread=True)
    selling_counter = price_of(rate, sell=counter, sell_scale=SCALE[counter], buy_scale=SCALE[base], spread=True)

    assert selling_base.bought_for(amount_minor) == round(amount_minor * units[0] * units[1] * scaled)
    assert selling_base.sold_for(amount_minor) == round(amount_minor / (units[0] * units[1] * scaled))
    assert selling_counter.bought_for(amount_minor) == round(amount_minor / (units[0] * units[2] * scaled))


@pytest.mark.parametrize(
    ("text", "e10"),
    [("1", 10**10), ("1.0843", 10_843_000_000), ("0.0000000001", 1), ("9999999999.9999999999", 10**20 - 1)],
)
def test_a_rate_is_an_exact_integer(text: str, e10: int) -> None:
    assert e10_of(text) == e10


def test_the_newest_rate_of_a_pair_counts_in_whichever_direction_it_was_published() -> None:
    bank = PricingBank()
    bank.publish("EUR", "USD", "1.1")
    bank.publish("USD", "EUR", "0.8")

    assert bank.quote("EUR", "USD", sell_minor=800).buy_minor == 1_000


def test_a_quote_between_two_foreign_currencies_is_worth_what_it_sells() -> None:
    bank = PricingBank()
    bank.publish("USD", "JPY", "150", spread=100)
    bank.publish("EUR", "USD", "1.25", spread=300)

    quote = bank.quote("USD", "JPY", sell_minor=10_000)

    assert (quote.buy_minor, quote.value_minor) == (14_850, 8_000)  # the worth is at the middle rate


class TestUsingAQuote:
    """A quote serves one payment of the principal who asked, of exactly what it sells, until it expires."""

    def test_the_payer_sells_and_the_payee_gets_what_was_quoted(self) -> None:
        bank = PricingBank()
        bank.publish("EUR", "USD", "1.0843", spread=50)
        before = bank.balances(wallet("alice", "EUR"), wallet("bob", "USD"))

        settled = bank.trade("EUR", "USD", sell_minor=10_000)

        assert isinstance(settled, e.PaymentSettled)
        after = bank.balances(wallet("alice", "EUR"), wallet("bob", "USD"))
        assert [now[0] - then[0] for then, now in zip(before, after, strict=True)] == [-10_000, 10_789]
        assert [(p.account_id, p.side, p.amount_minor, p.currency) for p in settled.postings] == [
            ("alice:eur", "debit", 10_000, "EUR"),
            ("bob:usd", "credit", 10_789, "USD"),
            ("bank:usd:position", "debit", 10_789, "USD"),
            ("bank:usd:cost", "credit", 10_000, "EUR"),
        ]
        assert set(sums(bank.lines).values()) == {0}

    def test_a_quote_serves_once(self) -> None:
        bank, quote = quoted()
        bank.do(pay_at(quote))

        assert refusal(bank, pay_at(quote)) == Rejection.QUOTE_ALREADY_USED

    def test_a_rejected_payment_has_used_it_too(self) -> None:
        bank, quote = quoted(10**13)
        assert bank.do(pay_at(quote)).reason_code == "AM04"

        assert refusal(bank, pay_at(quote)) == Rejection.QUOTE_ALREADY_USED

    def test_a_refused_payment_has_not(self) -> None:
        bank, quote = quoted()
        other = c.InstructedAmount(currency="EUR", value="99.99")
        assert refusal(bank, pay_at(quote, instructed_amount=other)) == Rejection.QUOTE_MISMATCH

        assert isinstance(bank.do(pay_at(quote)), e.PaymentSettled)

    def test_it_holds_up_to_its_last_instant_and_not_at_it(self) -> None:
        bank, quote = quoted()
        bank.now = quote.expires_at
        assert refusal(bank, pay_at(quote)) == Rejection.QUOTE_EXPIRED

        bank.now = quote.expires_at - timedelta(microseconds=1)
        assert isinstance(bank.do(pay_at(quote)), e.PaymentSettled)

    def test_it_is_for_whoever_asked_and_others_do_not_even_learn_that_it_exists(self) -> None:
        bank, quote = quoted()
        bank.subject = "somebody_else"
        assert refusal(bank, pay_at(quote)) == Rejection.QUOTE_NOT_FOUND

    def test_a_mismatch_names_both_figures(self) -> None:
        bank, quote = quoted()

        decided = bank.attempt(pay_at(quote, instructed_amount=c.InstructedAmount(currency="EUR", value="99.99")))

        assert isinstance(decided, Refused)
        assert decided.detail == f"the payment is of 9999 EUR minor units, {quote.quote_id} sells 10000 EUR"

    def test_a_payment_that_waited_longer_than_its_quote_holds_is_rejected_when_it_goes_on(self) -> None:
        bank, quote = quoted()
        bank.do(c.DefineAuthentication(currency="EUR", amount_from_minor=1))
        waiting = bank.do(pay_at(quote))
        assert isinstance(waiting, e.PaymentAuthorisationRequested)

        bank.now = quote.expires_at
        rejected = bank.do(authorise(waiting.payment_id, quote))

        assert isinstance(rejected, e.PaymentRejected)
        assert rejected.reason_code == "TM01"
        assert bank.holding("USD") == (0, 0, 0)

    def test_a_payee_who_holds_another_currency_is_refused_as_ever(self) -> None:
        bank, quote = quoted()

        assert bank.do(pay_at(quote, creditor_account_id=wallet("bob", "JPY"))).reason_code == "AM03"

    def test_a_closed_account_of_the_bank_is_no_fault_of_the_client(self) -> None:
        bank, quote = quoted()
        bank.do(c.FreezeAccount(account_id="bank:usd:position"))

        assert bank.do(pay_at(quote)).reason_code == "MS03"

    def test_a_payment_that_exchanged_is_not_refunded(self) -> None:
        bank, quote = quoted()
        settled = bank.do(pay_at(quote))

        assert refusal(bank, c.RefundPayment(payment_id=settled.payment_id)) == Rejection.REFUND_NOT_POSSIBLE


def quoted(sell_minor: int = 10_000) -> tuple[PricingBank, e.QuoteGiven]:
    """A bank that has given a quote."""
    bank = PricingBank()
    bank.publish("EUR", "USD", "1.0843")
    return bank, bank.quote("EUR", "USD", sell_minor=sell_minor)


def refusal(bank: PricingBank, command: c.Command) -> Rejection:
    """Why a command is refused."""
    decided = bank.attempt(command)
    assert isinstance(decided, Refused), decided
    return decided.rejection


def authorise(payment_id: str, quote: e.QuoteGiven) -> c.AuthorisePayment:
    """Authorise a payment at a quote."""
    return c.AuthorisePayment(
        payment_id=payment_id,
        instructed_amount=pay_at(quote).instructed_amount,
        payee=wallet("bob", quote.buy_currency),
    )


class TestPositionsByHand:
    def test_buying_and_selling_back_realises_the_difference(self) -> None:
        bank = PricingBank()
        bank.publish("EUR", "USD", "1.25")
        bank.trade("USD", "EUR", sell_minor=10_000)  # the bank buys 100.00 USD for 80.00 EUR
        assert bank.holding("USD") == (10_000, 8_000, 0)

        bank.publish("EUR", "USD", "1.00")
        bank.trade("EUR", "USD", sell_minor=2_500)  # and sells 25.00 of them for 25.00 EUR
        assert (bank.holding("USD"), bank.posted(REALISED)) == ((7_500, 6_000, 0), 500)

        revalued = bank.do(c.RevaluePositions())  # 75.00 USD are worth 75.00 EUR
        assert isinstance(revalued, e.PositionsRevalued)
        assert (bank.holding("USD"), bank.posted("bank:unrealised")) == ((7_500, 6_000, 1_500), 1_500)

        bank.trade("EUR", "USD", sell_minor=7_500)  # all of it
        assert (bank.holding("USD"), bank.posted(REALISED)) == ((0, 0, 1_500), 2_000)

        revalued = bank.do(c.RevaluePositions())  # needs no rate any more
        assert [(p.quantity_minor, p.rate, p.unrealised_minor) for p in revalued.positions] == [(0, None, 0)]
        assert (bank.holding("USD"), bank.posted("bank:unrealised")) == ((0, 0, 0), 0)

    def test_a_trade_through_zero_closes_one_side_and_opens_the_other(self) -> None:
        bank = PricingBank()
        bank.publish("EUR", "USD", "1.25")
        bank.trade("USD", "EUR", sell_minor=10_000)  # long 100.00 for 80.00
        bank.publish("EUR", "USD", "1.00")

        bank.trade("EUR", "USD", sell_minor=30_000)  # sells 300.00 for 300.00

        assert (bank.holding("USD"), bank.posted(REALISED)) == ((-20_000, -20_000, 0), 2_000)

    def test_a_trade_between_two_foreign_currencies_moves_both_positions(self) -> None:
        bank = PricingBank()
        bank.publish("EUR", "USD", "1.25")
        bank.publish("USD", "JPY", "150")

        bank.trade("USD", "JPY", sell_minor=10_000)

        assert (bank.holding("USD"), bank.holding("JPY")) == ((10_000, 8_000, 0), (-15_000, -8_000, 0))
        assert set(sums(bank.lines).values()) == {0}

    def test_what_leaves_an_account_of_the_bank_leaves_its_position(self) -> None:
        """The bank sells dollars of its own at another bank to cover what customers sold it."""
        bank = PricingBank()
        bank.publish("EUR", "USD", "1.25")
        bank.trade("USD", "EUR", sell_minor=10_000)

        bank.trade("USD", "EUR", debtor="nostro", creditor="nostro", sell_minor=10_000)

        assert (bank.holding("USD"), bank.posted(REALISED)) == ((0, 0, 0), 0)
        assert bank.balances("nostro:usd", "nostro:eur") == [(-10_000, 0), (8_000, 0)]

    def test_a_reversed_trade_leaves_the_position_as_it_was(self) -> None:
        bank = PricingBank()
        bank.publish("EUR", "USD", "1.25")
        bank.trade("USD", "EUR", sell_minor=10_001)
        bank.publish("EUR", "USD", "1.0843")
        before = (bank.holding("USD"), bank.posted(REALISED))
        settled = bank.trade("EUR", "USD", sell_minor=777)
        assert (bank.holding("USD"), bank.posted(REALISED)) != before

        bank.do(reverse(settled.transfer_id))

        assert (bank.holding("USD"), bank.posted(REALISED)) == before
