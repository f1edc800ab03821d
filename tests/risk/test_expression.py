"""Conditions: what may be said, and that nothing hostile is ever run."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command_api.risk.expression import (
    EXPRESSION_CHARS_MAX,
    Expression,
    ExpressionFailed,
    ExpressionRefused,
    context_of,
)
from contracts.risk_features import FEATURE_OF, FIGURE_MAX
from tests.risk.rules import nothing_known

HANGS_AFTER_S = 10.0  # of processor time


def holds(text: str, **features: int | str) -> bool:
    return Expression(text).holds(context_of({**nothing_known(), **features}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amount_minor >= 1000", True),
        ("amount_minor > 1000", False),
        ("is_new_payee && !has_no_device", True),
        ("currency in ['EUR', 'USD']", True),
        ("currency == 'JPY' || amount_minor * 2 == 2000", True),
        ("(customer_amount_24h - amount_minor) / 10 % 3 == 0", True),
        ("is_new_payee ? amount_minor > 5000 : true", False),
        ("-amount_minor < 0", True),
    ],
)
def test_a_condition_is_plain_cel(text: str, expected: bool) -> None:
    assert holds(text) is expected


HOSTILE = {
    "a loop": "[1, 2, 3].all(x, x > 0)",
    "a loop over a feature's name": "[1, 2].map(amount_minor, amount_minor).size() > 0",
    "loops in loops": "[1,2,3,4,5,6,7,8,9].map(a,[1,2,3,4,5,6,7,8,9].map(b,1)).size() > 0",
    "a macro": "has(amount_minor.x)",
    "a function": "size(currency) > 2",
    "a pattern that backtracks": "currency.matches('(a+)+$')",
    "a cast": "int(currency) > 1",
    "a clock": "timestamp('2026-01-01T00:00:00Z') < 1",
    "a call of a feature": "amount_minor(1)",
    "an index": "currency[0] == 'E'",
    "a map": "{'a': 1}['a'] == 1",
    "a field": "currency.length > 1",
    "a fraction": "amount_minor > 1.5",
    "an unsigned figure": "amount_minor > 1u",
    "a figure in sixteens": "amount_minor > 0x10",
    "a figure beyond 64 bits": "amount_minor > 99999999999999999999",
    "bytes": "b'x' == b'x'",
    "an escape": "currency == '\\\\u0041'",
    "a raw text": "r'x' == currency",
    "a text of three quotes": "'''x''' == currency",
    "a remark": "amount_minor > 1 // && false",
    "an unknown name": "password == 'x'",
    "a name of Python": "__import__ == 1",
    "a name from inside CEL": "@result > 1",
    "null": "currency == null",
    "a type": "type == type",
    "a very long text": f"currency == '{'x' * 100}'",
    "a very long condition": "amount_minor > 1 && " * 100 + "true",
    "deep brackets": "(" * 200 + "true" + ")" * 200,
    "very deep brackets": "(" * 100_000 + "1" + ")" * 100_000,
    "deep lists": "amount_minor in " + "[" * 50 + "1" + "]" * 50,
    "many signs": "!" * 300 + "is_new_payee",
    "nothing": "",
    "spaces": "   ",
    "half a condition": "amount_minor >",
    "no condition": "amount_minor + 1",
    "two types": "currency > 5",
    "two types behind or": "is_new_payee || currency > 5",
    "two types behind and": "amount_minor > 1000 && currency > 5",
    "a certain division by zero": "amount_minor / 0 > 1",
    "a line end": "amount_minor > 1\x00",
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_condition_is_refused_at_once(what: str) -> None:
    began = time.process_time()
    with pytest.raises(ExpressionRefused):
        Expression(HOSTILE[what])
    assert time.process_time() - began < HANGS_AFTER_S


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.text(alphabet="()[]!<>=&|+-*/%?:,'. 019aminort_", max_size=80)))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    """Nothing else comes out of it, whatever goes in."""
    with contextlib.suppress(ExpressionRefused):
        Expression(text)


COMPARISONS = st.builds(
    lambda name, sign, figure: f"{name} {sign} {figure}",
    st.sampled_from([name for name, feature in FEATURE_OF.items() if feature.kind not in ("flag", "text")]),
    st.sampled_from(("<", ">=", "==", "* 3 >", "+ 1 >", "- 7 <")),
    st.integers(0, 10**18 - 1),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(COMPARISONS, min_size=1, max_size=8),
    st.sampled_from((" && ", " || ")),
    st.sampled_from((0, 1, FIGURE_MAX)),
)
def test_a_condition_that_was_accepted_has_a_value_or_fails_as_such(parts: list[str], sign: str, figure: int) -> None:
    """Over the smallest and the largest features: true, false, or ExpressionFailed, which has a safe outcome."""
    text = sign.join(parts)
    if len(text) > EXPRESSION_CHARS_MAX:
        return
    condition = Expression(text)
    features = {name: "" if FEATURE_OF[name].kind == "text" else figure for name in condition.features}
    with contextlib.suppress(ExpressionFailed):
        assert condition.holds(context_of(features)) in (True, False)


def test_what_has_no_value_fails_and_is_not_false() -> None:
    condition = Expression("amount_minor / (customer_failed_1h + 0) > 1")
    with pytest.raises(ExpressionFailed, match="division by zero"):
        condition.holds(context_of({"amount_minor": 5, "customer_failed_1h": 0}))
