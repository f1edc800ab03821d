"""The statistical model: a logistic regression in whole numbers, read from JSON and evaluated in a few microseconds.

Each input is a feature on a ladder (four steps per doubling), or a flag. Weights are never negative and an input of
which less is riskier counts downwards, so the score can only rise with what is risky: it is monotone by construction.
Nothing in it is a float, so the same features give the same score on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from contracts.risk import FeatureName, FeatureValue, Score
from contracts.risk_features import FEATURE_OF

MODEL_BYTES_MAX: Final = 65_536
INPUTS_MAX: Final = 40
LOGIT: Final = 1_000_000  # weights are in millionths of a logit
CURVE_STEP: Final = LOGIT // 8
CURVE_REACH: Final = 8 * LOGIT  # beyond this the curve is flat
CURVE_POINTS: Final = 2 * CURVE_REACH // CURVE_STEP + 1
LADDER_MAX: Final = 256
HASH_CHARS: Final = 12


class ModelRefused(ValueError):
    """The model may not be used; the text says why."""


class ModelInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One feature: `ladder` counts its steps up to `cap`, downwards when less is riskier (`falls`)."""

    feature: FeatureName
    kind: Literal["ladder", "flag"]
    cap: Annotated[int, Meta(ge=1, le=LADDER_MAX)] = 1
    falls: bool = False
    weight: Annotated[int, Meta(ge=0, le=100 * LOGIT)]


class Training(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the model was made from and how well it told payments apart that it had not seen."""

    payments: int
    frauds: int
    first_at: str
    last_at: str
    auc_permille: Annotated[int, Meta(ge=0, le=1000)]
    held_out_payments: int
    software: str


class ModelDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model as it is written. `curve`: permille at each eighth of a logit from -8 to 8."""

    version: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,34}\Z")]
    bias: Annotated[int, Meta(ge=-100 * LOGIT, le=100 * LOGIT)]
    inputs: Annotated[tuple[ModelInput, ...], Meta(min_length=1, max_length=INPUTS_MAX)]
    curve: Annotated[tuple[Score, ...], Meta(min_length=CURVE_POINTS, max_length=CURVE_POINTS)]
    training: Training


class RiskModel:
    """A model that was checked."""

    def __init__(self, document: ModelDocument, *, sha256_hex: str) -> None:
        self.document = document
        self.sha256_hex = sha256_hex
        self.version = f"{document.version}@{sha256_hex[:HASH_CHARS]}"
        self.features = frozenset(each.feature for each in document.inputs)

    def score(self, features: Mapping[str, FeatureValue]) -> int:
        """Return the model's score, 0 to 1000: the probability of fraud in permille, as far as it was trained for."""
        logit = self.document.bias
        for each in self.document.inputs:
            logit += each.weight * input_value(each, features)
        place, rest = divmod(min(max(logit, -CURVE_REACH), CURVE_REACH) + CURVE_REACH, CURVE_STEP)
        curve = self.document.curve
        if place >= CURVE_POINTS - 1:
            return curve[-1]
        return curve[place] + (curve[place + 1] - curve[place]) * rest // CURVE_STEP


def input_value(each: ModelInput, features: Mapping[str, FeatureValue]) -> int:
    """Return the whole number that an input makes of its feature; 0 is the least risky."""
    value = features[each.feature]
    if isinstance(value, str):
        raise TypeError(f"{each.feature} is a text, not an input of a model")
    step = min(value if each.kind == "flag" else ladder(value), each.cap)
    return each.cap - step if each.falls else step


def ladder(value: int) -> int:
    """Return how many steps a figure of at least 0 has climbed, four for each doubling of figure + 1."""
    raised = 8 * max(value, 0) + 8
    bits = raised.bit_length()
    return 4 * bits + ((raised >> (bits - 3)) & 3) - 16


def read_model(content: bytes) -> RiskModel:
    """Check a model. Raises ModelRefused."""
    if len(content) > MODEL_BYTES_MAX:
        raise ModelRefused(f"a model has at most {MODEL_BYTES_MAX} bytes")
    try:
        document = msgspec.json.decode(content, type=ModelDocument)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError) as error:
        raise ModelRefused(str(error)) from error
    for each in document.inputs:
        feature = FEATURE_OF.get(each.feature)
        if feature is None or feature.kind == "text" or feature.risk == "open":
            raise ModelRefused(f"{each.feature} is no feature of which more, or less, is riskier")
        if each.falls != (feature.risk == "falls") or (each.kind == "flag") != (feature.kind == "flag"):
            raise ModelRefused(f"{each.feature} must be used as the list of features says: risk {feature.risk}")
    if list(document.curve) != sorted(document.curve):
        raise ModelRefused("the curve must never fall")
    if len({each.feature for each in document.inputs}) != len(document.inputs):
        raise ModelRefused("a feature stands twice")
    return RiskModel(document, sha256_hex=sha256(content).hexdigest())
