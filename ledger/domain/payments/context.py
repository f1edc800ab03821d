"""Payments' part of the book."""

from typing import Any, Final

from contracts import events as e
from contracts.commands import payments as c
from ledger.domain import limits
from ledger.domain.contexts import Context, Decider, Touched
from ledger.domain.customers.life_cycle import CUSTOMER
from ledger.domain.fx import positions, quotes
from ledger.domain.payments import (
    authorisation,
    execution,
    initiation,
    recalls,
    refunds,
    returns,
    review,
    terms,
)
from ledger.domain.payments.authorisation import ProvenAuthorisation
from ledger.domain.payments.initiation import AssessedPayment
from ledger.domain.payments.life_cycle import PAYMENT, Payment
from ledger.domain.payouts import SETTLEMENT
from ledger.domain.state import State
from ledger.domain.takings import TAKINGS

# Commands that name a payment and nothing else.
ABOUT_A_PAYMENT: Final[dict[type[Any], Decider]] = {
    c.DeclinePayment: authorisation.decide_decline,
    c.CancelPayment: authorisation.decide_cancel,
    c.ExpirePayment: authorisation.decide_expire,
    c.ReviewPayment: review.decide_review,
    c.ResolvePayment: review.decide_resolve,
    c.StartPayment: execution.decide_start,
    c.InstructPayment: execution.decide_instruct,
    c.RecordRailOutcome: execution.decide_outcome,
    c.ParkPayment: execution.decide_park,
    c.RefundPayment: refunds.decide_refund,
    c.RecordRefundOutcome: refunds.decide_refund_outcome,
    c.ReturnPayment: returns.decide_return,
    c.RecallPayment: recalls.decide_recall,
    c.RecordRecallAnswer: recalls.decide_recall_answer,
}


def _touch(command: Any, touched: Touched) -> None:
    touched.records.add((PAYMENT, command.payment_id))


def _follow(command: Any, state: State, touched: Touched) -> None:
    payment = state.record(PAYMENT, command.payment_id)
    if isinstance(payment, Payment):
        accounts = (payment.payer, payment.payee, payment.suspense, payment.fee_account_id)
        touched.accounts.update(account_id for account_id in accounts if account_id is not None)
        quotes.touch_quote(touched, payment.quote_id)
        positions.follow_trade(payment.quote_id, state, touched)
        touched.records.add((TAKINGS, payment.payee))
        if payment.settlement_id is not None:
            touched.records.add((SETTLEMENT, payment.settlement_id))
        subjects = limits.subjects_of(
            account_id=payment.debtor_account_id, customer_id=payment.customer_id, payee_id=payment.payee_id
        )
        touched.records.update((limits.LIMIT, subject) for subject in subjects)
        if not payment.is_final:
            touched.records.add((terms.AUTHENTICATION, payment.currency))
            touched.records.add((terms.PAYEE, terms.key_of_payee(payment)))
            if payment.customer_id is not None:
                touched.records.add((CUSTOMER, payment.customer_id))


def _touch_proof(proof: ProvenAuthorisation, touched: Touched) -> None:
    _touch(proof.command, touched)


def _follow_proof(proof: ProvenAuthorisation, state: State, touched: Touched) -> None:
    _follow(proof.command, state, touched)


def _touch_rail(command: c.DefineRail, touched: Touched) -> None:
    touched.accounts.update((command.clearing_account_id, command.suspense_account_id))


def _touch_terms(command: c.DefineAuthentication, touched: Touched) -> None:
    touched.currencies.add(command.currency)


CONTEXT: Final = Context(
    deciders={
        AssessedPayment: initiation.decide_payment,
        ProvenAuthorisation: authorisation.decide_authorise,
        c.DefineRail: terms.decide_define_rail,
        c.DefineAuthentication: terms.decide_define_authentication,
        **ABOUT_A_PAYMENT,
    },
    evolvers={
        e.PaymentInitiated: initiation.evolve_initiated,
        e.PaymentScheduled: execution.evolve_scheduled,
        e.PaymentHeldForReview: review.evolve_held,
        e.PaymentReviewed: review.evolve_reviewed,
        e.PaymentAuthorisationRequested: authorisation.evolve_requested,
        e.PaymentAuthorisationFailed: authorisation.evolve_failed,
        e.PaymentAuthorised: authorisation.evolve_authorised,
        e.PaymentPresented: authorisation.evolve_presented,
        e.PaymentAccepted: execution.evolve_accepted,
        e.PaymentInstructed: execution.evolve_instructed,
        e.PaymentOutcomeUnknown: execution.evolve_unknown,
        e.PaymentInstructionLapsed: execution.evolve_lapsed,
        e.PaymentParked: execution.evolve_parked,
        e.PaymentResolutionProposed: review.evolve_proposed,
        e.PaymentResumed: review.evolve_resumed,
        e.PaymentSettled: execution.evolve_settled,
        e.PaymentRejected: execution.evolve_ended,
        e.PaymentCancelled: execution.evolve_ended,
        e.PaymentReturned: returns.evolve_returned,
        e.PaymentRefundRequested: refunds.evolve_refund_requested,
        e.PaymentRefunded: refunds.evolve_refunded,
        e.PaymentRefundFailed: refunds.evolve_refund_failed,
        e.PaymentRecallRequested: recalls.evolve_recalled,
        e.PaymentRecallAnswered: recalls.evolve_recall_answered,
        e.PaymentContradicted: execution.evolve_contradicted,
        e.RailDefined: terms.evolve_rail,
        e.AuthenticationDefined: terms.evolve_authentication,
    },
    touches={
        AssessedPayment: initiation.touch_payment,
        ProvenAuthorisation: _touch_proof,
        c.DefineRail: _touch_rail,
        c.DefineAuthentication: _touch_terms,
        **dict.fromkeys(ABOUT_A_PAYMENT, _touch),
    },
    follows={
        AssessedPayment: initiation.follow_payment,
        ProvenAuthorisation: _follow_proof,
        **dict.fromkeys(ABOUT_A_PAYMENT, _follow),
    },
    records={
        PAYMENT: Payment,
        terms.RAIL: terms.RailTerms,
        terms.AUTHENTICATION: terms.AuthenticationTerms,
        terms.PAYEE: terms.KnownPayee,
    },
)
