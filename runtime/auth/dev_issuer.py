"""An issuer for development: one Ed25519 key in a folder, tokens for whoever can read it.

It exists so that a laptop needs no identity provider. In production it refuses to be made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from joserfc import jws
from joserfc.jwk import OKPKey

from runtime.auth.claims import LIFETIME_S_MAX
from runtime.clock import Clock, SystemClock

KEY_FILE: Final = "signing-key.json"
JWKS_FILE: Final = "jwks.json"
ISSUER: Final = "bursar-development"
AUDIENCE: Final = "bursar"
ALGORITHM: Final = "Ed25519"


def refuse_development_issuer(issuer: str, *, environment: str) -> None:
    """Raise ValueError when a production process is told to trust development tokens."""
    if environment == "production" and issuer == ISSUER:
        raise ValueError(f"token_issuer {ISSUER!r} is for development; in production name your identity provider")


class DevIssuer:
    """Issues tokens with a key kept in `state_dir`; the public half is in `jwks_file`."""

    def __init__(
        self,
        state_dir: Path,
        *,
        environment: str = "development",
        issuer: str = ISSUER,
        audience: str = AUDIENCE,
        clock: Clock | None = None,
    ) -> None:
        """Read the key, or make one. Raises PermissionError in production."""
        if environment == "production":
            raise PermissionError("the development issuer does not run in production: set up an identity provider")
        self.issuer = issuer
        self.audience = audience
        self.jwks_file = state_dir / JWKS_FILE
        self._clock = clock or SystemClock()
        self._key = _load_or_create(state_dir / KEY_FILE)
        public = msgspec.json.encode({"keys": [{**self._key.as_dict(private=False), "use": "sig", "alg": ALGORITHM}]})
        if not self.jwks_file.exists() or self.jwks_file.read_bytes() != public:
            os.replace(_write_beside(self.jwks_file, public, mode=0o644), self.jwks_file)

    def issue(  # noqa: PLR0913 - the claims of a token, named
        self,
        subject: str,
        tenant: str,
        scopes: Iterable[str],
        ledgers: Iterable[str],
        lifetime_s: int,
        *,
        acr: str | None = None,
        auth_time_s: int | None = None,
    ) -> str:
        """Return a signed token. Raises ValueError for a lifetime that no verifier accepts.

        ``acr``: how the subject authenticated (RFC 9470), at ``auth_time_s`` (seconds since 1970), by default now.
        """
        if not 1 <= lifetime_s <= LIFETIME_S_MAX:
            raise ValueError(f"a token lives for 1 to {LIFETIME_S_MAX} s, got {lifetime_s}")
        now_s = int(self._clock.now().timestamp())
        claims: dict[str, object] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "tenant": tenant,
            "scope": " ".join(scopes),
            "ledgers": list(ledgers),
            "iat": now_s,
            "exp": now_s + lifetime_s,
        }
        if acr is not None:
            claims |= {"acr": acr, "auth_time": now_s if auth_time_s is None else auth_time_s}
        return self._sign(claims, "at+jwt")

    def issue_id_token(self, subject: str, client_id: str, *, nonce: str, name: str, lifetime_s: int) -> str:
        """Return what an OpenID provider says about a login: who, to which client, in answer to which request."""
        now_s = int(self._clock.now().timestamp())
        claims: dict[str, object] = {
            "iss": self.issuer,
            "aud": client_id,
            "sub": subject,
            "iat": now_s,
            "exp": now_s + lifetime_s,
            "nonce": nonce,
            "name": name,
        }
        return self._sign(claims, "JWT")

    def _sign(self, claims: dict[str, object], kind: str) -> str:
        header = {"alg": ALGORITHM, "typ": kind, "kid": self._key.kid}
        return jws.serialize_compact(header, msgspec.json.encode(claims), self._key, algorithms=[ALGORITHM])


def _load_or_create(path: Path) -> OKPKey:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = OKPKey.generate_key("Ed25519", auto_kid=True)
        beside = _write_beside(path, msgspec.json.encode(key.as_dict(private=True)), mode=0o600)
        with suppress(FileExistsError):  # another process was faster: its key counts
            os.link(beside, path)
        beside.unlink()
    return OKPKey.import_key(msgspec.json.decode(path.read_bytes(), type=dict[str, str | list[str]]))


def _write_beside(path: Path, content: bytes, *, mode: int) -> Path:
    """Write a file next to `path`, so that it can take its place whole; a secret is never readable by all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return beside
