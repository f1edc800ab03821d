"""The endpoints as the book remembers them, read anew for every delivery: a change counts from the next one on."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from contracts.events.webhooks import SECRET_FIELD, WEBHOOK_SECRETS
from projectors.book import Book
from projectors.webhooks.delivering import Endpoint
from runtime.vault import Erased, SealBroken, Vault

KIND: Final = "webhook_endpoint"  # of the record that the ledger keeps
EVERYTHING: Final = "*"
ENDPOINTS_MAX: Final = 64  # that a ledger lets be created


class EndpointState(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger remembers of an endpoint, with its secrets sealed."""

    status: Literal["enabled", "disabled"]
    url: str
    kinds: tuple[str, ...]
    secret: str
    since: int
    previous_secret: str | None = None
    previous_valid_until: datetime | None = None

    def hears(self, kind: str) -> bool:
        """Tell whether events of a kind go there."""
        return self.status == "enabled" and (EVERYTHING in self.kinds or kind in self.kinds)

    def sealed_secrets(self, now: datetime) -> list[str]:
        """Return the secrets that sign at an instant, the newest first."""
        until = self.previous_valid_until
        is_overlap = self.previous_secret is not None and until is not None and now < until
        return [self.secret, self.previous_secret] if is_overlap and self.previous_secret else [self.secret]


_decode: Final = msgspec.json.Decoder(EndpointState).decode


class Endpoints:
    """Reads endpoints from the book's records, and opens their secrets."""

    def __init__(self, book: Book, vault: Vault | None) -> None:
        self._book = book
        self._vault = vault

    async def all(self) -> dict[str, EndpointState]:
        """Return every endpoint by its id. Raises BookUnreachable."""
        rows = await self._book.read_records(KIND, ENDPOINTS_MAX)
        return {endpoint_id: _decode(state) for endpoint_id, state in rows}

    async def find(self, endpoint_id: str) -> EndpointState | None:
        """Return one endpoint. Raises BookUnreachable."""
        state = await self._book.read_record(KIND, endpoint_id)
        return None if state is None else _decode(state)

    @property
    def can_sign(self) -> bool:
        """Whether there is a vault to open secrets with."""
        return self._vault is not None

    async def opened(self, endpoint_id: str, state: EndpointState, *, now: datetime) -> Endpoint:
        """Open the secrets that count now. Raises VaultError, OSError, asyncpg's errors when the vault is away."""
        assert self._vault is not None
        sealed = [(WEBHOOK_SECRETS, {SECRET_FIELD: text}) for text in state.sealed_secrets(now)]
        secrets = [fields[SECRET_FIELD] for fields in await self._vault.open_many(sealed)]
        if any(isinstance(secret, Erased) for secret in secrets):
            raise SealBroken("the key of the webhook secrets was destroyed: rotate the secrets of all endpoints")
        return Endpoint(endpoint_id=endpoint_id, url=state.url, secrets=[str(secret) for secret in secrets])
