"""Token → principal.

A token is text from a stranger, so it is looked at in the order of what an attacker pays least for: size, shape,
header, key, signature, and only then claims. What was verified is remembered by its SHA-256 for at most CACHE_S, so
that a busy client costs a hash instead of a signature check; for that long a withdrawn key or token may still work.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from typing import Annotated, Final

import msgspec

from runtime.auth.claims import LIFETIME_S_MAX, InvalidToken, check_claims, principal_of, read_claims
from runtime.auth.keys import ALGORITHMS, KeySource
from runtime.auth.principal import Principal
from runtime.clock import Clock
from runtime.http.json_screen import UnsafeJson, screen_json

TOKEN_BYTES_MAX: Final = 8192
CACHE_S: Final = 60.0
CACHED_TOKENS_MAX: Final = 10_000

_SHAPE: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a header may say. Nothing that brings or points to a key (`jwk`, `jku`, `x5u`, `x5c`), no `crit`."""

    alg: str
    kid: Annotated[str, msgspec.Meta(pattern=r"\A[\x21-\x7e]{1,128}\Z")]
    typ: str = "JWT"
    x5t: str | None = None
    x5t_s256: str | None = msgspec.field(default=None, name="x5t#S256")


_decode_header: Final = msgspec.json.Decoder(_Header).decode


class TokenVerifier:
    """Verifies tokens of one issuer for one audience."""

    def __init__(
        self,
        keys: KeySource,
        issuer: str,
        audience: str,
        clock: Clock,
        *,
        lifetime_s_max: int = LIFETIME_S_MAX,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._lifetime_s_max = lifetime_s_max
        self._cache: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()

    def verify(self, token: str) -> Principal:
        """Return whom the token describes. Raises InvalidToken; never waits."""
        if len(token) > TOKEN_BYTES_MAX:
            raise InvalidToken("malformed_token", f"a token has at most {TOKEN_BYTES_MAX} bytes")
        try:
            digest = hashlib.sha256(token.encode("ascii")).digest()
        except UnicodeEncodeError:
            raise InvalidToken("malformed_token", "a token is ASCII text") from None
        now_s = self._clock.now().timestamp()
        cached = self._cache.get(digest)
        if cached is not None and now_s < cached[1]:
            self._cache.move_to_end(digest)
            return cached[0]
        principal, expires_s = self._verify(token, now_s)
        self._cache[digest] = (principal, min(expires_s, now_s + CACHE_S))
        self._cache.move_to_end(digest)
        if len(self._cache) > CACHED_TOKENS_MAX:
            self._cache.popitem(last=False)
        return principal

    def _verify(self, token: str, now_s: float) -> tuple[Principal, float]:
        claims = read_claims(signed_payload(self._keys, token))
        check_claims(
            claims,
            issuer=self._issuer,
            audience=self._audience,
            now_s=now_s,
            lifetime_s_max=self._lifetime_s_max,
        )
        return principal_of(claims), float(claims.exp)


def signed_payload(keys: KeySource, token: str) -> bytes:
    """Return the JSON text that a token carries once its signature is verified. Raises InvalidToken.

    Nothing is said about its claims yet: whoever calls this checks them.
    """
    shape = _SHAPE.fullmatch(token)
    if shape is None:
        raise InvalidToken("malformed_token", "a token has three parts of base64url, joined by dots")
    header, payload, signature = (_decoded(part) for part in shape.groups())
    kid, algorithm = _read_header(header)
    found = keys.find(kid)
    if found is None:
        raise InvalidToken("unknown_key", "no key of this id is known; is the token from the right issuer?")
    if algorithm not in found.algorithms:
        raise InvalidToken("wrong_algorithm", "the algorithm does not fit the key")
    if not found.verifies(token[: shape.end(2)].encode(), signature):
        raise InvalidToken("bad_signature", "the signature does not match")
    _screen(payload)
    return payload


def _decoded(part: str) -> bytes:
    """Decode base64url; the text must be the one and only spelling of its bytes (RFC 4648 §3.5)."""
    try:
        content = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        content = b""
    if not content or urlsafe_b64encode(content).rstrip(b"=").decode() != part:
        raise InvalidToken("malformed_token", "a part is not base64url")
    return content


def _screen(text: bytes) -> None:
    try:
        screen_json(text)
    except UnsafeJson as unsafe:
        raise InvalidToken("malformed_token", unsafe.detail) from None


def _read_header(header: bytes) -> tuple[str, str]:
    """Return key id and algorithm. Raises InvalidToken for anything else that a header tries to say."""
    _screen(header)
    try:
        read = _decode_header(header)
    except msgspec.MsgspecError as error:
        raise InvalidToken("refused_header", f"header: {error}") from None
    if read.alg not in ALGORITHMS:
        raise InvalidToken("wrong_algorithm", f"the algorithm must be one of {', '.join(sorted(ALGORITHMS))}")
    if read.typ.lower() not in _TYPES:
        raise InvalidToken("not_an_access_token", "the type of an access token is at+jwt or JWT")
    return read.kid, read.alg
