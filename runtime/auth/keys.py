"""The issuer's public keys.

Whatever happens to the file or the URL, the last good keys stay in use: an outage of the issuer must not be an outage
of ours. A set that is ambiguous (one `kid` twice) or carries nothing usable is not good. Each key is bound to exactly
one kind of algorithm by its own type, so that a token's header cannot choose how it is checked.
"""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import httpx2
import msgspec
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from runtime.clock import Clock
from runtime.http.json_screen import UnsafeJson, screen_json
from runtime.shutdown import Shutdown

RSA_BITS_MIN: Final = 2048
RSA_BITS_MAX: Final = 8192  # verifying with a larger key costs more than a request is worth
KEYS_MAX: Final = 64
SET_BYTES_MAX: Final = 256 * 1024
FETCH_TIMEOUT_S: Final = 5.0
REFRESH_S: Final = 300.0
REFRESH_PAUSE_S_MIN: Final = 10.0  # between two fetches, however many unknown key ids arrive


class _Kind(NamedTuple):
    """A kind of key: how it is read, its algorithm, and all names that algorithm goes by."""

    read: Callable[[Any], Key]
    algorithm: str
    algorithms: frozenset[str]


# By key type and curve. EdDSA is the older name of what RFC 9864 calls Ed25519.
_KINDS: Final[Mapping[tuple[str, str | None], _Kind]] = {
    ("OKP", "Ed25519"): _Kind(OKPKey.import_key, "Ed25519", frozenset({"Ed25519", "EdDSA"})),
    ("EC", "P-256"): _Kind(ECKey.import_key, "ES256", frozenset({"ES256"})),
    ("RSA", None): _Kind(RSAKey.import_key, "RS256", frozenset({"RS256"})),
}
ALGORITHMS: Final = frozenset[str]().union(*(kind.algorithms for kind in _KINDS.values()))

_log = structlog.get_logger(__name__)


class KeysUnavailable(RuntimeError):
    """No usable keys could be read; the text says from where and why."""


class VerifyingKey(msgspec.Struct, frozen=True):
    """A public key and the algorithms that fit its type."""

    key: Any
    algorithm: str
    algorithms: frozenset[str]

    def verifies(self, signing_input: bytes, signature: bytes) -> bool:
        """Check a signature by the one algorithm of this key, whatever the token calls it."""
        return JWSRegistry.algorithms[self.algorithm].verify(signing_input, signature, self.key)


class KeySource(Protocol):
    """Finds a key by its id; never waits and never fetches."""

    def find(self, kid: str) -> VerifyingKey | None:
        """Return the key, or None when there is none of that id."""
        ...


class FileKeys:
    """Keys from a JWKS file, read again when its modification time changes. Raises KeysUnavailable at the start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed_at = self._read_time()
        try:
            self._keys = read_key_set(_read_bounded(path))
        except OSError as error:
            raise KeysUnavailable(f"cannot read {path}: {error.strerror}") from error

    def find(self, kid: str) -> VerifyingKey | None:
        """Return the key from the newest good version of the file."""
        changed_at = self._read_time()
        if changed_at != self._changed_at:
            self._changed_at = changed_at
            try:
                self._keys = read_key_set(_read_bounded(self._path))
            except (OSError, KeysUnavailable) as error:
                _log.error("keys_not_reloaded", path=str(self._path), detail=str(error))
        return self._keys.get(kid)

    def _read_time(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return 0


class UrlKeys:
    """Keys from a JWKS URL, fetched by `run` in the background: every REFRESH_S, and soon after an unknown key id."""

    def __init__(self, url: str, *, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._keys: Mapping[str, VerifyingKey] = {}
        self._fetched_at: float | None = None
        self._wanted = asyncio.Event()

    def find(self, kid: str) -> VerifyingKey | None:
        """Return the key; an unknown id makes the background task look again."""
        found = self._keys.get(kid)
        if found is None:
            self._wanted.set()
        return found

    async def fetch(self) -> None:
        """Fetch the keys now; call it once before serving. Raises KeysUnavailable and keeps the keys it has."""
        self._fetched_at = self._clock.monotonic()
        try:
            async with httpx2.AsyncClient(timeout=FETCH_TIMEOUT_S, trust_env=False) as client:
                answer = await client.get(self._url)
                answer.raise_for_status()
                content = answer.content
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise KeysUnavailable(f"cannot fetch {self._url}: {error}") from error
        self._keys = read_key_set(content)

    async def run(self, shutdown: Shutdown) -> None:
        """Refresh until asked to stop."""
        asked = asyncio.create_task(shutdown.wait())
        try:
            while not shutdown.requested:
                await self._wait_for_reason(asked)
                if shutdown.requested:
                    return
                self._wanted.clear()
                try:
                    await self.fetch()
                except KeysUnavailable as error:
                    _log.error("keys_not_refreshed", detail=str(error))
        finally:
            asked.cancel()

    async def _wait_for_reason(self, asked: asyncio.Task[None]) -> None:
        """Return when it is time to look again: never sooner than the pause after the last fetch."""
        since_s = self._clock.monotonic() - (self._fetched_at or 0.0)
        pause_s = 0.0 if self._fetched_at is None else max(0.0, REFRESH_PAUSE_S_MIN - since_s)
        await asyncio.wait({asked}, timeout=pause_s)
        if asked.done():
            return
        wanted = asyncio.create_task(self._wanted.wait())
        await asyncio.wait({asked, wanted}, timeout=REFRESH_S, return_when=asyncio.FIRST_COMPLETED)
        wanted.cancel()


def read_key_set(content: bytes) -> Mapping[str, VerifyingKey]:
    """Read a JWKS. Keys of kinds we do not use are skipped. Raises KeysUnavailable when the set is not good."""
    if len(content) > SET_BYTES_MAX:
        raise KeysUnavailable(f"the key set has more than {SET_BYTES_MAX} bytes")
    try:
        screen_json(content)
        members = msgspec.json.decode(content, type=dict[str, Any]).get("keys")
    except (UnsafeJson, msgspec.MsgspecError) as error:
        raise KeysUnavailable(f"the key set is not JSON: {error}") from error
    if not isinstance(members, list) or len(members) > KEYS_MAX:
        raise KeysUnavailable(f"the key set has no list `keys` of at most {KEYS_MAX} members")
    keys: dict[str, VerifyingKey] = {}
    for member in members:
        kid = member.get("kid") if isinstance(member, dict) else None
        if not isinstance(kid, str) or not kid:
            continue
        if kid in keys:
            raise KeysUnavailable("one key id stands twice in the key set; which key counts would be a guess")
        usable = _usable_key(member)
        if usable is not None:
            keys[kid] = usable
    if not keys:
        raise KeysUnavailable("the key set holds no key that can be used (Ed25519, P-256 or RSA, each with a kid)")
    return keys


def _usable_key(member: Mapping[str, Any]) -> VerifyingKey | None:
    """Import one key and bind it to the algorithms of its type; None for kinds we do not use."""
    if member.get("use", "sig") != "sig" or "verify" not in member.get("key_ops", ["verify"]) or "d" in member:
        return None
    kind = _KINDS.get((str(member.get("kty")), member.get("crv")))
    if kind is None or member.get("alg", kind.algorithm) not in kind.algorithms:
        return None
    # Only what makes the key: members such as `x5u` or `x5c` are never looked at.
    material = {name: member[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in member}
    try:
        if "n" in material and not RSA_BITS_MIN <= _bits_of(material["n"]) <= RSA_BITS_MAX:
            return None
        key = kind.read(material)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        _log.warning("key_skipped", kid=str(member.get("kid")), error=type(error).__name__)
        return None
    return VerifyingKey(key, kind.algorithm, kind.algorithms)


def _bits_of(number: str) -> int:
    return int.from_bytes(urlsafe_b64decode(number + "=" * (-len(number) % 4)), "big").bit_length()


def _read_bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SET_BYTES_MAX + 1)
