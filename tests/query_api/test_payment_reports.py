"""The reports about payments against figures worked out by hand, over real Delta tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts import events as e
from contracts.commands import InstructedAmount
from contracts.events.payments import Instruction, PaymentFacts
from contracts.ids import instruction_id, payment_id, transfer_id
from query_api.lake import Lake
from tests.query_api.bank import Bank
from tests.query_api.reporting import open_lake, rows_of
from tests.support import payments

DAY = date(2026, 3, 1)


class PayingBank(Bank):
    """A bank that only pays. Each event is recorded a minute after the one before; the first at 12:01."""

    def begin(
        self, amount_minor: int, fee_minor: int, *, rail: Any = "sct_inst", currency: str = "EUR"
    ) -> PaymentFacts:
        amount = InstructedAmount(currency=currency, value="1.00")
        facts = msgspec.structs.replace(
            payments.facts(f"E2E-{self.position}", "customers:alice", "customers:bob", amount, amount_minor),
            rail=rail,
            payment_type="book_transfer" if rail == "book" else "credit_transfer",
            customer_id="cust_1",
        )
        event = payments.initiated(payment_id(self.position + 1), facts, amount)
        self.happen(msgspec.structs.replace(event, rail=rail, payment_type=facts.payment_type, fee_minor=fee_minor))
        return facts

    def instruct(self, paid: str, facts: PaymentFacts, attempt: int) -> None:
        instruction = Instruction(
            instruction_id=instruction_id(paid, attempt),
            attempt=attempt,
            instructed_at=self.recorded_at(self.position),
            scale=2,
            debtor=None,
            creditor=None,
            subject=None,
            remittance_information=None,
        )
        self.happen(e.PaymentInstructed(payment_id=paid, instruction=instruction, facts=facts, status="ACSP"))

    def settle(self, paid: str, facts: PaymentFacts) -> None:
        event = payments.settled(paid, facts, (), transfer_id=transfer_id(self.position + 1), day=DAY)
        self.happen(event)

    def reject(self, paid: str, facts: PaymentFacts, code: str) -> None:
        self.happen(payments.rejected(paid, facts, reason_code=code, detail="no"))


def paying_bank() -> PayingBank:
    """Five payments by SCT Inst in euros, one inside in euros, one in yen.

     1  pay_1  100.00 + 0.25 fee, instructed at 2 and, after it lapsed, at 3, settled at 4: 3 minutes
     5  pay_5   50.00 + 0.25 fee, instructed at 6, settled at 7: 2 minutes
     8  pay_8   10.00 + 0.25 fee, rejected at 9: AM04
    10  pay_10  20.00 + 0.25 fee, instructed at 11, rejected at 12: AC04
    13  pay_13   5.00, still open
    14  pay_14   7.00 inside, settled at 15: 1 minute
    16  pay_16  900 yen + 3 fee, settled at 17: 1 minute
    """
    bank = PayingBank()
    facts = bank.begin(100_00, 25)
    bank.instruct("pay_1", facts, 1)
    bank.instruct("pay_1", facts, 2)
    bank.settle("pay_1", facts)
    facts = bank.begin(50_00, 25)
    bank.instruct("pay_5", facts, 1)
    bank.settle("pay_5", facts)
    facts = bank.begin(10_00, 25)
    bank.reject("pay_8", facts, "AM04")
    facts = bank.begin(20_00, 25)
    bank.instruct("pay_10", facts, 1)
    bank.reject("pay_10", facts, "AC04")
    bank.begin(5_00, 0)
    facts = bank.begin(7_00, 0, rail="book")
    bank.settle("pay_14", facts)
    facts = bank.begin(900, 3, currency="JPY")
    bank.settle("pay_16", facts)
    return bank


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A reader of the paying bank's lake."""
    folder: Path = tmp_path_factory.mktemp("paying")
    paying_bank().write_lake(folder)
    return open_lake(folder / "main")


async def test_the_funnel_counts_each_payment_once_per_stage_and_rejections_by_reason(lake: Lake) -> None:
    rows = await rows_of(
        lake, "payment-funnel", "rail", "stage", "reason_code", "payments", "amount_minor", currency="EUR"
    )
    assert rows == [
        ("book", "initiated", None, 1, 7_00),
        ("book", "settled", None, 1, 7_00),
        ("sct_inst", "initiated", None, 5, 185_00),
        ("sct_inst", "instructed", None, 3, 170_00),
        ("sct_inst", "settled", None, 2, 150_00),
        ("sct_inst", "rejected", "AC04", 1, 20_00),
        ("sct_inst", "rejected", "AM04", 1, 10_00),
    ]


async def test_the_funnel_can_be_had_as_of_a_position_and_for_a_period(lake: Lake) -> None:
    rows = await rows_of(lake, "payment-funnel", "stage", "payments", as_of_position=6)
    assert rows == [("initiated", 2), ("instructed", 2), ("settled", 1)]
    assert await rows_of(lake, "payment-funnel", "stage", from_=date(2026, 3, 2)) == []
    assert await rows_of(lake, "payment-funnel", "stage", to=date(2026, 2, 28)) == []
    assert await rows_of(lake, "payment-funnel", "stage", as_of_date=date(2026, 2, 28)) == []


async def test_success_is_of_those_that_ended_and_percentiles_really_occurred(lake: Lake) -> None:
    columns = ("initiated", "settled", "rejected", "cancelled", "open", "success_permille")
    times = ("settle_p50_ms", "settle_p95_ms", "settle_p99_ms", "settle_max_ms")
    rows = await rows_of(lake, "payment-success", "rail", "currency", *columns, *times)
    assert rows == [
        ("book", "EUR", 1, 1, 0, 0, 0, 1000, 60_000, 60_000, 60_000, 60_000),
        ("sct_inst", "EUR", 5, 2, 2, 0, 1, 500, 120_000, 180_000, 180_000, 180_000),
        ("sct_inst", "JPY", 1, 1, 0, 0, 0, 1000, 60_000, 60_000, 60_000, 60_000),
    ]
    assert await rows_of(lake, "payment-success", "success_permille", "settle_p50_ms", as_of_position=1) == [
        (None, None)
    ]


async def test_a_fee_is_earned_when_its_payment_settles(lake: Lake) -> None:
    columns = ("settled_on", "rail", "currency", "payments", "with_fee", "amount_minor", "fee_minor")
    assert await rows_of(lake, "fee-revenue", *columns) == [
        ("2026-03-01", "book", "EUR", 1, 0, 7_00, 0),
        ("2026-03-01", "sct_inst", "EUR", 2, 2, 150_00, 50),
        ("2026-03-01", "sct_inst", "JPY", 1, 1, 900, 3),
    ]
    assert await rows_of(lake, "fee-revenue", "fee_minor", as_of_position=4) == [(25,)]
    assert await rows_of(lake, "fee-revenue", "fee_minor", from_=date(2026, 3, 2)) == []
