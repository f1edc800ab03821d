"""Standing orders' part of the book."""

from typing import Any, Final

from contracts.commands.standing_orders import (
    CancelStandingOrder,
    IssueStandingOrder,
    ResumeStandingOrder,
    SuspendStandingOrder,
)
from contracts.events import (
    StandingOrderAuthorised,
    StandingOrderCancelled,
    StandingOrderCreated,
    StandingOrderIssued,
    StandingOrderResumed,
    StandingOrderSuspended,
)
from ledger.domain.contexts import Context, Touched
from ledger.domain.payments.initiation import (
    follow_needs,
    touch_needs,
)
from ledger.domain.standing_orders.creation import AssessedOrder, ProvenSeries, decide_authorise, decide_create
from ledger.domain.standing_orders.life_cycle import (
    STANDING_ORDER,
    StandingOrder,
    evolve_authorised,
    evolve_created,
    evolve_issued,
    evolve_resumed,
    evolve_stopped,
)
from ledger.domain.standing_orders.occurrences import decide_cancel, decide_issue, decide_resume, decide_suspend
from ledger.domain.state import State


def _touch_new(command: AssessedOrder, touched: Touched) -> None:
    touch_needs(command.needs, touched)


def _follow_new(command: AssessedOrder, state: State, touched: Touched) -> None:
    follow_needs(command.needs, state, touched)


def _touch(command: Any, touched: Touched) -> None:
    touched.records.add((STANDING_ORDER, command.standing_order_id))


def _touch_proof(proof: ProvenSeries, touched: Touched) -> None:
    _touch(proof.command, touched)
    touched.currencies.add(proof.command.instructed_amount.currency)


def _follow(command: Any, state: State, touched: Touched) -> None:
    order = state.record(STANDING_ORDER, command.standing_order_id)
    if isinstance(order, StandingOrder):
        touch_needs(order.needs, touched)
        follow_needs(order.needs, state, touched)


def _follow_proof(proof: ProvenSeries, state: State, touched: Touched) -> None:
    _follow(proof.command, state, touched)


CONTEXT: Final = Context(
    deciders={
        AssessedOrder: decide_create,
        ProvenSeries: decide_authorise,
        IssueStandingOrder: decide_issue,
        SuspendStandingOrder: decide_suspend,
        ResumeStandingOrder: decide_resume,
        CancelStandingOrder: decide_cancel,
    },
    evolvers={
        StandingOrderCreated: evolve_created,
        StandingOrderAuthorised: evolve_authorised,
        StandingOrderIssued: evolve_issued,
        StandingOrderSuspended: evolve_stopped,
        StandingOrderResumed: evolve_resumed,
        StandingOrderCancelled: evolve_stopped,
    },
    touches={
        AssessedOrder: _touch_new,
        ProvenSeries: _touch_proof,
        **dict.fromkeys((IssueStandingOrder, SuspendStandingOrder, ResumeStandingOrder, CancelStandingOrder), _touch),
    },
    follows={AssessedOrder: _follow_new, ProvenSeries: _follow_proof, IssueStandingOrder: _follow},
    records={STANDING_ORDER: StandingOrder},
)
