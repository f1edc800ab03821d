"""Risk: what is known of a payment before it is decided, what the assessment says, and the same in words.

An assessment is made at the door and travels beside the command into the event, so a decision can be explained, and
made again from the same inputs, years later. It is written for that and for nothing else: integers, codes and versions.
Names, account numbers and free text have no place in it; customers, payees and devices are ids or keyed hashes.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from contracts.commands import Instant
from contracts.money import SCALE_MAX, AmountMinor, CurrencyCode

RISK_SCORE_MAX: Final = 1000
REASONS_MAX: Final = 64
WORDS_OF_ALL_ELSE: Final = "This payment needs a further check."

RiskDecision = Literal["allow", "challenge", "review", "deny"]
# From the mildest to the gravest. A combined decision is the gravest of its parts.
RISK_DECISIONS: Final[tuple[RiskDecision, ...]] = ("allow", "challenge", "review", "deny")

Subject = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_:.-]{0,127}\Z",
        description="An id or a keyed hash of a customer, account, payee or device; never a name or account number.",
    ),
]
ReasonCode = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]{2,39}\Z", description="Why, as a stable code.")]
FeatureName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{1,39}\Z")]
ShortCode = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
Version = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,47}(@[0-9a-f]{12})?\Z")]
Score = Annotated[int, Meta(ge=0, le=RISK_SCORE_MAX)]
FeatureValue = int | str

# What an assessment says beside the codes of its rules.
FEATURES_UNAVAILABLE: Final = "FEATURES_UNAVAILABLE"
FEATURES_BEHIND: Final = "FEATURES_BEHIND"
RULE_FAILED: Final = "RULE_FAILED"
MODEL_HIGH: Final = "MODEL_HIGH"


class RiskContext(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the door knows of a payment before it asks anybody. `is_new_payee`: the door's own word, if it has one."""

    customer_id: Subject
    account_id: Subject
    payee_id: Subject
    device_id: Subject | None = None
    amount_minor: AmountMinor
    currency: CurrencyCode
    scale: Annotated[int, Meta(ge=0, le=SCALE_MAX)]
    payment_type: ShortCode = "credit_transfer"
    rail: ShortCode = "book"
    is_new_payee: bool | None = None


class RiskAssessment(Struct, frozen=True, kw_only=True):
    """What was decided about a payment's risk, by which rules and model, from which features.

    `features` are those the rules and the model looked at, flags as 0 and 1. `degraded`: the features could not be read
    in time, and the policy for that case decided.
    """

    score: Score
    decision: RiskDecision
    reasons: Annotated[tuple[ReasonCode, ...], Meta(max_length=REASONS_MAX)]
    ruleset_version: Version
    model_version: Version | None = None
    model_score: Score | None = None
    features: dict[FeatureName, FeatureValue]
    assessed_at: Instant
    degraded: bool = False


class PaymentFact(Struct, frozen=True, kw_only=True, gc=False):
    """What the risk model learns from one event of the book. `at`: seconds since 1970 of its record.

    An outcome names only its payment; who and how much were told by the initiation.
    """

    position: int
    kind: Literal["initiated", "settled", "rejected"]
    payment_id: str
    at: int
    customer_id: str = ""
    payee_id: str = ""
    device_id: str = ""
    currency: str = ""
    amount_minor: int = 0
    payment_type: str = ""
    rail: str = ""


class ReasonWords(Struct, frozen=True, kw_only=True):
    """A reason in words: for the staff, with `{feature}` where a figure belongs, and for the customer."""

    words: str
    customer_words: str = WORDS_OF_ALL_ELSE


class RiskReason(Struct, frozen=True, kw_only=True):
    """One reason of an assessment, with its figures filled in."""

    code: str
    words: str
    customer_words: str


class RiskExplanation(Struct, frozen=True, kw_only=True):
    """Why a payment was decided as it was: what `explain` answers and a route returns."""

    decision: RiskDecision
    score: int
    degraded: bool
    reasons: tuple[RiskReason, ...]
    ruleset_version: str
    model_version: str | None
    assessed_at: datetime


OWN_WORDS: Final[Mapping[str, ReasonWords]] = {
    FEATURES_UNAVAILABLE: ReasonWords(words="What is known of customer, payee and device could not be read in time."),
    FEATURES_BEHIND: ReasonWords(words="What is known of customer, payee and device was too old to rely on."),
    RULE_FAILED: ReasonWords(words="A rule could not be evaluated and counted with its safe outcome."),
    MODEL_HIGH: ReasonWords(words="The statistical model found the payment unlike the customer's usual ones."),
}

_FIGURE: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def gravest(*decisions: RiskDecision) -> RiskDecision:
    """Return the gravest of the decisions; without any, allow."""
    return max(decisions, key=RISK_DECISIONS.index, default="allow")


def explain(assessment: RiskAssessment, words: Mapping[str, ReasonWords]) -> RiskExplanation:
    """Put an assessment into words. `words`: those of the ruleset that made it; an unknown code stands for itself."""

    def figure(match: re.Match[str]) -> str:
        return str(assessment.features.get(match[1], "unknown"))

    reasons = []
    for code in assessment.reasons:
        said = words.get(code) or OWN_WORDS.get(code) or ReasonWords(words=code)
        text = _FIGURE.sub(figure, said.words)
        reasons.append(RiskReason(code=code, words=text, customer_words=said.customer_words))
    return RiskExplanation(
        decision=assessment.decision,
        score=assessment.score,
        degraded=assessment.degraded,
        reasons=tuple(reasons),
        ruleset_version=assessment.ruleset_version,
        model_version=assessment.model_version,
        assessed_at=assessment.assessed_at,
    )
