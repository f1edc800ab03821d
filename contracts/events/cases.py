"""Events about cases: a listed name came up for a customer, and people decide whether it is them."""

from datetime import datetime
from typing import Final

from contracts.customer_codes import CaseDecision, CaseState
from contracts.events.event import EventData
from contracts.screening import ScreeningSummary


class CaseOpened(EventData, frozen=True, kw_only=True):
    """Somebody has to look. ``evidence``: the names that were compared, sealed under the customer's ``subject``."""

    case_id: str
    customer_id: str
    subject: str
    screening: ScreeningSummary
    evidence: str | None
    opened_at: datetime
    status: CaseState


class CaseDecisionProposed(EventData, frozen=True, kw_only=True):
    """One person would clear or confirm a case; another one has to agree."""

    case_id: str
    customer_id: str
    decision: CaseDecision
    reason: str
    proposed_by: str
    status: CaseState


class CaseCleared(EventData, frozen=True, kw_only=True):
    """Two people agree that the customer is somebody else than the list means."""

    case_id: str
    customer_id: str
    decision: CaseDecision
    reason: str
    proposed_by: str
    decided_by: str
    status: CaseState


class CaseConfirmed(EventData, frozen=True, kw_only=True):
    """Two people agree that the customer is who the list means."""

    case_id: str
    customer_id: str
    decision: CaseDecision
    reason: str
    proposed_by: str
    decided_by: str
    status: CaseState


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("case_opened", 1): CaseOpened,
    ("case_decision_proposed", 1): CaseDecisionProposed,
    ("case_cleared", 1): CaseCleared,
    ("case_confirmed", 1): CaseConfirmed,
}
