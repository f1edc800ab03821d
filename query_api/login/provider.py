"""The identity provider, as far as a login needs it: where it is asked, and a code exchanged for tokens.

Its keys are not discovered: they are those that bearer tokens are verified with, so that who can answer for the
provider's address cannot choose what counts as its signature. Calls keep the rules of runtime/outbound.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Final
from urllib.parse import quote_plus, urlencode

import msgspec
import structlog

from query_api.login.refusals import LoginRefused, provider_failed
from runtime.clock import Clock
from runtime.outbound import Content, NotSent, Reach, Sender, UrlRefused, parse_url

METADATA_BYTES_MAX: Final = 64 * 1024
TOKENS_BYTES_MAX: Final = 64 * 1024
METADATA_AGE_S: Final = 3600.0
PAUSE_AFTER_FAILURE_S: Final = 5.0  # anybody may begin a login; the provider is not asked for each of them
ERROR_CHARS_MAX: Final = 100

_log = structlog.get_logger(__name__)


class Metadata(msgspec.Struct, frozen=True):
    """What counts of OpenID Connect Discovery §3, and RFC 9207's announcement of `iss` in the answer."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str | None = None
    code_challenge_methods_supported: list[str] | None = None
    token_endpoint_auth_methods_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: bool = False


class Tokens(msgspec.Struct, frozen=True):
    """What a code was exchanged for."""

    id_token: str
    access_token: str


class _TokenError(msgspec.Struct, frozen=True):
    error: str = ""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are at the provider. Without a secret we are a public client, and PKCE alone binds a code to us."""

    client_id: str
    secret: str | None
    redirect_uri: str


class Provider:
    """One identity provider."""

    def __init__(self, discovery_url: str, *, issuer: str, client: Client, reach: Reach, clock: Clock) -> None:
        """``issuer``: what its metadata must say that it is."""
        self._discovery_url = discovery_url
        self._issuer = issuer
        self._client = client
        self._reach = reach
        self._clock = clock
        self._sender = Sender(reach)
        self._metadata: Metadata | None = None
        self._asking = asyncio.Lock()
        self._fresh_until = 0.0
        self._resting_until = 0.0

    async def metadata(self) -> Metadata:
        """Return where the provider is asked; the last good answer stays in use while it is away.

        Raises LoginRefused when there never was one.
        """
        async with self._asking:
            now = self._clock.monotonic()
            if now >= max(self._fresh_until, self._resting_until):
                await self._discover()
        if self._metadata is None:
            raise provider_failed("the identity provider does not answer; try again in a moment")
        return self._metadata

    async def exchange(self, code: str, *, verifier: str) -> Tokens:
        """Exchange a code for tokens. Raises LoginRefused."""
        metadata = await self.metadata()
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_uri,
            "code_verifier": verifier,
        }
        headers: dict[str, str] = {}
        if self._client.secret is not None and self._takes_basic(metadata):
            # RFC 6749 §2.3.1: both are form-encoded before they are joined.
            pair = f"{quote_plus(self._client.client_id)}:{quote_plus(self._client.secret)}"
            headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
        else:
            fields["client_id"] = self._client.client_id
            if self._client.secret is not None:
                fields["client_secret"] = self._client.secret
        answer = await self._sender.fetch(
            metadata.token_endpoint, bytes_max=TOKENS_BYTES_MAX, form=urlencode(fields).encode(), headers=headers
        )
        return _tokens_of(answer)

    @staticmethod
    def _takes_basic(metadata: Metadata) -> bool:
        """The default of discovery is `client_secret_basic`."""
        methods = metadata.token_endpoint_auth_methods_supported
        return methods is None or "client_secret_basic" in methods

    async def _discover(self) -> None:
        answer = await self._sender.fetch(self._discovery_url, bytes_max=METADATA_BYTES_MAX)
        try:
            self._metadata = self._checked(answer)
            self._fresh_until = self._clock.monotonic() + METADATA_AGE_S
        except ValueError as error:
            self._resting_until = self._clock.monotonic() + PAUSE_AFTER_FAILURE_S
            _log.error("login_provider_not_discovered", url=self._discovery_url, detail=str(error))

    def _checked(self, answer: Content | NotSent) -> Metadata:
        """Read the provider's metadata. Raises ValueError with what is wrong."""
        if isinstance(answer, NotSent):
            raise ValueError(answer.why)
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        metadata = msgspec.json.decode(answer.body, type=Metadata)
        if metadata.issuer != self._issuer:
            raise ValueError("it is the metadata of another issuer than token_issuer")
        methods = metadata.code_challenge_methods_supported
        if methods is not None and "S256" not in methods:
            raise ValueError("the provider does not support PKCE with S256")
        for url in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.end_session_endpoint):
            if url is not None:
                _require_callable(url, self._reach)
        return metadata


def _require_callable(url: str, reach: Reach) -> None:
    try:
        parse_url(url, reach)
    except UrlRefused as refused:
        raise ValueError(f"an address of the provider is refused: {refused}") from refused


def _tokens_of(answer: Content | NotSent) -> Tokens:
    if isinstance(answer, NotSent):
        _log.error("login_code_not_exchanged", detail=answer.why)
        raise provider_failed("the identity provider did not answer; log in again")
    try:
        if answer.status == 200:
            return msgspec.json.decode(answer.body, type=Tokens)
        error = msgspec.json.decode(answer.body, type=_TokenError).error[:ERROR_CHARS_MAX]
    except msgspec.MsgspecError:
        error = f"an answer that cannot be read, status {answer.status}"
    _log.warning("login_code_refused", detail=error)
    raise LoginRefused("code_refused", "the identity provider refused the code; each serves once, so log in again")
