"""Scores and decisions: repeatable, monotone, blind to splitting, and never softer because something failed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command_api.risk import scoring
from command_api.risk.features import features_of
from command_api.risk.memory import RiskMemory
from command_api.risk.model import ModelRefused, ladder, read_model
from command_api.risk.ruleset import Ruleset, RulesetRefused, read_ruleset
from command_api.risk.scoring import RiskPolicy, judge, judge_degraded
from contracts.risk import RISK_DECISIONS, FeatureValue, RiskAssessment, RiskDecision, explain, gravest
from contracts.risk_features import (
    FEATURE_OF,
    FEATURES,
    FIGURE_MAX,
    HOUR_S,
    RATIO_MAX,
    RINGS,
    WINDOWS,
    amount_of_step,
    amount_step,
)
from tests.risk.histories import BEGIN_S, context_of, initiated, moment
from tests.risk.rules import HEAD, default_ruleset, model_bytes, nothing_known, rule, ruleset

AT = moment(BEGIN_S)
FIGURES_MAX = {"flag": 1, "count": 2_000, "amount": FIGURE_MAX, "age": 20_000, "ratio": RATIO_MAX}


def assessed(features: dict[str, FeatureValue], policy: RiskPolicy) -> RiskAssessment:
    return judge(features, policy, at=AT).assessment


@st.composite
def features(draw: st.DrawFn) -> dict[str, FeatureValue]:
    drawn: dict[str, FeatureValue] = {}
    for feature in FEATURES:
        if feature.kind == "text":
            drawn[feature.name] = draw(st.sampled_from(("EUR", "JPY", "book")))
        else:
            top = FIGURES_MAX[feature.kind]
            drawn[feature.name] = draw(st.one_of(st.integers(0, min(top, 30)), st.integers(0, top)))
    return drawn


MOVABLE = [feature.name for feature in FEATURES if feature.risk != "open"]
WITH_MODEL = RiskPolicy(default_ruleset(), read_model(model_bytes()))


@settings(max_examples=400, deadline=None)
@given(features(), st.lists(st.tuples(st.sampled_from(MOVABLE), st.integers(0, FIGURE_MAX)), max_size=5))
def test_more_of_what_is_risky_never_gives_a_lower_score_or_a_milder_decision(
    before: dict[str, FeatureValue], moves: list[tuple[str, int]]
) -> None:
    after = dict(before)
    for name, figure in moves:
        feature, old = FEATURE_OF[name], after[name]
        assert isinstance(old, int)
        figure = min(figure, FIGURES_MAX[feature.kind])
        after[name] = max(old, figure) if feature.risk == "rises" else min(old, figure)
    one, two = assessed(before, WITH_MODEL), assessed(after, WITH_MODEL)
    assert two.score >= one.score
    assert RISK_DECISIONS.index(two.decision) >= RISK_DECISIONS.index(one.decision)
    assert (two.model_score or 0) >= (one.model_score or 0)


@settings(max_examples=100, deadline=None)
@given(features())
def test_the_same_features_give_the_same_assessment_from_a_ruleset_and_model_read_anew(
    given_features: dict[str, FeatureValue],
) -> None:
    """Replay: what is kept of a decision (features used, versions, second) is enough to make it again."""
    first = assessed(given_features, WITH_MODEL)
    again = judge(first.features, RiskPolicy(default_ruleset(), read_model(model_bytes())), at=first.assessed_at)
    assert again.assessment == first


VELOCITY = ruleset(
    rule("customer_amount_24h >= 1000000", points=700, more='floor = "review"'),
    rule("customer_amount_1h >= 500000", points=300, name="two", reason="REASON_TWO"),
)


def last_decision(amounts: list[int], gaps_s: list[int]) -> tuple[RiskDecision, int]:
    """Pay one after the other and give what is decided about the last."""
    memory, at, decided = RiskMemory(), BEGIN_S, assessed(nothing_known(), RiskPolicy(VELOCITY, None))
    for position, (amount, gap_s) in enumerate(zip(amounts, gaps_s, strict=True), start=1):
        at += gap_s
        context = context_of("alice", f"shop{position}", "", "EUR", amount)
        known = features_of(context, memory.figures(context, now_s=at), now_s=at)
        decided = assessed(known, RiskPolicy(VELOCITY, None))
        memory.learn(initiated(position, at, ("alice", f"shop{position}", "", "EUR"), amount))
    return decided.decision, decided.score


SPLITS = st.integers(1, 3_000_000).flatmap(
    lambda total: (
        st.lists(st.integers(1, total - 1), max_size=12).map(
            lambda cuts: [
                high - low for low, high in zip([0, *sorted(set(cuts))], [*sorted(set(cuts)), total], strict=True)
            ]
        )
        if total > 1
        else st.just([1])
    )
)


@settings(max_examples=200, deadline=None)
@given(SPLITS, st.data())
def test_many_small_payments_are_decided_like_one_of_their_sum(amounts: list[int], data: st.DataObject) -> None:
    gap_max_s = HOUR_S // len(amounts)
    gaps = data.draw(st.lists(st.integers(0, gap_max_s), min_size=len(amounts), max_size=len(amounts)))
    assert last_decision(amounts, gaps) == last_decision([sum(amounts)], [0])


def test_a_window_that_is_one_bucket_short_would_let_a_split_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: two payments 24 hours less a moment apart, and the day's window without its oldest bucket."""
    parts, apart = [600_000, 400_000], [HOUR_S - 1, 24 * HOUR_S - 1]
    assert last_decision(parts, apart)[0] == "review"
    short = [window._replace(buckets=window.buckets - 1) for window in WINDOWS]
    monkeypatch.setattr("command_api.risk.memory.WINDOWS", short)
    assert last_decision(parts, apart)[0] != "review"


class TestFailures:
    """A rule without a value, a policy without features."""

    BROKEN = rule("amount_minor / (customer_failed_1h + 0) > 1", points=10, more='on_error = "deny"')

    def test_a_rule_that_fails_counts_with_its_safe_outcome(self) -> None:
        verdict = judge(nothing_known(), RiskPolicy(ruleset(self.BROKEN), None), at=AT)
        assert (verdict.assessment.decision, verdict.assessment.score) == ("deny", 10)
        assert verdict.assessment.reasons == ("RULE_FAILED", "REASON_ONE")
        assert [failure.rule_id for failure in verdict.failures] == ["one"]

    def test_it_cannot_be_configured_to_allow(self) -> None:
        with pytest.raises(RulesetRefused, match="allow"):
            ruleset(rule("is_new_payee", more='on_error = "allow"'))

    @pytest.mark.parametrize(
        ("currency", "amount", "expected"),
        [("EUR", 4_999, "challenge"), ("EUR", 5_000, "review"), ("JPY", 1, "review")],
    )
    def test_without_features_the_amount_decides(self, currency: str, amount: int, expected: str) -> None:
        context = context_of("alice", "shop", "", currency, amount)
        found = judge_degraded(context, RiskPolicy(VELOCITY, None), "FEATURES_UNAVAILABLE", at=AT)
        assert (found.decision, found.degraded, found.reasons) == (expected, True, ("FEATURES_UNAVAILABLE",))

    @settings(max_examples=100, deadline=None)
    @given(st.integers(1, 2**63 - 1), st.sampled_from(("EUR", "USD", "JPY", "XYZ")))
    def test_without_features_nothing_is_allowed(self, amount: int, currency: str) -> None:
        never_allows(amount, currency)

    def test_a_policy_that_allows_would_be_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Planted: degraded means allow."""
        monkeypatch.setattr(Ruleset, "degraded_decision", lambda self, currency, amount: "challenge")
        never_allows(1, "EUR")
        monkeypatch.setattr(Ruleset, "degraded_decision", lambda self, currency, amount: "allow")
        with pytest.raises((AssertionError, KeyError)):
            never_allows(1, "EUR")

    def test_a_rule_that_failed_and_counted_as_false_would_be_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Planted: the safe outcome of a failing rule is forgotten."""
        monkeypatch.setattr(scoring, "gravest", lambda *decisions: decisions[0])
        with pytest.raises(AssertionError):
            self.test_a_rule_that_fails_counts_with_its_safe_outcome()


def never_allows(amount: int, currency: str) -> None:
    for policy in (WITH_MODEL, RiskPolicy(VELOCITY, None)):
        context = context_of("alice", "shop", "", currency, amount)
        assert judge_degraded(context, policy, "FEATURES_UNAVAILABLE", at=AT).decision != "allow"


REFUSED: dict[str, Callable[[], str]] = {
    "an unknown key": lambda: HEAD + rule("is_new_payee", more="weight = 3"),
    "no rules": lambda: HEAD,
    "an id twice": lambda: HEAD + rule("is_new_payee") * 2,
    "thresholds that fall": lambda: HEAD.replace("review = 600", "review = 200") + rule("is_new_payee"),
    "a code of Bursar's own": lambda: HEAD + rule("is_new_payee", reason="MODEL_HIGH"),
    "a code with two meanings": lambda: (
        HEAD + rule("is_new_payee") + rule("is_new_device", name="two").replace("Said.", "Other.")
    ),
    "bands that fall": lambda: (
        HEAD.replace("bands = [", 'bands = [{ currency = "EUR", below_minor = 9000, decision = "review" }, ')
        + rule("is_new_payee")
    ),
    "a degraded policy that allows": lambda: HEAD.replace('"challenge" }', '"allow" }') + rule("is_new_payee"),
    "otherwise allow": lambda: HEAD.replace('otherwise = "review"', 'otherwise = "allow"') + rule("is_new_payee"),
    "a condition that does not compile": lambda: HEAD + rule("is_new_payee &&"),
    "too many rules": lambda: HEAD + "".join(rule("is_new_payee", name=f"r{n}") for n in range(101)),
    "no TOML": lambda: "rules = [",
    "TOML that is too deep": lambda: "rules = " + "[" * 100_000,
    "TOML that is too long": lambda: HEAD + rule("is_new_payee") + "#" * 300_000,
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_ruleset_is_refused_as_a_whole(what: str) -> None:
    with pytest.raises(RulesetRefused) as refused:
        read_ruleset(REFUSED[what]().encode())
    assert refused.value.mistakes


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(RulesetRefused) as refused:
        ruleset(rule("nobody == 1"), rule("size(currency) > 1", name="two"))
    assert [line.split(":")[0] for line in refused.value.mistakes] == ["rule one", "rule two"]


class TestModel:
    """The model's own arithmetic."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"inputs": [{"feature": "amount_minor", "kind": "ladder", "cap": 9, "weight": -1}]},
            {"inputs": [{"feature": "payee_age_h", "kind": "ladder", "cap": 9, "weight": 1}]},
            {"inputs": [{"feature": "currency", "kind": "ladder", "cap": 9, "weight": 1}]},
            {"inputs": [{"feature": "nobody", "kind": "ladder", "cap": 9, "weight": 1}]},
            {"inputs": [{"feature": "is_new_payee", "kind": "ladder", "cap": 9, "weight": 1}]},
            {"curve": [1000, *[0] * 128]},
            {"curve": [0]},
            {"bias": 1.5},
        ],
        ids=str,
    )
    def test_a_model_that_could_fall_or_round_is_refused(self, changes: dict[str, object]) -> None:
        with pytest.raises(ModelRefused):
            read_model(model_bytes(**changes))

    @given(st.integers(0, 2**62))
    def test_its_ladder_never_falls(self, figure: int) -> None:
        assert 0 <= ladder(figure) <= ladder(figure + 1)

    @given(st.integers(1, 2**63 - 1))
    def test_the_amount_of_a_step_is_within_a_fifth_of_what_stands_on_it(self, amount: int) -> None:
        step = amount_step(amount)
        assert amount_step(amount_of_step(step)) == step
        assert amount_of_step(step) <= amount <= amount_of_step(step) * 5 // 4


def test_every_window_fits_its_ring() -> None:
    assert all(window.buckets < RINGS[window.ring].slots for window in WINDOWS)


def test_the_graver_decision_wins() -> None:
    assert gravest() == "allow"
    assert gravest("review", "challenge") == "review"
    assert gravest("allow", "deny", "challenge") == "deny"


def test_a_decision_is_explained_in_words_with_its_figures() -> None:
    rules = ruleset(
        rule("amount_minor > 5", points=700, more='customer_words = "It is high."').replace(
            "Said.", "{amount_minor} is a lot of {nothing}."
        )
    )
    found = explain(assessed(nothing_known(), RiskPolicy(rules, None)), rules.words)
    assert (found.decision, found.score) == ("review", 700)
    [reason] = found.reasons
    assert (reason.code, reason.words) == ("REASON_ONE", "1000 is a lot of unknown.")
    assert reason.customer_words == "It is high."


def test_the_model_card_lists_every_feature_as_the_code_has_it() -> None:
    card = (Path(__file__).parents[2] / "docs/reference/risk-model.md").read_text("utf-8")
    rows = [f"| `{each.name}` | {each.kind} | {each.risk} | {each.words} |" for each in FEATURES]
    assert card.splitlines()[-len(rows) :] == rows


def test_the_features_that_are_made_are_those_that_are_listed() -> None:
    assert list(nothing_known()) == [feature.name for feature in FEATURES]
