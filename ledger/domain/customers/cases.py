"""Cases: a listed name came up for a customer; two people say whether it is them.

An entry of a list opens one case per customer. Once that is cleared, the same entry is known, and the daily screening
does not ask again; another entry does. A customer about whom a case is open or confirmed is not verified and pays
nothing.
"""

from typing import Final

import msgspec
from msgspec import Struct

from contracts.commands.cases import ReviewCase
from contracts.commands.customers import RescreenCustomer
from contracts.customer_codes import CaseState
from contracts.events import (
    CaseCleared,
    CaseConfirmed,
    CaseDecisionProposed,
    CaseOpened,
    CustomerRestricted,
    CustomerScreened,
    EventData,
)
from contracts.ids import case_id
from contracts.rejections import Refused, Rejection
from contracts.screening import ScreeningSummary
from ledger.domain.customers.life_cycle import (
    CASE,
    CASE_TRANSITIONS,
    CUSTOMER,
    CUSTOMER_TRANSITIONS,
    DECIDED_CASES,
    Case,
    Customer,
    case_of,
    customer_of,
    expect,
    known_customer,
    stay,
)
from ledger.domain.four_eyes import Proposal, second_opinion
from ledger.domain.state import Moment, State

KNOWN_HITS_MAX: Final = 1_000  # the oldest are forgotten, and would open a case again


class ScreenedCustomer(Struct, frozen=True, kw_only=True):
    """A customer with what screening said about them now; None: nobody of this id could be screened."""

    command: RescreenCustomer
    screening: ScreeningSummary | None = None
    evidence: str | None = None


def decide_rescreen(command: ScreenedCustomer, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Note that a customer was screened; what came up for the first time opens a case."""
    named = command.command.customer_id
    customer = expect(state, named, CustomerScreened)
    if isinstance(customer, Refused):
        return customer
    screening = command.screening
    if screening is None:
        return Refused(Rejection.CUSTOMER_NOT_SCREENED, f"{named} could not be screened; try again", "/customer_id")
    screened = CustomerScreened(customer_id=named, screening=screening, screened_at=moment.now)
    if not has_news(customer, screening):
        return (screened,)
    return screened, open_case(customer, screening, evidence=command.evidence, moment=moment.after(1))


def has_news(customer: Customer, screening: ScreeningSummary) -> bool:
    """Tell whether screening found what no case was opened for. More hits than it names are news as well, once."""
    unnamed = screening.hits_count > len(screening.hits) and screening.hits_count > customer.known_hits_count
    return unnamed or not set(_names_of(screening)) <= set(customer.known_hits)


def _names_of(screening: ScreeningSummary) -> tuple[str, ...]:
    return tuple(f"{hit.list}:{hit.entry_id}" for hit in screening.hits)


def open_case(customer: Customer, screening: ScreeningSummary, *, evidence: str | None, moment: Moment) -> CaseOpened:
    """Open a case about a customer. ``moment.position`` is that of the event to come."""
    return CaseOpened(
        case_id=case_id(moment.position),
        customer_id=customer.customer_id,
        subject=customer.subject,
        screening=screening,
        evidence=evidence,
        opened_at=moment.now,
        status="open",
    )


def decide_review_case(command: ReviewCase, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Propose, or agree and so decide. A confirmed case restricts the customer in the same commit."""
    case = case_of(state, command.case_id)
    if isinstance(case, Refused):
        return case
    if case.state in DECIDED_CASES:
        return Refused(Rejection.CASE_ALREADY_DECIDED, f"{case.case_id} is {case.state}", "/case_id")
    customer = known_customer(state, case.customer_id)
    assert customer is not None
    agreed = second_opinion(case.proposal, command.decision, subject=moment.subject, barred=(customer.applied_by,))
    if isinstance(agreed, Refused):
        return agreed
    if agreed is None:
        proposed = CaseDecisionProposed(
            case_id=case.case_id,
            customer_id=case.customer_id,
            decision=command.decision,
            reason=command.reason,
            proposed_by=moment.subject,
            status="proposed",
        )
        return (proposed,)
    if command.decision == "clear":
        return (_cleared(case, command, agreed, moment),)
    confirmed = CaseConfirmed(
        case_id=case.case_id,
        customer_id=case.customer_id,
        decision=command.decision,
        reason=command.reason,
        proposed_by=agreed.subject,
        decided_by=moment.subject,
        status="confirmed",
    )
    if (customer.state, CustomerRestricted) not in CUSTOMER_TRANSITIONS:
        return (confirmed,)  # restricted before, or the relation has ended
    restricted = CustomerRestricted(
        customer_id=case.customer_id, reason=command.reason, case_id=case.case_id, status="restricted"
    )
    return confirmed, restricted


def _cleared(case: Case, command: ReviewCase, agreed: Proposal, moment: Moment) -> CaseCleared:
    return CaseCleared(
        case_id=case.case_id,
        customer_id=case.customer_id,
        decision=command.decision,
        reason=command.reason,
        proposed_by=agreed.subject,
        decided_by=moment.subject,
        status="cleared",
    )


def evolve_screened(state: State, event: CustomerScreened, position: int) -> None:
    """Screened, at least once."""
    stay(state, event, screened=True)


def evolve_opened(state: State, event: CaseOpened, position: int) -> None:
    """Begin a case; a proposal to verify made without knowing of it is void."""
    state.records[CASE, event.case_id] = Case(
        case_id=event.case_id, customer_id=event.customer_id, state="open", opened_at=event.opened_at
    )
    customer = customer_of(state, event.customer_id)
    assert isinstance(customer, Customer)
    known = tuple(dict.fromkeys((*customer.known_hits, *_names_of(event.screening))))[-KNOWN_HITS_MAX:]
    state.records[CUSTOMER, event.customer_id] = msgspec.structs.replace(
        customer,
        open_cases=(*customer.open_cases, event.case_id),
        known_hits=known,
        known_hits_count=max(customer.known_hits_count, event.screening.hits_count),
        verification=None,
    )


def evolve_proposed(state: State, event: CaseDecisionProposed, position: int) -> None:
    """Keep the proposal."""
    _move(state, event, event.status, proposal=Proposal(event.proposed_by, event.decision))


def evolve_decided(state: State, event: CaseCleared | CaseConfirmed, position: int) -> None:
    """Close the case, and keep against the customer what was confirmed."""
    _move(state, event, event.status, proposal=None)
    customer = known_customer(state, event.customer_id)
    assert customer is not None
    confirmed = (event.case_id,) if isinstance(event, CaseConfirmed) else ()
    state.records[CUSTOMER, event.customer_id] = msgspec.structs.replace(
        customer,
        open_cases=tuple(named for named in customer.open_cases if named != event.case_id),
        confirmed_cases=(*customer.confirmed_cases, *confirmed),
    )


def _move(
    state: State,
    event: CaseDecisionProposed | CaseCleared | CaseConfirmed,
    to: CaseState,
    *,
    proposal: Proposal | None,
) -> None:
    case = case_of(state, event.case_id)
    assert isinstance(case, Case)
    assert CASE_TRANSITIONS[case.state, type(event)] == to, (case.state, type(event), to)
    state.records[CASE, event.case_id] = msgspec.structs.replace(case, state=to, proposal=proposal)
