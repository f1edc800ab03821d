"""Tokens: what is accepted, and a corpus of hostile ones that must all be refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.auth import FileKeys, InvalidToken, Principal, TokenVerifier
from runtime.auth import tokens as tokens_module
from runtime.clock import FixedClock
from tests.runtime.hostile_tokens import (
    AUDIENCE,
    EC_KEY,
    ED,
    ED_KEY,
    HOSTILE,
    ISSUER,
    KEY_SET,
    NOW,
    NOW_S,
    RSA_KEY,
    Claims,
    claims,
    sign,
    token,
)


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def verifier(tmp_path: Path, clock: FixedClock) -> TokenVerifier:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(KEY_SET))
    return TokenVerifier(FileKeys(path), ISSUER, AUDIENCE, clock)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (ED, ED_KEY),
        ({"alg": "EdDSA", "kid": "ed"}, ED_KEY),
        ({"alg": "ES256", "kid": "ec", "typ": "JWT"}, EC_KEY),
        ({"alg": "RS256", "kid": "rsa", "typ": "application/at+jwt", "x5t": "abc"}, RSA_KEY),
    ],
)
def test_a_good_token_of_each_allowed_kind_is_accepted(verifier: TokenVerifier, header: Claims, key: Any) -> None:
    principal = verifier.verify(sign(header, claims(device="phone-1", extra={"ignored": True}), key))

    assert principal == Principal(
        subject="alice",
        tenant="acme",
        scopes=frozenset({"transfers:write", "accounts:read"}),
        ledgers=frozenset({"main"}),
        device="phone-1",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [AUDIENCE]},
        {"iat": NOW_S + 10, "exp": NOW_S + 60},
        {"nbf": NOW_S + 10},
        {"exp": NOW_S + 1},
        {"iat": NOW_S, "exp": NOW_S + 86_400},
        {"scope": ...},
        {"scope": ""},
        {"ledgers": ...},
    ],
)
def test_claims_at_the_edge_of_the_rules_are_accepted(verifier: TokenVerifier, changes: Claims) -> None:
    assert verifier.verify(token(**changes)).subject == "alice"


@pytest.mark.parametrize(("hostile", "code"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_every_hostile_token_is_refused(verifier: TokenVerifier, hostile: str, code: str) -> None:
    with pytest.raises(InvalidToken) as refused:
        verifier.verify(hostile)

    assert code in ("*", refused.value.code)
    assert "Traceback" not in refused.value.detail
    with pytest.raises(InvalidToken):  # a refusal is not remembered as anything else
        verifier.verify(hostile)


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len({hostile for _, hostile, _ in HOSTILE}) >= 150


def test_refusing_a_token_of_4_mb_costs_next_to_nothing(verifier: TokenVerifier) -> None:
    huge = "a" * 4_000_000
    started = time.perf_counter()
    with pytest.raises(InvalidToken):
        verifier.verify(huge)
    assert time.perf_counter() - started < 0.01


def test_a_verified_token_is_remembered_but_not_beyond_its_end(tmp_path: Path) -> None:
    """The clock moves on by itself for the cached answer too."""
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(KEY_SET))
    clock = FixedClock(NOW)
    verifier = TokenVerifier(FileKeys(path), ISSUER, AUDIENCE, clock)
    short = token(exp=NOW_S + 5)
    assert verifier.verify(short) is verifier.verify(short)
    clock.advance(5)

    with pytest.raises(InvalidToken, match="expired_token"):
        verifier.verify(short)


def test_a_withdrawn_key_stops_working_within_a_minute(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(KEY_SET))
    clock = FixedClock(NOW)
    verifier = TokenVerifier(FileKeys(path), ISSUER, AUDIENCE, clock)
    verifier.verify(token())
    path.write_text(json.dumps({"keys": KEY_SET["keys"][1:]}))
    clock.advance(tokens_module.CACHE_S)

    with pytest.raises(InvalidToken, match="unknown_key"):
        verifier.verify(token())


def test_the_memory_of_tokens_is_bounded(verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens_module, "CACHED_TOKENS_MAX", 3)
    kept = [token(sub=f"user-{number}") for number in range(5)]
    principals = [verifier.verify(each) for each in kept]

    assert verifier.verify(kept[4]) is principals[4]
    assert verifier.verify(kept[0]) is not principals[0]


def test_a_remembered_token_is_verified_in_microseconds(verifier: TokenVerifier) -> None:
    """Measured at about 1 µs; the budget is the promise."""
    good = token()
    verifier.verify(good)
    rounds: list[float] = []
    check: Callable[[str], Principal] = verifier.verify
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(1000):
            check(good)
        rounds.append((time.perf_counter() - started) / 1000)
    assert min(rounds) < 10e-6
