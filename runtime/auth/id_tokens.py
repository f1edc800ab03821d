"""The ID token of a login (OpenID Connect Core §3.1.3.7): from whom, for whom, for this login, now."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from runtime.auth.claims import SKEW_S, Claims, InvalidToken, principal_of, read_claims
from runtime.auth.keys import KeySource
from runtime.auth.principal import Principal
from runtime.auth.tokens import TOKEN_BYTES_MAX, signed_payload

NAME_CHARS_MAX: Final = 100

_Time = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class IdToken(msgspec.Struct, frozen=True):
    """The claims of an ID token that count. ``payload`` has them all."""

    iss: str
    aud: str | list[str]
    sub: str
    exp: _Time
    iat: _Time
    nonce: str
    azp: str | None = None
    name: str | None = None
    preferred_username: str | None = None
    payload: bytes = b""

    @property
    def shown_name(self) -> str | None:
        """What to call the person."""
        name = self.name or self.preferred_username
        return None if name is None else name[:NAME_CHARS_MAX]

    def principal(self) -> Principal:
        """Whom its own claims describe, for providers that put `tenant`, `scope` and `ledgers` here.

        Raises InvalidToken when they are not there.
        """
        claims: Claims = read_claims(self.payload)
        return principal_of(claims)


_decode: Final = msgspec.json.Decoder(IdToken).decode


def read_id_token(keys: KeySource, token: str, *, issuer: str, client_id: str, nonce: str, now_s: float) -> IdToken:
    """Return the claims of an ID token that was issued for this very login. Raises InvalidToken."""
    if len(token) > TOKEN_BYTES_MAX or not token.isascii():
        raise InvalidToken("malformed_token", f"an ID token is ASCII text of at most {TOKEN_BYTES_MAX} bytes")
    payload = signed_payload(keys, token)
    try:
        claims = _decode(payload)
    except msgspec.MsgspecError as error:
        raise InvalidToken("invalid_claims", f"ID token: {error}") from None
    if claims.iss != issuer:
        raise InvalidToken("wrong_issuer", "the ID token is of another issuer")
    if claims.aud not in (client_id, [client_id]) or claims.azp not in (None, client_id):
        raise InvalidToken("wrong_audience", "the ID token is for another client")
    if claims.exp <= now_s:
        raise InvalidToken("expired_token", "the ID token has expired")
    if claims.iat > now_s + SKEW_S:
        raise InvalidToken("token_from_the_future", "the ID token was issued in the future; check the clocks")
    if claims.nonce != nonce:
        raise InvalidToken("wrong_nonce", "the ID token belongs to another login")
    return msgspec.structs.replace(claims, payload=payload)
