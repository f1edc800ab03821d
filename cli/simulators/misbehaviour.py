"""How a counterparty misbehaves: a pure function of seed, profile and instruction id.

A kind says two things: what is done with the instruction, and what the one who sent it gets to hear. Profiles give
each kind a share; `always-<kind>` treats every instruction that way, for a test that wants exactly one thing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

SECRET_FILE: Final = "webhook.secret"  # in a counterparty's folder: what it signs its messages with
OUT_OF: Final = 10_000


class Kind(StrEnum):
    """What is done, and what is said."""

    PROMPT = "prompt"  # done, and said at once
    LATE = "late"  # done; said after everybody has gone
    PENDING = "pending"  # "wait", then done, and reported by callback
    DAWDLING = "dawdling"  # nothing is said; done after we gave up
    SILENT = "silent"  # done; nothing is said
    LOST = "lost"  # not even noticed, the first time
    UNAVAILABLE = "unavailable"  # 503 and not noticed, the first time
    TWICE = "twice"  # done and said, and reported twice by callback as well
    MALFORMED = "malformed"  # done; something unreadable is said
    EMPTY = "empty"  # done; 200 and nothing is said
    CONTRADICTORY = "contradictory"  # done; both yes and no are said
    WRONG_IDS = "wrong-ids"  # refused; another instruction is said to be accepted
    DRIP = "drip"  # done; said byte by byte
    FLOOD = "flood"  # done; said without end


NOT_NOTICED: Final = frozenset({Kind.LOST, Kind.UNAVAILABLE})
DECIDED_LATER: Final = frozenset({Kind.PENDING, Kind.DAWDLING})

# What a repeated sending or an inquiry may meet: only the answer is spoiled, nothing else is done.
_SPOILT_ANSWERS: Final = (
    Kind.UNAVAILABLE,
    Kind.SILENT,
    Kind.MALFORMED,
    Kind.EMPTY,
    Kind.CONTRADICTORY,
    Kind.WRONG_IDS,
    Kind.FLOOD,
)
SPOILT_ANSWERS_MAX: Final = 2  # per instruction and question; from then on the truth is told, so that every run ends

_HOSTILE_SHARE: Final = OUT_OF // 3
_WRONGS: Final = tuple(kind for kind in Kind if kind is not Kind.PROMPT)

PROFILES: Final[Mapping[str, Mapping[Kind, int]]] = {
    "none": {},
    "demo": {
        Kind.PENDING: 150,
        Kind.UNAVAILABLE: 100,
        Kind.LOST: 50,
        Kind.TWICE: 50,
        Kind.SILENT: 30,
        Kind.MALFORMED: 20,
    },
    "hostile": {kind: _HOSTILE_SHARE // len(_WRONGS) for kind in _WRONGS},
    **{f"always-{kind}": {kind: OUT_OF} for kind in _WRONGS},
}


def draw(seed: int, *about: str | int) -> int:
    """Return a number below OUT_OF that depends on nothing but the arguments."""
    text = "\x1f".join(str(part) for part in (seed, *about))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % OUT_OF


def treatment_of(seed: int, profile: str, instruction_id: str) -> Kind:
    """Say how an instruction is treated when it arrives for the first time."""
    point = draw(seed, "treatment", instruction_id)
    for kind, share in PROFILES[profile].items():
        if point < share:
            return kind
        point -= share
    return Kind.PROMPT


def answer_of(seed: int, profile: str, instruction_id: str, *, question: str, number: int) -> Kind:
    """Say how the `number`-th (from 1) later question about an instruction is answered: PROMPT, or spoilt."""
    if profile != "hostile" or number > SPOILT_ANSWERS_MAX:
        return Kind.PROMPT
    if draw(seed, question, instruction_id, number) >= _HOSTILE_SHARE:
        return Kind.PROMPT
    return _SPOILT_ANSWERS[draw(seed, "kind", question, instruction_id, number) % len(_SPOILT_ANSWERS)]


def happens(seed: int, profile: str, what: str, about: str) -> bool:
    """Say whether something unasked happens (a duplicate, a return): never, seldom or often, as the profile has it."""
    share = {"none": 0, "demo": 200}.get(profile, _HOSTILE_SHARE if profile == "hostile" else 0)
    return draw(seed, what, about) < share
