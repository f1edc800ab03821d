"""The model: a logistic regression trained by scikit-learn, written down in whole numbers.

The newest part of the history is held out, and what is reported is how well the written-down model, not the trained
one, tells its payments apart. A feature whose weight comes out on the wrong side of zero is left out and the rest is
trained again, so the model stays monotone; there are only as many rounds as features.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from cli.scoring.history import HistoryRefused, Moment

# No absolute amounts: they would mean another thing in each currency. No ids, so nothing can be learnt by heart.
INPUTS: Final = (
    *("is_new_payee", "is_new_device", "has_no_device", "payee_age_h", "device_age_h", "customer_age_h", "idle_h"),
    *(
        "customer_payments_1h",
        "customer_payments_24h",
        "customer_payments_7d",
        "payee_payments_1h",
        "payee_payments_24h",
    ),
    *("device_payments_1h", "device_payments_24h", "customer_failed_1h", "customer_failed_24h", "payee_failed_24h"),
    *("device_failed_24h", "customer_payees_24h", "payee_customers_24h", "device_customers_24h"),
    "amount_to_typical_pct",
)
HELD_OUT_SHARE: Final = 0.3
PAYMENTS_MIN: Final = 200
FRAUDS_MIN: Final = 20  # in each part
ITERATIONS_MAX: Final = 1_000


def train(moments: Sequence[Moment], labels: Sequence[bool], *, version: str) -> bytes:
    """Train on the older part and return the model as JSON; the same input gives the same bytes.

    `moments` in order of time, `labels` beside them. Raises HistoryRefused when there is too little to learn from.
    """
    import sklearn  # type: ignore[import-untyped]
    from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

    from command_api.risk.model import ModelDocument, Training, read_model

    cut = int(len(moments) * (1 - HELD_OUT_SHARE))
    for name, part in (("older", labels[:cut]), ("newest", labels[cut:])):
        if len(labels) < PAYMENTS_MIN or sum(part) < FRAUDS_MIN or sum(part) == len(part):
            raise HistoryRefused(
                f"too little to learn from: {len(labels)} payments, {sum(part)} frauds in the {name} part; "
                f"{PAYMENTS_MIN} payments and {FRAUDS_MIN} frauds in each part are needed"
            )
    bias, inputs = _fit(moments[:cut], labels[:cut])
    document = ModelDocument(
        version=version,
        bias=bias,
        inputs=tuple(inputs),
        curve=_curve(),
        training=Training(
            payments=cut,
            frauds=sum(labels[:cut]),
            first_at=_day(moments[0].at),
            last_at=_day(moments[-1].at),
            auc_permille=0,
            held_out_payments=len(moments) - cut,
            software=f"scikit-learn {sklearn.__version__}",
        ),
    )
    written = read_model(msgspec.json.encode(document))
    scores = [written.score(moment.features) for moment in moments[cut:]]
    auc_permille = round(1000 * float(roc_auc_score(list(labels[cut:]), scores)))
    training = msgspec.structs.replace(document.training, auc_permille=auc_permille)
    finished = msgspec.structs.replace(document, training=training)
    return msgspec.json.format(msgspec.json.encode(finished), indent=1) + b"\n"


def _fit(moments: Sequence[Moment], labels: Sequence[bool]) -> tuple[int, list[Any]]:
    """Return bias and inputs in millionths of a logit."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    from command_api.risk.model import LOGIT, ModelInput, input_value

    candidates = [candidate for name in INPUTS if (candidate := _candidate(name, moments)) is not None]
    while candidates:  # each round but the last takes at least one away
        figures = np.array([[input_value(each, m.features) / each.cap for each in candidates] for m in moments])
        fitted = LogisticRegression(max_iter=ITERATIONS_MAX).fit(figures, np.array(labels))
        weights = [float(weight) for weight in fitted.coef_[0]]
        if min(weights) >= 0:
            inputs: list[ModelInput] = [
                msgspec.structs.replace(each, weight=round(LOGIT * weight / each.cap))
                for each, weight in zip(candidates, weights, strict=True)
            ]
            return round(LOGIT * float(fitted.intercept_[0])), [each for each in inputs if each.weight]
        candidates = [each for each, weight in zip(candidates, weights, strict=True) if weight > 0]
    raise HistoryRefused("no feature of this history has anything to do with its labels")


def _candidate(name: str, moments: Sequence[Moment]) -> Any:
    """Return the feature as an input with its cap, or None when it never varies."""
    from command_api.risk.model import ModelInput, ladder
    from contracts.risk_features import FEATURE_OF

    feature = FEATURE_OF[name]
    figures = {int(moment.features[name]) for moment in moments}
    if len(figures) < 2:
        return None
    is_flag = feature.kind == "flag"
    return ModelInput(
        feature=name,
        kind="flag" if is_flag else "ladder",
        cap=1 if is_flag else max(ladder(max(figures)), 1),
        falls=feature.risk == "falls",
        weight=0,
    )


def _curve() -> tuple[int, ...]:
    from command_api.risk.model import CURVE_POINTS, CURVE_REACH, CURVE_STEP, LOGIT

    logits = ((place * CURVE_STEP - CURVE_REACH) / LOGIT for place in range(CURVE_POINTS))
    return tuple(round(1000 / (1 + math.exp(-logit))) for logit in logits)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
