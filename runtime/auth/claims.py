"""What a token must say, beyond being signed: checked in one fixed order, each refusal with its own code.

The rules are stricter than RFC 9068 where leniency has been a hole elsewhere: the audience is exactly ours (a token
that is good for somebody else too is refused), times are integers, the lifetime is bounded, and tokens that carry the
marks of an ID or refresh token are not access tokens. A claim given twice never gets here: the text was screened.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec

from runtime.auth.principal import Principal

SKEW_S: Final = 10  # FAPI 2.0: accept clocks up to 10 s ahead of ours
LIFETIME_S_MAX: Final = 86_400
SCOPES_MAX: Final = 64
LEDGERS_MAX: Final = 64

_Time = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Word = Annotated[str, msgspec.Meta(pattern=r"\A[\x21-\x7e]{1,255}\Z")]
_Name = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9_.-]{0,63}\Z")]

# RFC 6749 §3.3, and exactly one space between: "a  b" or a no-break space must not become a scope by accident.
_SCOPES: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
_OTHER_KINDS: Final = frozenset({"id", "refresh", "logout"})


class InvalidToken(Exception):
    """A token that is refused: `code` is stable and safe to show, `detail` says what to do about it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Claims(msgspec.Struct, frozen=True):
    """The claims that count; others are allowed and ignored."""

    iss: str
    aud: str | list[str]
    exp: _Time
    iat: _Time
    sub: _Word
    tenant: _Name
    nbf: _Time | None = None
    scope: str = ""
    ledgers: list[_Name] = []
    device: _Word | None = None
    acr: _Word | None = None
    auth_time: _Time | None = None
    # Marks of tokens that are no access tokens.
    nonce: Any = None
    at_hash: Any = None
    c_hash: Any = None
    events: Any = None
    token_use: str = "access"


_decode: Final = msgspec.json.Decoder(Claims).decode


def read_claims(payload: bytes) -> Claims:
    """Decode the claims with their types. Raises InvalidToken."""
    try:
        return _decode(payload)
    except msgspec.ValidationError as error:
        raise InvalidToken("invalid_claims", f"claims: {error}") from None
    except msgspec.DecodeError:
        raise InvalidToken("malformed_token", "the claims are not JSON") from None


def check_claims(claims: Claims, *, issuer: str, audience: str, now_s: float, lifetime_s_max: int) -> None:
    """Raise InvalidToken unless the token is ours, for us, now, and an access token."""
    if claims.iss != issuer:
        raise InvalidToken("wrong_issuer", "the token was not issued for this service's issuer")
    if claims.aud not in (audience, [audience]):
        raise InvalidToken("wrong_audience", "the audience must be this service and nobody else")
    if claims.exp <= now_s:
        raise InvalidToken("expired_token", "the token has expired; get a new one")
    if claims.iat > now_s + SKEW_S:
        raise InvalidToken("token_from_the_future", "issued in the future; check the issuer's clock")
    if claims.nbf is not None and claims.nbf > now_s + SKEW_S:
        raise InvalidToken("token_not_yet_valid", "the token is not valid yet")
    if not 0 < claims.exp - claims.iat <= lifetime_s_max:
        raise InvalidToken("lifetime_too_long", f"tokens may live for 1 to {lifetime_s_max} s")
    marks = (claims.nonce, claims.at_hash, claims.c_hash, claims.events)
    if any(mark is not None for mark in marks) or claims.token_use in _OTHER_KINDS:
        raise InvalidToken("not_an_access_token", "send the access token, not the ID or refresh token")


def principal_of(claims: Claims) -> Principal:
    """Return whom the claims describe. Raises InvalidToken for scopes or ledgers that are not what they seem."""
    if claims.scope and not _SCOPES.fullmatch(claims.scope):
        raise InvalidToken("invalid_claims", "`scope` is a list of ASCII words with one space between")
    scopes = claims.scope.split(" ") if claims.scope else []
    if len(scopes) > SCOPES_MAX or len(claims.ledgers) > LEDGERS_MAX:
        raise InvalidToken("invalid_claims", f"at most {SCOPES_MAX} scopes and {LEDGERS_MAX} ledgers")
    return Principal(
        subject=claims.sub,
        tenant=claims.tenant,
        scopes=frozenset(scopes),
        ledgers=frozenset(claims.ledgers),
        device=claims.device,
        acr=claims.acr,
        authenticated_at=None if claims.auth_time is None else _instant(claims.auth_time),
    )


def _instant(seconds: int) -> datetime:
    """The instant of a NumericDate. Raises InvalidToken for one beyond the calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidToken("invalid_claims", "`auth_time` is not an instant") from None
