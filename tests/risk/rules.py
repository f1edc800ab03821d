"""Small rulesets and models for tests."""

from __future__ import annotations

import msgspec

from command_api.risk.features import features_of
from command_api.risk.memory import RiskMemory
from command_api.risk.model import CURVE_POINTS, LOGIT
from command_api.risk.ruleset import Ruleset, read_ruleset
from contracts.risk import FeatureValue
from contracts.risk_words import DEFAULT_RULESET
from tests.risk.histories import BEGIN_S, context_of

HEAD = """
version = "test-1"
words = "For a test."
[thresholds]
challenge = 300
review = 600
deny = 900
[degraded]
otherwise = "review"
lag_events_max = 100
bands = [{ currency = "EUR", below_minor = 5000, decision = "challenge" }]
"""


def rule(when: str, *, points: int = 100, name: str = "one", reason: str = "REASON_ONE", more: str = "") -> str:
    head = f'\n[[rules]]\nid = "{name}"\nwhen = "{when}"\npoints = {points}\n'
    return head + f'reason = "{reason}"\nwords = "Said."\n{more}\n'


def ruleset(*rules: str, head: str = HEAD) -> Ruleset:
    return read_ruleset((head + "".join(rules)).encode())


def default_ruleset() -> Ruleset:
    return read_ruleset(DEFAULT_RULESET.read_bytes())


def nothing_known(amount_minor: int = 1_000, currency: str = "EUR") -> dict[str, FeatureValue]:
    """All features of a payment by somebody who was never seen."""
    context = context_of("alice", "shop", "phone", currency, amount_minor)
    return features_of(context, RiskMemory().figures(context, now_s=BEGIN_S), now_s=BEGIN_S)


def model_bytes(**changes: object) -> bytes:
    """A model of three inputs, made by hand."""
    document: dict[str, object] = {
        "version": "by-hand",
        "bias": -4 * LOGIT,
        "inputs": [
            {"feature": "customer_payments_1h", "kind": "ladder", "cap": 40, "weight": LOGIT // 5},
            {"feature": "payee_age_h", "kind": "ladder", "cap": 50, "falls": True, "weight": LOGIT // 25},
            {"feature": "is_new_device", "kind": "flag", "cap": 1, "weight": LOGIT},
        ],
        "curve": [1000 * place // (CURVE_POINTS - 1) for place in range(CURVE_POINTS)],
        "training": {
            "payments": 0,
            "frauds": 0,
            "first_at": "",
            "last_at": "",
            "auc_permille": 500,
            "held_out_payments": 0,
            "software": "none",
        },
    }
    return msgspec.json.encode({**document, **changes})
