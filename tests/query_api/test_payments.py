"""Payments in depth over HTTP: filters, work queues, search, timelines and explanations."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contracts import events as e
from contracts.assessment import Assessment
from contracts.commands import InstructedAmount
from contracts.events.payments import Instruction, PaymentFacts, SealedParty
from contracts.ids import instruction_id, payment_id
from contracts.risk import WORDS_OF_ALL_ELSE, RiskAssessment
from contracts.risk_words import DEFAULT_RULESET, words_of_ruleset
from contracts.screening import ListedHit, ScreeningSummary
from query_api.refusals import Refusal
from tests.query_api.bank import Bank
from tests.query_api.windows import Window
from tests.support import payments

EUR_5 = InstructedAmount(currency="EUR", value="5.00")
PAYEE = "payee_0123456789abcdef"
SEALED = "sealed.v1.AAEC"
SHIPPED = words_of_ruleset(DEFAULT_RULESET.read_bytes())


def begin(bank: Bank, reference: str, *, assessment: Assessment | None = None, **differs: Any) -> PaymentFacts:
    """Initiate a credit transfer of 5 euros by SCT Inst; gives its facts."""
    facts = msgspec.structs.replace(
        payments.facts(reference, "customers:alice:eur", "customers:bob:eur", EUR_5, 500),
        payment_type="credit_transfer",
        rail="sct_inst",
        creditor_account_id=None,
        customer_id="cust_1",
        payee_id=PAYEE,
    )
    facts = msgspec.structs.replace(facts, **differs)
    party = SealedParty(payee_id=facts.payee_id or PAYEE, name=SEALED, iban=SEALED, iban_masked="••34")
    event = msgspec.structs.replace(
        payments.initiated(payment_id(bank.position + 1), facts, EUR_5, remittance=SEALED),
        payment_type=facts.payment_type,
        rail=facts.rail,
        creditor=party,
        customer_id=facts.customer_id,
        assessment=assessment or Assessment(),
    )
    bank.happen(event, actor="shop")
    return facts


def hold_for_review(bank: Bank, paid: str, facts: PaymentFacts) -> None:
    bank.happen(
        e.PaymentHeldForReview(
            payment_id=paid, causes=("screening_hit", "NEW_PAYEE"), reviewers_wanted=2, facts=facts, status="PDNG"
        )
    )


def review(bank: Bank, paid: str, facts: PaymentFacts, reviewer: str, *, decided: bool) -> None:
    bank.happen(
        e.PaymentReviewed(
            payment_id=paid,
            reviewer=reviewer,
            decision="release",
            reason=f"{reviewer} knows the payee",
            decided=decided,
            facts=facts,
            status="ACTC" if decided else "PDNG",
        ),
        actor=reviewer,
    )


def instruct(bank: Bank, paid: str, facts: PaymentFacts, attempt: int) -> None:
    instruction = Instruction(
        instruction_id=instruction_id(paid, attempt),
        attempt=attempt,
        instructed_at=bank.recorded_at(bank.position),
        scale=2,
        debtor=None,
        creditor=SealedParty(payee_id=PAYEE, name=SEALED),
        subject=None,
        remittance_information=SEALED,
    )
    bank.happen(e.PaymentInstructed(payment_id=paid, instruction=instruction, facts=facts, status="ACSP"))


def park(bank: Bank, paid: str, facts: PaymentFacts) -> None:
    bank.happen(e.PaymentParked(payment_id=paid, reason="the rail does not answer", facts=facts, status="ACSP"))


def reject(bank: Bank, paid: str, facts: PaymentFacts, code: str = "AM21") -> None:
    bank.happen(payments.rejected(paid, facts, reason_code=code, detail="500.00 EUR of 500.00 EUR in 24 hours used"))


def assessment_of(version: str) -> Assessment:
    """A payment that the score would have reviewed, with a hit on a list."""
    return Assessment(
        screening=ScreeningSummary(
            outcome="hit",
            lists=(),
            hits=(ListedHit(list="un_sc", entry_id="QDi.001", score_permille=910),),
            hits_count=1,
        ),
        risk=RiskAssessment(
            score=640,
            decision="review",
            reasons=("UNUSUAL_AMOUNT_TO_NEW_PAYEE", "OWN_CODE"),
            ruleset_version=version,
            features={"amount_to_typical_pct": 700},
            assessed_at=payments.INITIATED_AT,
        ),
    )


@pytest.fixture
async def queues(own_window: Window) -> Window:
    """pay_20 in review, pay_22 parked and pay_25 for authorisation, pay_27 of somebody else rejected."""
    bank = own_window.bank
    facts = begin(bank, "RENT-1", assessment=assessment_of(SHIPPED.version))
    hold_for_review(bank, "pay_20", facts)
    facts = begin(bank, "RENT-2")
    instruct(bank, "pay_22", facts, 1)
    park(bank, "pay_22", facts)
    facts = begin(bank, "RENT-3")
    bank.happen(
        e.PaymentAuthorisationRequested(
            payment_id="pay_25",
            binding="b",
            acr_values="a",
            expires_at=bank.recorded_at(999),
            facts=facts,
            status="RCVD",
        )
    )
    facts = begin(bank, "RENT-2", customer_id="cust_2", payee_id="payee_ff")
    reject(bank, "pay_27", facts)
    await own_window.write_book()
    await own_window.write_wallets()
    return own_window


async def ids(window: Window, **query: object) -> list[str]:
    """Ask for payments; gives their ids."""
    return [payment["payment_id"] for payment in (await window.get("/payments", **query))["payments"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"queue": "review"}, ["pay_20"]),
        ({"queue": "parked"}, ["pay_22"]),
        ({"parked": "true"}, ["pay_22"]),
        ({"queue": "authorisation"}, ["pay_25"]),
        ({"customer_id": "cust_1"}, ["pay_25", "pay_22", "pay_20"]),
        ({"customer_id": "cust_1", "parked": "false"}, ["pay_25", "pay_20"]),
        ({"customer_id": "cust_1", "status": "PDNG"}, ["pay_20"]),
        ({"customer_id": "cust_1", "queue": "review", "rail": "file"}, []),
        ({"payee_id": PAYEE}, ["pay_25", "pay_22", "pay_20"]),
        ({"payee_id": "payee_ff"}, ["pay_27"]),
        ({"end_to_end_id": "RENT-2"}, ["pay_27", "pay_22"]),
        ({"end_to_end_id": "RENT-2", "customer_id": "cust_2"}, ["pay_27"]),
        ({"rail": "sct_inst"}, ["pay_27", "pay_25", "pay_22", "pay_20"]),
        ({"rail": "book"}, ["pay_17", "pay_15"]),
        ({"payment_type": "payout"}, []),
        ({"status": "RJCT"}, ["pay_27", "pay_17"]),
        ({"status": "RJCT", "rail": "book"}, ["pay_17"]),
    ],
)
async def test_filters_and_queues_keep_what_is_so_now(
    queues: Window, query: dict[str, str], expected: list[str]
) -> None:
    assert await ids(queues, **query) == expected


async def test_pages_of_filtered_payments_join(queues: Window) -> None:
    seen: list[str] = []
    cursor: dict[str, object] = {}
    while True:
        page = await queues.get("/payments", customer_id="cust_1", rail="sct_inst", limit=1, **cursor)
        seen += [payment["payment_id"] for payment in page["payments"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == ["pay_25", "pay_22", "pay_20"]
    first = await queues.get("/payments", customer_id="cust_1", limit=1)
    problem = await queues.refused("/payments", customer_id="cust_2", limit=1, cursor=first["next_cursor"])
    assert problem["code"] == Refusal.CURSOR_INVALID


async def test_a_payment_leaves_its_queue_when_nobody_is_waited_for_any_more(queues: Window) -> None:
    """A review that wants two goes on after the first; a parked payment that is rejected is parked no more."""
    bank = queues.bank
    facts = payments.facts("RENT-1", "customers:alice:eur", "customers:bob:eur", EUR_5, 500)
    on_rail = msgspec.structs.replace(facts, rail="sct_inst", payment_type="credit_transfer")
    review(bank, "pay_20", on_rail, "ben", decided=False)
    await queues.write_wallets()
    assert await ids(queues, queue="review") == ["pay_20"]
    review(bank, "pay_20", on_rail, "carla", decided=True)
    reject(bank, "pay_22", on_rail, "AB05")
    await queues.write_wallets()
    assert await ids(queues, queue="review") == []
    assert await ids(queues, queue="parked") == []
    assert (await queues.get("/payments/pay_22"))["parked"] == ""


async def test_a_timeline_says_who_acted_and_what_was_decided(queues: Window) -> None:
    bank = queues.bank
    facts = msgspec.structs.replace(
        payments.facts("RENT-2", "customers:alice:eur", "customers:bob:eur", EUR_5, 500), rail="sct_inst"
    )
    bank.happen(
        e.PaymentResolutionProposed(
            payment_id="pay_22", proposer="ben", action="fail", reason="bank says no", facts=facts, status="ACSP"
        ),
        actor="ben",
    )
    reject(bank, "pay_22", facts, "AB05")
    await queues.write_book_anew()
    await queues.write_wallets()
    timeline = await queues.get("/payments/pay_22/timeline")
    steps = timeline["steps"]
    assert [(step["type"], step["actor"]) for step in steps] == [
        ("payment_initiated", "shop"),
        ("payment_instructed", "teller"),
        ("payment_parked", "teller"),
        ("payment_resolution_proposed", "ben"),
        ("payment_rejected", "teller"),
    ]
    assert (steps[1]["attempt"], steps[1]["instruction_id"]) == (1, "pay_22.1")
    assert steps[2]["reason"] == "the rail does not answer"
    assert (steps[3]["decision"], steps[3]["reason"], steps[3]["said"]) == ("fail", "bank says no", {"proposer": "ben"})
    assert (steps[4]["reason_code"], steps[4]["words"]) == ("AB05", "the creditor's bank did not answer in time")
    assert timeline["status"] == "RJCT"
    assert "sealed" not in msgspec.json.encode(timeline).decode()


async def test_an_explanation_has_the_score_in_words_and_the_entries_that_came_up(queues: Window) -> None:
    why = await queues.get("/payments/pay_20/explanation")
    assert (why["status"], why["queue"], why["causes"]) == ("PDNG", "review", ["screening_hit", "NEW_PAYEE"])
    assert (why["risk"]["decision"], why["risk"]["score"], why["words_of"]) == ("review", 640, SHIPPED.version)
    assert why["risk"]["reasons"] == [
        {
            "code": "UNUSUAL_AMOUNT_TO_NEW_PAYEE",
            "words": "A first payment to this payee of 700 % of the customer's typical amount.",
            "customer_words": "The amount is much higher than usual and you have not paid this payee before.",
        },
        {"code": "OWN_CODE", "words": "OWN_CODE", "customer_words": WORDS_OF_ALL_ELSE},
    ]
    assert why["screening"]["hits"] == [{"list": "un_sc", "entry_id": "QDi.001", "score_permille": 910}]
    assert [step["type"] for step in why["steps"]] == ["payment_held_for_review"]


async def test_an_explanation_of_a_limit_says_its_figures(queues: Window) -> None:
    why = await queues.get("/payments/pay_27/explanation")
    assert (why["reason_code"], why["words"]) == ("AM21", "the limit of a period is used up")
    assert why["detail"] == "500.00 EUR of 500.00 EUR in 24 hours used"
    assert (why["risk"], why["words_of"], why["screening"], why["queue"]) == (None, None, None, None)


async def test_a_payment_that_is_not_there_has_neither(queues: Window) -> None:
    for path in ("/payments/pay_3/timeline", "/payments/pay_3/explanation"):
        assert (await queues.refused(path))["code"] == Refusal.PAYMENT_NOT_FOUND
