"""Features to an assessment, by a ruleset and a model. Pure: the same inputs give the same assessment, for ever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from command_api.risk.expression import ExpressionFailed, context_of
from command_api.risk.model import RiskModel
from command_api.risk.ruleset import Ruleset
from contracts.risk import (
    MODEL_HIGH,
    REASONS_MAX,
    RISK_SCORE_MAX,
    RULE_FAILED,
    FeatureValue,
    RiskAssessment,
    RiskContext,
    RiskDecision,
    gravest,
)


class RiskPolicy(NamedTuple):
    """What decides: a ruleset, and a model beside it or none."""

    ruleset: Ruleset
    model: RiskModel | None


class RuleFailure(NamedTuple):
    """A rule that had no value, and why."""

    rule_id: str
    detail: str


class Verdict(NamedTuple):
    """An assessment, and the rules that could not be evaluated on the way."""

    assessment: RiskAssessment
    failures: tuple[RuleFailure, ...]


def judge(features: Mapping[str, FeatureValue], policy: RiskPolicy, *, at: datetime) -> Verdict:
    """Score the features and decide.

    The score is the sum of the points of the rules that hold, and of the model's share, at most 1000. The decision is
    the gravest of: what the score leads to, the floors of those rules, and for a rule that failed its `on_error`.
    """
    ruleset, model = policy
    context = context_of({name: features[name] for name in ruleset.features})
    points, reasons, failures = 0, [], []
    floors: list[RiskDecision] = []
    for rule, condition in zip(ruleset.document.rules, ruleset.conditions, strict=True):
        try:
            if not condition.holds(context):
                continue
            floors.append(rule.floor)
        except ExpressionFailed as failed:
            failures.append(RuleFailure(rule.id, str(failed)))
            floors.append(gravest(rule.floor, rule.on_error))
        points += rule.points
        reasons.append(rule.reason)
    model_score = model.score(features) if model is not None else None
    if model_score is not None:
        points += model_score * ruleset.document.model.weight_pct // 100
        if model_score >= ruleset.document.model.high:
            reasons.append(MODEL_HIGH)
    if failures:
        reasons.insert(0, RULE_FAILED)
    score = min(points, RISK_SCORE_MAX)
    used = ruleset.features | (model.features if model is not None else frozenset())
    assessment = RiskAssessment(
        score=score,
        decision=gravest(ruleset.threshold_decision(score), *floors),
        reasons=tuple(dict.fromkeys(reasons))[:REASONS_MAX],
        ruleset_version=ruleset.version,
        model_version=model.version if model is not None else None,
        model_score=model_score,
        features={name: features[name] for name in sorted(used)},
        assessed_at=at,
    )
    return Verdict(assessment, tuple(failures))


def judge_degraded(context: RiskContext, policy: RiskPolicy, reason: str, *, at: datetime) -> RiskAssessment:
    """Decide by the amount alone, as the ruleset says for the time when nothing is known. Never allows.

    The score is the one from which the thresholds would lead to the same decision.
    """
    ruleset = policy.ruleset
    decision = ruleset.degraded_decision(context.currency, context.amount_minor)
    marks = ruleset.document.thresholds
    score = {"challenge": marks.challenge, "review": marks.review, "deny": marks.deny}[decision]
    return RiskAssessment(
        score=min(score, RISK_SCORE_MAX),
        decision=decision,
        reasons=(reason,),
        ruleset_version=ruleset.version,
        model_version=policy.model.version if policy.model is not None else None,
        features={"amount_minor": context.amount_minor, "currency": context.currency},
        assessed_at=at,
        degraded=True,
    )
