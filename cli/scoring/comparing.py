"""The dry run: what a new policy would have decided about the payments of the past, beside the one that is active."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from cli.scoring.history import Moment
from contracts.risk import RISK_DECISIONS, RiskDecision

EXAMPLES_MAX: Final = 5


class Change(Struct, frozen=True, kw_only=True):
    """Payments that two policies decide in one way and another. `before` equals `after` where nothing changes."""

    before: RiskDecision
    after: RiskDecision
    payments: int
    amounts_minor: dict[str, int]
    examples: tuple[str, ...]


class Comparison(Struct, frozen=True, kw_only=True):
    """The outcome of a dry run. `failures`: rules of the new policy without a value, by rule."""

    before: str
    after: str
    payments: int
    changed: int
    first_at: str | None
    last_at: str | None
    changes: tuple[Change, ...]
    reasons: dict[str, int]
    failures: dict[str, int]


async def compare(moments: AsyncIterator[Moment], before: Any, after: Any, *, since_s: int = 0) -> Comparison:
    """Judge every payment since a second by both policies (`RiskPolicy`); earlier ones only make the features."""
    from command_api.risk.scoring import judge

    counts: Counter[tuple[RiskDecision, RiskDecision]] = Counter()
    amounts: defaultdict[tuple[RiskDecision, RiskDecision], Counter[str]] = defaultdict(Counter)
    examples: defaultdict[tuple[RiskDecision, RiskDecision], list[str]] = defaultdict(list)
    reasons: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    first = last = None
    async for moment in moments:
        if moment.at < since_s:
            continue
        at = datetime.fromtimestamp(moment.at, UTC)
        first, last = first or at, at
        old, new = (judge(moment.features, policy, at=at) for policy in (before, after))
        pair = (old.assessment.decision, new.assessment.decision)
        counts[pair] += 1
        amounts[pair][moment.context.currency] += moment.context.amount_minor
        if len(examples[pair]) < EXAMPLES_MAX:
            examples[pair].append(moment.payment_id)
        reasons.update(new.assessment.reasons)
        failures.update(failure.rule_id for failure in new.failures)
    changes = [
        Change(
            before=pair[0],
            after=pair[1],
            payments=counts[pair],
            amounts_minor=dict(sorted(amounts[pair].items())),
            examples=tuple(examples[pair]),
        )
        for pair in ((old, new) for old in RISK_DECISIONS for new in RISK_DECISIONS)
        if counts[pair]
    ]
    return Comparison(
        before=policy_name(before),
        after=policy_name(after),
        payments=counts.total(),
        changed=sum(change.payments for change in changes if change.before != change.after),
        first_at=first.isoformat() if first else None,
        last_at=last.isoformat() if last else None,
        changes=tuple(changes),
        reasons=dict(reasons.most_common()),
        failures=dict(failures.most_common()),
    )


def policy_name(policy: Any) -> str:
    """Name a policy by its versions."""
    return f"{policy.ruleset.version} with {policy.model.version if policy.model else 'no model'}"


def describe(found: Comparison) -> str:
    """Word a comparison for people."""
    lines = [
        f"active: {found.before}",
        f"new:    {found.after}",
        f"{found.payments:,} payments from {found.first_at or '-'} to {found.last_at or '-'}: "
        f"{found.changed:,} would be decided otherwise",
    ]
    for change in found.changes:
        amounts = ", ".join(f"{amount:,} {currency} minor" for currency, amount in change.amounts_minor.items())
        arrow = f"{change.before} -> {change.after}" if change.before != change.after else f"{change.after}, as before"
        lines.append(f"{change.payments:>9,} {arrow}: {amounts}")
        if change.before != change.after:
            lines.append(f"          such as {', '.join(change.examples)}")
    lines += [f"{count:>9,} x {reason}" for reason, count in found.reasons.items()]
    lines += [
        f"{count:>9,} x rule {rule} had no value and counted with its safe outcome"
        for rule, count in found.failures.items()
    ]
    return "\n".join(lines)
