"""Random people and random customers keep the rules; with a fault planted into a decision, they are caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from msgspec.structs import replace

from contracts import events as e
from ledger.domain import four_eyes
from ledger.domain.book import EVOLVERS
from ledger.domain.customers import cases, ending, life_cycle, onboarding
from ledger.domain.customers.life_cycle import CUSTOMER, known_customer
from ledger.domain.payments import gates
from tests.ledger.customers.machine import CustomerMachine

RUNS: Final = 150
FAULTY_RUNS: Final = 200
BEGINNINGS_MAX: Final = 10  # one run of random steps may go round in circles for long; another seed begins elsewhere
Plant = Callable[[pytest.MonkeyPatch], None]


def run(runs: int, *, beginning: int, shrink: bool) -> None:
    """Run the machine; raises AssertionError for what an auditor would object to.

    ``beginning``: the seed of the random steps; ``shrink``: tell of it by the shortest way.
    """
    run_state_machine_as_test(
        seed(beginning)(CustomerMachine),
        settings=settings(
            max_examples=runs,
            stateful_step_count=40,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
        ),
    )


def test_random_people_keep_the_rules() -> None:
    run(RUNS, beginning=0, shrink=True)


def exchange(patch: pytest.MonkeyPatch, table: Any, key: Any, value: Any) -> None:
    """Put something else into one of the domain's tables."""
    patch.setitem(table, key, value)


def opinions(patch: pytest.MonkeyPatch, function: Callable[..., Any]) -> None:
    for module in (onboarding, cases, ending):
        patch.setattr(module, "second_opinion", function)


def ignore_cases_at_verification(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(onboarding, "_without_case", lambda customer: customer)


def take_the_same_person_twice(patch: pytest.MonkeyPatch) -> None:
    def twice(proposal: Any, choice: str, *, subject: str, barred: Any = ()) -> Any:
        if proposal is not None and proposal == four_eyes.Proposal(subject, choice):
            return proposal
        return four_eyes.second_opinion(proposal, choice, subject=subject, barred=barred)

    opinions(patch, twice)


def let_the_applicant_decide(patch: pytest.MonkeyPatch) -> None:
    opinions(patch, lambda proposal, choice, *, subject, barred=(): four_eyes.second_opinion(
        proposal, choice, subject=subject))  # fmt: skip


def take_disagreement_for_agreement(patch: pytest.MonkeyPatch) -> None:
    opinions(patch, lambda proposal, choice, *, subject, barred=(): four_eyes.second_opinion(
        None if proposal is None else four_eyes.Proposal(proposal.subject, choice), choice,
        subject=subject, barred=barred))  # fmt: skip


def screen_somebody_forgotten(patch: pytest.MonkeyPatch) -> None:
    for state in ("erasing", "erased"):
        exchange(patch, life_cycle.CUSTOMER_TRANSITIONS, (state, e.CustomerScreened), frozenset({state}))


def keep_what_was_sealed(patch: pytest.MonkeyPatch) -> None:
    def keeping(state: Any, event: e.ErasureDecided, position: int) -> None:
        before = known_customer(state, event.customer_id)
        assert before is not None
        ending.evolve_erasure_decided(state, event, position)
        after = known_customer(state, event.customer_id)
        assert after is not None
        state.records[CUSTOMER, event.customer_id] = replace(after, name=before.name)

    exchange(patch, EVOLVERS, e.ErasureDecided, keeping)


def forget_the_retention(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ending, "retention_until", lambda customer, ended_at: None)


def overlook_open_accounts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ending, "_open_account", lambda customer, state: None)


def forget_confirmed_cases(patch: pytest.MonkeyPatch) -> None:
    def forgetting(state: Any, event: e.CaseConfirmed, position: int) -> None:
        cases.evolve_decided(state, event, position)
        customer = known_customer(state, event.customer_id)
        assert customer is not None
        state.records[CUSTOMER, event.customer_id] = replace(customer, confirmed_cases=())

    exchange(patch, EVOLVERS, e.CaseConfirmed, forgetting)


def keep_a_proposal_when_a_case_comes_up(patch: pytest.MonkeyPatch) -> None:
    def keeping(state: Any, event: e.CaseOpened, position: int) -> None:
        before = known_customer(state, event.customer_id)
        assert before is not None
        cases.evolve_opened(state, event, position)
        after = known_customer(state, event.customer_id)
        assert after is not None
        state.records[CUSTOMER, event.customer_id] = replace(after, verification=before.verification)

    exchange(patch, EVOLVERS, e.CaseOpened, keeping)


def let_everybody_pay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gates, "why_not_paying", lambda state, customer_id: None)


def let_people_pay_beside_a_case(patch: pytest.MonkeyPatch) -> None:
    def without_cases(state: Any, customer_id: str | None) -> str | None:
        customer = None if customer_id is None else known_customer(state, customer_id)
        return None if customer is None or customer.state == "verified" else "not verified"

    patch.setattr(gates, "why_not_paying", without_cases)


FAULTS: Final[tuple[Plant, ...]] = (
    ignore_cases_at_verification,
    take_the_same_person_twice,
    let_the_applicant_decide,
    take_disagreement_for_agreement,
    screen_somebody_forgotten,
    keep_what_was_sealed,
    forget_the_retention,
    overlook_open_accounts,
    forget_confirmed_cases,
    keep_a_proposal_when_a_case_comes_up,
    let_everybody_pay,
    let_people_pay_beside_a_case,
)


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_the_random_run_fails_when(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)

    with pytest.raises(AssertionError):
        run_again_and_again()


def run_again_and_again() -> None:
    for beginning in range(1, 1 + BEGINNINGS_MAX):
        run(FAULTY_RUNS, beginning=beginning, shrink=False)
