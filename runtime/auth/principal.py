"""The caller, as an accepted token describes them."""

import msgspec


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts (`subject`), for whom (`tenant`), what they may do and in which ledgers, and where from."""

    subject: str
    tenant: str
    scopes: frozenset[str] = frozenset()
    ledgers: frozenset[str] = frozenset()
    device: str | None = None
    address: str | None = None
