"""Customers for tests that are about something else: they are there, and two people have verified them."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.domain.customers.life_cycle import CUSTOMER, Customer
from ledger.domain.state import State


def verify_customers(state: State, *customer_ids: str) -> None:
    """Put verified customers into a state, without the events that would have led there."""
    for customer_id in customer_ids:
        state.records[CUSTOMER, customer_id] = Customer(
            customer_id=customer_id,
            subject=f"subj_{customer_id.rpartition('_')[2]:0>32}",
            state="verified",
            kind="person",
            country="DE",
            name=None,
            birth_date=None,
            risk_class="medium",
            applied_by="front",
            screened=True,
            evidenced=True,
            related=True,
            verified_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
