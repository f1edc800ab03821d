"""What the door found out about a payment before anything was decided.

It travels beside the command and into the event, so that a decision can be explained by what was known at the time.
"""

from datetime import datetime

from msgspec import Struct

from contracts.risk import RiskAssessment
from contracts.screening import ScreeningSummary


class Authentication(Struct, frozen=True, kw_only=True):
    """How the caller proved who they are: the token's authentication context class, and when (RFC 9470)."""

    acr: str | None = None
    authenticated_at: datetime | None = None


class Assessment(Struct, frozen=True, kw_only=True):
    """Screening of the parties and the risk score.

    None: not asked, because nobody outside is involved, or by policy.
    """

    screening: ScreeningSummary | None = None
    risk: RiskAssessment | None = None
