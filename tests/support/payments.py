"""Payments for tests: what the door would make of a command, and the events of a book payment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from contracts import commands as c
from contracts import events as e
from contracts.assessment import Assessment
from contracts.events.payments import PaymentFacts, SealedParty
from contracts.payment_codes import SCA_ACR
from contracts.risk import RiskAssessment, RiskDecision
from contracts.screening import ScreeningSummary
from ledger.domain.customers.cases import ScreenedCustomer
from ledger.domain.payment_files import SealedIban
from ledger.domain.payments.authorisation import ProvenAuthorisation
from ledger.domain.payments.initiation import AssessedPayment
from ledger.domain.settlement.terms import AssessedMerchant
from ledger.domain.standing_orders.creation import AssessedOrder, ProvenSeries
from ledger.domain.webhooks import EndpointWithSecret, RotationWithSecret

INITIATED_AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def assessed(command: Any, **found: Any) -> Any:
    """What the door makes of a command; ``found``: what it found out, by default only whom a payment is to."""
    match command:
        case c.InitiatePayment():
            debtor, creditor = sealed_party(command.debtor), sealed_party(command.creditor)
            return AssessedPayment(wish=command, debtor=debtor, creditor=creditor, **found)
        case c.AuthorisePayment():
            payee = command.payee
            payee_id = payee if payee[0].islower() and not payee.startswith("tok_") else f"payee_{payee.lower()}"
            return ProvenAuthorisation(command=command, payee_id=payee_id, acr=SCA_ACR)
        case c.CreateStandingOrder():
            return AssessedOrder(command=command, creditor=sealed_party(command.creditor), **found)
        case c.AuthoriseStandingOrder():
            return ProvenSeries(command=command, payee_id=command.payee)
        case c.AssignIban():
            return SealedIban(command=command, iban_id=command.iban, iban="sealed", iban_masked="…", subject="s")
        case c.CreateWebhookEndpoint():
            return EndpointWithSecret(wish=command, secret="sealed")
        case c.RescreenCustomer():
            return ScreenedCustomer(command=command)
        case c.RotateWebhookSecret():
            return RotationWithSecret(wish=command, secret="sealed")
        case c.DefineMerchant():
            creditor = sealed_party(command.creditor)
            assert creditor is not None
            return AssessedMerchant(command=command, creditor=creditor, **found)
        case _:
            return command


def sealed_party(party: c.Party | None) -> SealedParty | None:
    """A party as the book keeps it, with a seal that hides nothing."""
    if party is None:
        return None
    identity = party.iban or party.card_token
    assert identity is not None
    return SealedParty(payee_id=f"payee_{identity.lower()}", name=f"sealed.{len(party.name)}", bic=party.bic)


def hit() -> ScreeningSummary:
    """A name that is on a list."""
    return ScreeningSummary(outcome="hit", lists=(), hits=(), hits_count=1)


def risk(decision: RiskDecision, *reasons: str) -> RiskAssessment:
    """A risk score."""
    return RiskAssessment(
        score=500, decision=decision, reasons=reasons, ruleset_version="r1", features={}, assessed_at=INITIATED_AT
    )


def facts(end_to_end_id: str, debtor: str, creditor: str, amount: c.CurrencyAmount, amount_minor: int) -> PaymentFacts:
    """What every event about a book payment says."""
    return PaymentFacts(
        payment_type="book_transfer",
        rail="book",
        currency=amount.currency,
        amount_minor=amount_minor,
        end_to_end_id=end_to_end_id,
        initiated_at=INITIATED_AT,
        debtor_account_id=debtor,
        creditor_account_id=creditor,
    )


def initiated(
    payment_id: str, facts: PaymentFacts, amount: c.CurrencyAmount, *, remittance: str | None = None
) -> e.PaymentInitiated:
    """A book payment was received."""
    assert facts.amount_minor is not None
    return e.PaymentInitiated(
        payment_id=payment_id,
        payment_type="book_transfer",
        rail="book",
        debtor_account_id=facts.debtor_account_id,
        creditor_account_id=facts.creditor_account_id,
        debtor=None,
        creditor=None,
        instructed_amount=amount,
        amount_minor=facts.amount_minor,
        fee_minor=0,
        end_to_end_id=facts.end_to_end_id,
        remittance_information=remittance,
        requested_execution_date=None,
        quote_id=None,
        metadata=None,
        customer_id=None,
        subject=None,
        standing_order_id=None,
        initiated_at=INITIATED_AT,
        initiated_by="tester",
        assessment=Assessment(),
        status="RCVD",
    )


def settled(
    payment_id: str, facts: PaymentFacts, postings: tuple[e.PostedPosting, ...], *, transfer_id: str, day: date
) -> e.PaymentSettled:
    """A book payment was booked."""
    return e.PaymentSettled(
        payment_id=payment_id,
        transfer_id=transfer_id,
        end_to_end_id=facts.end_to_end_id,
        postings=postings,
        balances=(),
        effective_date=day,
        rail_reference=None,
        reason=None,
        settled_at=INITIATED_AT,
        counted_against=(),
        facts=facts,
        status="ACSC",
    )


def rejected(payment_id: str, facts: PaymentFacts, *, reason_code: str = "AM04", detail: str) -> e.PaymentRejected:
    """A book payment was refused."""
    return e.PaymentRejected(
        payment_id=payment_id,
        end_to_end_id=facts.end_to_end_id,
        reason_code=reason_code,
        detail=detail,
        balances=(),
        facts=facts,
        status="RJCT",
    )
