"""One assessment at the door: read the features, score, decide; and what happens when they cannot be read.

The door never lets a payment pass because something is broken. Features that do not come in time, or are far behind the
book, lead to the ruleset's policy for that case: challenge, review or deny, by the amount.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

from command_api.risk.features import features_of
from command_api.risk.reading import FeaturesUnavailable, FigureSource, Read
from command_api.risk.scoring import RiskPolicy, judge, judge_degraded
from command_api.risk.shelf import ActivePolicy
from contracts.risk import FEATURES_BEHIND, FEATURES_UNAVAILABLE, RiskAssessment, RiskContext
from runtime.clock import Clock

ASSESS_BUCKETS_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.05, 0.1)
WARN_EVERY_S: Final = 5.0  # a broken Redis would otherwise fill the log, a line for each payment

_log = structlog.get_logger(__name__)


class RiskMetrics:
    """The score's figures for Prometheus."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.assessments = Counter(
            "command_api_risk_assessments_total",
            "Payments assessed, by decision; degraded: without features.",
            ["decision", "degraded"],
            registry=registry,
        )
        self.rule_failures = Counter(
            "command_api_risk_rule_failures_total",
            "Rules that could not be evaluated and counted with their safe outcome.",
            ["rule"],
            registry=registry,
        )
        self.seconds = Histogram(
            "command_api_risk_assess_seconds",
            "Time to assess a payment, Redis included.",
            registry=registry,
            buckets=ASSESS_BUCKETS_S,
        )


class Scorer:
    """Assesses payments. Never raises for anything outside this process: every payment gets a decision."""

    def __init__(
        self,
        source: FigureSource,
        active: ActivePolicy,
        *,
        clock: Clock,
        metrics: RiskMetrics,
        head: Callable[[], int | None] = lambda: None,
    ) -> None:
        """`head`: the newest position of the book that this process knows of, see lag.py; None: not known."""
        self._head = head
        self._source = source
        self._active = active
        self._clock = clock
        self._metrics = metrics
        self._warn_at = 0.0

    async def assess(self, context: RiskContext) -> RiskAssessment:
        """Assess one payment as of now."""
        began = self._clock.monotonic()
        policy = self._active.current()
        try:
            read = await self._source.read(context, now_s=int(self._clock.now().timestamp()))
        except FeaturesUnavailable as unavailable:
            assessment = self._degrade(context, policy, FEATURES_UNAVAILABLE, str(unavailable))
        else:
            assessment = self._judge(context, policy, read)
        self._metrics.assessments.labels(assessment.decision, str(assessment.degraded).lower()).inc()
        self._metrics.seconds.observe(self._clock.monotonic() - began)
        return assessment

    def _judge(self, context: RiskContext, policy: RiskPolicy, read: Read) -> RiskAssessment:
        head = self._head()
        lag = 0 if head is None else head - read.position
        if lag > policy.ruleset.document.degraded.lag_events_max:
            return self._degrade(context, policy, FEATURES_BEHIND, f"the risk model is {lag} events behind the book")
        now = self._clock.now()
        features = features_of(context, read.figures, now_s=int(now.timestamp()))
        assessment, failures = judge(features, policy, at=now)
        for failure in failures:
            self._metrics.rule_failures.labels(failure.rule_id).inc()
            _log.error(
                "risk_rule_failed", rule=failure.rule_id, ruleset=policy.ruleset.version, detail=failure.detail[:200]
            )
        return assessment

    def _degrade(self, context: RiskContext, policy: RiskPolicy, reason: str, detail: str) -> RiskAssessment:
        if self._clock.monotonic() >= self._warn_at:
            self._warn_at = self._clock.monotonic() + WARN_EVERY_S
            _log.warning("risk_degraded", reason=reason, detail=detail)
        return judge_degraded(context, policy, reason, at=self._clock.now())
