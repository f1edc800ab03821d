"""Commands about cases."""

from contracts.commands.command import Command, Reason
from contracts.customer_codes import CaseDecision
from contracts.ids import CaseId


class ReviewCase(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="review_case"):
    """Clear or confirm a case: the first person proposes, a second one who agrees decides."""

    case_id: CaseId
    decision: CaseDecision
    reason: Reason
