"""The end of a relation, and what comes after it: restriction, offboarding, erasure.

Who never had a relation (never verified, no account, no confirmed case) is erased when two people say so. For everybody
else the law wants the data kept for five years after the relation has ended (Regulation (EU) 2024/1624, article 77).

Erasure has two events: the decision names the data subjects, then their keys are destroyed, and the proof of that is
written down. In between the customer is ``erasing`` and due, so that a process that finds them does it again.
"""

from datetime import datetime
from typing import Final

from contracts.commands.customers import EraseCustomer, OffboardCustomer, RecordErasure, RestrictCustomer
from contracts.customer_codes import RETENTION_YEARS
from contracts.events import (
    CustomerErased,
    CustomerOffboarded,
    CustomerRestricted,
    DestroyedSubject,
    ErasureDecided,
    ErasureProposed,
)
from contracts.rejections import Refused, Rejection
from ledger.domain.customers.life_cycle import Customer, become, expect, known_customer, state_conflict, stay
from ledger.domain.customers.onboarding import years_after
from ledger.domain.four_eyes import Proposal, second_opinion
from ledger.domain.state import Moment, State

ERASE: Final = "erase"


def decide_restrict(command: RestrictCustomer, state: State, moment: Moment) -> CustomerRestricted | Refused:
    """Stop a customer's payments; one person is enough to protect."""
    customer = expect(state, command.customer_id, CustomerRestricted)
    if isinstance(customer, Refused):
        return customer
    return CustomerRestricted(customer_id=command.customer_id, reason=command.reason, case_id=None, status="restricted")


def decide_offboard(command: OffboardCustomer, state: State, moment: Moment) -> CustomerOffboarded | Refused:
    """End the relation once the accounts are closed."""
    customer = expect(state, command.customer_id, CustomerOffboarded)
    if isinstance(customer, Refused):
        return customer
    open_account = _open_account(customer, state)
    if open_account is not None:
        return open_account
    return CustomerOffboarded(
        customer_id=command.customer_id,
        reason=command.reason,
        offboarded_at=moment.now,
        retention_until=retention_until(customer, moment.now),
        status="offboarded",
    )


def _open_account(customer: Customer, state: State) -> Refused | None:
    for account_id in customer.accounts:
        account = state.account(account_id)
        assert account is not None, f"{account_id} was not loaded"
        if account.status != "closed":
            return Refused(
                Rejection.CUSTOMER_ACCOUNTS_OPEN, f"account {account_id} is {account.status}", "/customer_id"
            )
    return None


def retention_until(customer: Customer, ended_at: datetime) -> datetime | None:
    """Until when the law wants a customer's data kept; None when it need not be."""
    if not customer.related and not customer.confirmed_cases:
        return None
    return years_after(ended_at, RETENTION_YEARS)


def decide_erase(command: EraseCustomer, state: State, moment: Moment) -> ErasureProposed | ErasureDecided | Refused:
    """Propose, or agree and so decide, to forget a customer."""
    customer = _erasable(command, state, moment)
    if isinstance(customer, Refused):
        return customer
    agreed = second_opinion(customer.erasure, ERASE, subject=moment.subject, barred=(customer.applied_by,))
    if isinstance(agreed, Refused):
        return agreed
    if agreed is None:
        return ErasureProposed(customer_id=command.customer_id, reason=command.reason, proposed_by=moment.subject)
    return ErasureDecided(
        customer_id=command.customer_id,
        reason=command.reason,
        proposed_by=agreed.subject,
        decided_by=moment.subject,
        subjects=subjects_of(customer),
        decided_at=moment.now,
        status="erasing",
    )


def _erasable(command: EraseCustomer, state: State, moment: Moment) -> Customer | Refused:
    """Find a customer whose data nothing keeps: no account, no case, no relation, no retention period."""
    customer = expect(state, command.customer_id, ErasureDecided)
    if isinstance(customer, Refused):
        return customer
    open_account = _open_account(customer, state)
    if open_account is not None:
        return open_account
    if customer.open_cases:
        return Refused(Rejection.CASE_UNRESOLVED, f"{customer.open_cases[0]} is not decided", "/customer_id")
    if not customer.related and not customer.confirmed_cases:
        return customer
    if customer.state != "offboarded":
        return state_conflict(customer, needed=["offboarded"])
    assert customer.ended_at is not None
    until = retention_until(customer, customer.ended_at)
    if until is not None and moment.now < until:
        return Refused(
            Rejection.RETENTION_NOT_OVER,
            f"the data of {command.customer_id} is kept until {until.isoformat()}",
            "/customer_id",
        )
    return customer


def subjects_of(customer: Customer) -> tuple[str, ...]:
    """The data subjects of a customer: their own data, and the texts of their payments, by customer and by account."""
    return (customer.subject, customer.customer_id, *(f"acct:{account_id}" for account_id in customer.accounts))


def decide_record_erasure(command: RecordErasure, state: State, moment: Moment) -> CustomerErased | Refused:
    """Keep the proof that every data subject's keys are gone."""
    customer = expect(state, command.customer_id, CustomerErased)
    if isinstance(customer, Refused):
        return customer
    missing = set(customer.erasing) - {proof.subject for proof in command.destroyed}
    if missing:
        return Refused(Rejection.ERASURE_INCOMPLETE, f"no proof for {min(missing)}", "/destroyed")
    return CustomerErased(
        customer_id=command.customer_id,
        destroyed=tuple(
            DestroyedSubject(subject=proof.subject, key_nos=proof.key_nos, destroyed_at=proof.destroyed_at)
            for proof in command.destroyed
        ),
        status="erased",
    )


def evolve_restricted(state: State, event: CustomerRestricted, position: int) -> None:
    """Nothing is paid, and no re-verification is due."""
    become(state, event, event.status, verification=None, due_at=None)


def evolve_offboarded(state: State, event: CustomerOffboarded, position: int) -> None:
    """The relation has ended."""
    become(state, event, event.status, verification=None, due_at=None, ended_at=event.offboarded_at)


def evolve_erasure_proposed(state: State, event: ErasureProposed, position: int) -> None:
    """Keep the proposal."""
    stay(state, event, erasure=Proposal(event.proposed_by, ERASE))


def evolve_erasure_decided(state: State, event: ErasureDecided, position: int) -> None:
    """Due at once; what is sealed leaves the record."""
    customer = known_customer(state, event.customer_id)
    assert customer is not None
    become(
        state,
        event,
        event.status,
        name=None,
        birth_date=None,
        erasure=None,
        verification=None,
        reclassification=None,
        erasing=event.subjects,
        erased_by=event.decided_by,
        due_at=event.decided_at,
    )


def evolve_erased(state: State, event: CustomerErased, position: int) -> None:
    """Forgotten."""
    become(state, event, event.status, erasing=(), due_at=None)
