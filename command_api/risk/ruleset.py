"""The ruleset: one immutable document that says which figures are suspicious, and what follows.

It is a TOML file, named by its version and the hash of its bytes (`2026-11-default@3fe1…`), so a decision that names it
can be made again. It is checked as a whole before it is used: an unknown key, a rule that cannot be evaluated or a
degraded policy that would let a payment pass is refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from command_api.risk.expression import Expression, ExpressionRefused
from contracts.money import CurrencyCode
from contracts.risk import (
    OWN_WORDS,
    WORDS_OF_ALL_ELSE,
    FeatureName,
    ReasonCode,
    ReasonWords,
    RiskDecision,
    Score,
)
from contracts.risk_words import RULESET_HASH_CHARS

RULES_MAX: Final = 100
RULESET_BYTES_MAX: Final = 262_144

SafeDecision = Literal["challenge", "review", "deny"]
Words = Annotated[str, Meta(min_length=1, max_length=200)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,34}\Z")]


class RulesetRefused(ValueError):
    """The ruleset may not be used. One line per mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule. When it holds: `points` are added, and the decision is at least `floor`.

    `on_error`: the least decision when it cannot be evaluated; its points are added then, too.
    """

    id: Name
    when: str
    points: Annotated[int, Meta(ge=0, le=1000)]
    floor: RiskDecision = "allow"
    on_error: SafeDecision = "review"
    reason: ReasonCode
    words: Words
    customer_words: Words = WORDS_OF_ALL_ELSE


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The decision a score leads to: from this score on."""

    challenge: Annotated[int, Meta(ge=1, le=1000)]
    review: Annotated[int, Meta(ge=1, le=1000)]
    deny: Annotated[int, Meta(ge=1, le=1001, description="1001: never by score alone.")]


class ModelUse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of the model's score (in percent) is added to the points, and from which on it is a reason."""

    weight_pct: Annotated[int, Meta(ge=0, le=100)] = 50
    high: Score = 700


class Band(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens below an amount while nothing is known."""

    currency: CurrencyCode
    below_minor: Annotated[int, Meta(ge=1)]
    decision: SafeDecision


class Degraded(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The policy while the features cannot be read, or are more than `lag_events_max` events behind the book.

    The first band of the currency that the amount is below decides; without one, `otherwise`.
    """

    otherwise: Literal["review", "deny"] = "review"
    lag_events_max: Annotated[int, Meta(ge=1, le=1_000_000)] = 2_000
    bands: Annotated[tuple[Band, ...], Meta(max_length=200)] = ()


class RulesetDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document as it is written."""

    version: Name
    words: Words
    thresholds: Thresholds
    model: ModelUse = ModelUse()
    degraded: Degraded = Degraded()
    rules: Annotated[tuple[Rule, ...], Meta(min_length=1, max_length=RULES_MAX)]


class Ruleset:
    """A document that was checked and compiled."""

    def __init__(self, document: RulesetDocument, conditions: tuple[Expression, ...], *, sha256_hex: str) -> None:
        self.document = document
        self.conditions = conditions
        self.sha256_hex = sha256_hex
        self.version = f"{document.version}@{sha256_hex[:RULESET_HASH_CHARS]}"
        self.features: frozenset[FeatureName] = frozenset(name for each in conditions for name in each.features)
        own = {
            rule.reason: ReasonWords(words=rule.words, customer_words=rule.customer_words) for rule in document.rules
        }
        self.words: Mapping[str, ReasonWords] = {**OWN_WORDS, **own}

    def degraded_decision(self, currency: str, amount_minor: int) -> RiskDecision:
        """Return what the policy says while nothing is known."""
        for band in self.document.degraded.bands:
            if band.currency == currency and amount_minor < band.below_minor:
                return band.decision
        return self.document.degraded.otherwise

    def threshold_decision(self, score: int) -> RiskDecision:
        """Return what a score leads to."""
        marks = self.document.thresholds
        if score >= marks.deny:
            return "deny"
        if score >= marks.review:
            return "review"
        return "challenge" if score >= marks.challenge else "allow"


def read_ruleset(content: bytes) -> Ruleset:
    """Check and compile a ruleset. Raises RulesetRefused with every mistake that can be told at once."""
    if len(content) > RULESET_BYTES_MAX:
        raise RulesetRefused([f"a ruleset has at most {RULESET_BYTES_MAX} bytes"])
    try:
        document = msgspec.convert(tomllib.loads(content.decode()), RulesetDocument)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise RulesetRefused([str(error) or "brackets stand too deep"]) from error
    mistakes = _contradictions(document)
    conditions: list[Expression] = []
    for rule in document.rules:
        try:
            conditions.append(Expression(rule.when))
        except ExpressionRefused as refused:
            mistakes.append(f"rule {rule.id}: {refused}")
    if mistakes:
        raise RulesetRefused(mistakes)
    return Ruleset(document, tuple(conditions), sha256_hex=sha256(content).hexdigest())


def _contradictions(document: RulesetDocument) -> list[str]:
    mistakes = []
    marks = document.thresholds
    if not marks.challenge <= marks.review <= marks.deny:
        mistakes.append("thresholds: challenge <= review <= deny")
    ids = [rule.id for rule in document.rules]
    mistakes += [
        f"rule {twice}: the id stands twice" for twice in sorted({name for name in ids if ids.count(name) > 1})
    ]
    mistakes += [
        f"rule {rule.id}: {rule.reason} is a reason of Bursar's own; choose another code"
        for rule in document.rules
        if rule.reason in OWN_WORDS
    ]
    said: dict[str, tuple[str, str]] = {}
    for rule in document.rules:
        words = (rule.words, rule.customer_words)
        if said.setdefault(rule.reason, words) != words:
            mistakes.append(f"rule {rule.id}: {rule.reason} has other words in another rule")
    below: dict[str, int] = {}
    for band in document.degraded.bands:
        if band.below_minor <= below.get(band.currency, 0):
            mistakes.append(f"degraded band {band.currency} below {band.below_minor}: bands of a currency must rise")
        below[band.currency] = band.below_minor
    return mistakes
