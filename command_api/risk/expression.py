"""One condition of a rule: a small part of CEL, over named features.

A condition may compare, add, multiply and combine features and constants, and look into a list of constants. It may not
call anything: neither a function nor a macro, so nothing in it repeats, and its cost is bounded by its length. What is
allowed is checked on the text before CEL sees it, because CEL does not name the macros it expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product, zip_longest
from typing import Final

import cel

from contracts.risk import FeatureValue
from contracts.risk_features import FEATURE_OF

EXPRESSION_CHARS_MAX: Final = 500
NESTING_MAX: Final = 12
TOKENS_MAX: Final = 120
TEXT_CHARS_MAX: Final = 40
FIGURE_IN_RULE_MAX: Final = 2**62  # CEL counts in 64 bits; half of that leaves room to add two of them

TRIED_FIGURES: Final = (1, 10**9)  # neither divides by zero alone, and a product of two fits

WORDS: Final = frozenset({"true", "false", "in"})
# Python's own integers are not used: "1u" and "0x1" would be other types in CEL. A point would be a field or a macro.
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<figure>[0-9]{1,18}(?![0-9A-Za-z_.]))"
    r"|(?P<text>'[A-Za-z0-9 _-]*')|(?P<sign>&&|\|\||[=!<>]=|[-+*/%<>!?:,()\[\]]))"
)

Context = cel.Context


class ExpressionRefused(ValueError):
    """The condition may not be used; the text says why."""


class ExpressionFailed(Exception):
    """The condition has no value for these features, such as a division by zero."""


class Expression:
    """A compiled condition. Raises ExpressionRefused."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.features = _checked(text)
        self._program = _compiled(text)
        self._try_out()

    def holds(self, context: Context) -> bool:
        """Evaluate over a context from `context_of`. Raises ExpressionFailed."""
        try:
            value = self._program.execute(context)
        except BaseException as fault:  # a fault inside CEL arrives as a panic, which is no Exception
            if isinstance(fault, KeyboardInterrupt | SystemExit):
                raise
            raise ExpressionFailed(f"{type(fault).__name__}: {fault}") from fault
        if value is not True and value is not False:
            raise ExpressionFailed(f"the condition gives {value!r}, neither true nor false")
        return bool(value)

    def _try_out(self) -> None:
        """Find type mistakes now, on both sides of every `&&` and `||`: small and large figures, flags off and on."""
        for figure, flag in product(TRIED_FIGURES, (0, 1)):
            try:
                self.holds(context_of({name: _tried(name, figure, flag) for name in self.features}))
            except ExpressionFailed as failed:
                raise ExpressionRefused(str(failed)) from failed


def _tried(name: str, figure: int, flag: int) -> FeatureValue:
    kind = FEATURE_OF[name].kind
    return "" if kind == "text" else flag if kind == "flag" else figure


def context_of(features: Mapping[str, FeatureValue]) -> Context:
    """Give features to CEL: flags as true and false, figures within 62 bits."""
    values: dict[str, bool | int | str] = {}
    for name, value in features.items():
        if FEATURE_OF[name].kind == "flag":
            values[name] = bool(value)
        else:
            values[name] = value if isinstance(value, str) else min(value, FIGURE_IN_RULE_MAX)
    return Context(values)


def _checked(text: str) -> frozenset[str]:
    """Return the features a condition names. Raises ExpressionRefused for everything that is not allowed."""
    if len(text) > EXPRESSION_CHARS_MAX:
        raise ExpressionRefused(f"a condition has at most {EXPRESSION_CHARS_MAX} characters")
    tokens = list(_tokens(text))
    if len(tokens) > TOKENS_MAX:
        raise ExpressionRefused(f"a condition has at most {TOKENS_MAX} words and signs")
    _check_nesting(said for _, said in tokens)
    for (kind, said), (kind_behind, behind) in zip_longest(tokens, tokens[1:], fillvalue=("sign", "")):
        if kind == "name" and said not in WORDS and said not in FEATURE_OF:
            raise ExpressionRefused(f"there is no feature {said!r}")
        if kind == "name" and said != "in" and behind in ("(", "["):
            raise ExpressionRefused(f"{said!r} cannot be called or indexed: a condition only compares")
        if said == behind == "/":
            raise ExpressionRefused("a condition holds no remarks")
        if kind == "text" and (kind_behind == "text" or len(said) > TEXT_CHARS_MAX):
            raise ExpressionRefused(f"a text stands between single quotes and has at most {TEXT_CHARS_MAX} characters")
    return frozenset(said for kind, said in tokens if kind == "name" and said not in WORDS)


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionRefused(f"{text[at : at + 20].strip()!r} is not part of a condition")
        at = match.end()
        yield str(match.lastgroup), match[str(match.lastgroup)]


def _check_nesting(signs: Iterable[str]) -> None:
    depth = 0
    for sign in signs:
        depth += (sign in ("(", "[")) - (sign in (")", "]"))
        if depth > NESTING_MAX:
            raise ExpressionRefused(f"brackets stand at most {NESTING_MAX} deep")


def _compiled(text: str) -> cel.Program:
    try:
        return cel.compile(text)
    except BaseException as fault:  # a panic, as in `holds`
        if isinstance(fault, KeyboardInterrupt | SystemExit):
            raise
        raise ExpressionRefused(f"not a condition: {str(fault)[:200]}") from fault
