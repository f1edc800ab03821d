"""The roles of the local stack's identity provider: what each is for, and the scopes that go with it.

They show how an organisation may cut its scopes; in production the identity provider grants them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from cli.devstack.identity import SCOPES

READING: Final = tuple(scope for scope in SCOPES if scope.endswith(":read"))


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """One role: its name as people say it, what it is for, its scopes."""

    title: str
    purpose: str
    scopes: tuple[str, ...]


ROLES: Final[Mapping[str, Role]] = {
    "operations": Role(
        title="Operations",
        purpose="keeps payments moving: reviews, resumes what is parked, rebuilds read models",
        scopes=(
            *("accounts:read", "customers:read", "operations:read", "overview:read", "payments:read"),
            *("projections:read", "reports:read", "status:read"),
            *("customers:review", "payments:operate", "payments:review", "projections:operate"),
            *("reconciliation:write", "settlements:operate", "statements:write", "webhooks:write"),
        ),
    ),
    "finance": Role(
        title="Finance",
        purpose="keeps the books: reports, ad-hoc questions, reconciliation, prices, the end of a period",
        scopes=(
            *("accounts:read", "operations:read", "overview:read", "payments:read", "reports:read", "status:read"),
            *("sql:run", "fx:write", "periods:write", "reconciliation:write", "statements:write"),
            "write_offs:approve",
        ),
    ),
    "support": Role(
        title="Support",
        purpose="answers customers: looks up accounts, payments and customers, and changes nothing",
        scopes=("accounts:read", "customers:read", "overview:read", "payments:read", "status:read"),
    ),
    "auditor": Role(
        title="Auditor",
        purpose="sees everything and changes nothing",
        scopes=(*READING, "sql:audit", "sql:run"),
    ),
    "administrator": Role(
        title="Administrator",
        purpose="may do everything",
        scopes=SCOPES,
    ),
}
