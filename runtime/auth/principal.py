"""The caller, as an accepted token describes them."""

from datetime import datetime

import msgspec


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts (`subject`), for whom (`tenant`), what they may do and in which ledgers, and where from.

    `acr`, `authenticated_at`: how and when the person behind the token last proved who they are (RFC 9470).
    """

    subject: str
    tenant: str
    scopes: frozenset[str] = frozenset()
    ledgers: frozenset[str] = frozenset()
    device: str | None = None
    acr: str | None = None
    authenticated_at: datetime | None = None
    address: str | None = None
