"""The policy: ordered rules, as data, and what each of them tolerates and how sure it is.

A rule pairs one line with one entry (``pair``), everything that shares references (``group``), or one item with several
of the other side that add up to it (``parts``). It tolerates a difference in amount and a distance in days, and its
score in permille says how sure a match by it is. At ``auto_permille`` and above a match stands by itself; below, it is
a suggestion that a person has to confirm.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

PERMILLE: Final = 1000
DIFFERENCE_COST_PERMILLE: Final = 50  # what a difference as large as the tolerance takes from the score
DAYS_MAX: Final = 400

Shape = Literal["pair", "group", "parts"]
# required: both carry one and the same; similar: both carry one, nearly the same; no_conflict: at least one side
# carries none; ignored: whatever they carry.
ReferenceTerm = Literal["required", "similar", "no_conflict", "ignored"]
DatedBy = Literal["booked_on", "value_on"]
Permille = Annotated[int, Meta(ge=0, le=PERMILLE)]
Days = Annotated[int, Meta(ge=0, le=DAYS_MAX)]


class MatchingRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way in which a line and an entry may belong together.

    ``days_early_max`` and ``days_late_max``: how many days the line may be before and after its entry. The tolerated
    difference is the larger of ``tolerance_minor`` and ``tolerance_permille`` of the line's amount. Every day of
    distance takes ``day_cost_permille`` from the score; a candidate counts as the best only when the next one is at
    least ``margin_permille`` worse.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}\Z")]
    shape: Shape
    reference: ReferenceTerm
    score_permille: Permille
    same_counterparty: bool = False
    tolerance_minor: Annotated[int, Meta(ge=0)] = 0
    tolerance_permille: Permille = 0
    days_early_max: Days = 0
    days_late_max: Days = 0
    day_cost_permille: Permille = 5
    margin_permille: Annotated[int, Meta(ge=1, le=PERMILLE)] = 1
    parts_max: Annotated[int, Meta(ge=2, le=8)] = 3


class MatchingPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules in the order in which they are tried, and the score from which a match needs nobody.

    ``dated_by``: which day of a line is compared; a line without a value date has its booking date.
    """

    rules: Annotated[tuple[MatchingRule, ...], Meta(min_length=1, max_length=50)]
    auto_permille: Permille = 800
    dated_by: DatedBy = "booked_on"

    def __post_init__(self) -> None:
        """Refuse two rules of one name: a match names its rule."""
        names = [rule.name for rule in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("two rules have the same name")


DEFAULT_POLICY: Final = MatchingPolicy(
    rules=(
        MatchingRule(
            name="reference_exact",
            shape="pair",
            reference="required",
            score_permille=1000,
            days_early_max=5,
            days_late_max=10,
        ),
        MatchingRule(
            name="reference_group",
            shape="group",
            reference="required",
            score_permille=950,
            days_early_max=5,
            days_late_max=10,
            parts_max=8,
        ),
        MatchingRule(
            name="counterparty_exact",
            shape="pair",
            reference="no_conflict",
            score_permille=920,
            same_counterparty=True,
            days_early_max=3,
            days_late_max=5,
            day_cost_permille=10,
            margin_permille=20,
        ),
        MatchingRule(
            name="amount_exact",
            shape="pair",
            reference="no_conflict",
            score_permille=870,
            days_early_max=1,
            days_late_max=3,
            day_cost_permille=10,
            margin_permille=30,
        ),
        MatchingRule(
            name="counterparty_parts",
            shape="parts",
            reference="no_conflict",
            score_permille=850,
            same_counterparty=True,
            days_early_max=1,
            days_late_max=5,
            parts_max=5,
        ),
        # From here on suggestions only.
        MatchingRule(
            name="reference_similar",
            shape="pair",
            reference="similar",
            score_permille=780,
            days_early_max=3,
            days_late_max=5,
        ),
        MatchingRule(
            name="amount_parts",
            shape="parts",
            reference="no_conflict",
            score_permille=600,
            days_late_max=1,
        ),
        MatchingRule(
            name="amount_only",
            shape="pair",
            reference="ignored",
            score_permille=500,
            days_early_max=1,
            days_late_max=3,
            day_cost_permille=10,
        ),
        MatchingRule(
            name="counterparty_near",
            shape="pair",
            reference="no_conflict",
            score_permille=450,
            same_counterparty=True,
            tolerance_permille=100,
            days_early_max=1,
            days_late_max=3,
            day_cost_permille=10,
        ),
    ),
)


def tolerated_minor(rule: MatchingRule, amount_minor: int) -> int:
    """Say by how much an entry may differ from a line of this amount, either way."""
    return max(rule.tolerance_minor, abs(amount_minor) * rule.tolerance_permille // PERMILLE)


def is_tolerated(rule: MatchingRule, line_minor: int, entry_minor: int) -> bool:
    """Whether two amounts are the same to this rule. Money in is never money out, whatever is tolerated."""
    same_way = (line_minor > 0) == (entry_minor > 0) and (line_minor < 0) == (entry_minor < 0)
    return same_way and abs(line_minor - entry_minor) <= tolerated_minor(rule, line_minor)


def in_window(rule: MatchingRule, days_late: int) -> bool:
    """Whether a line may be this many days after its entry (negative: before it)."""
    return -rule.days_early_max <= days_late <= rule.days_late_max


def score_of(rule: MatchingRule, *, days: int, line_minor: int, entry_minor: int) -> int:
    """Score a match in permille: the rule's own, less what distance in time and in amount cost."""
    cost = abs(days) * rule.day_cost_permille
    difference_minor = abs(line_minor - entry_minor)
    if difference_minor:
        cost += DIFFERENCE_COST_PERMILLE * difference_minor // max(1, tolerated_minor(rule, line_minor))
    return max(0, rule.score_permille - cost)
