"""Which parties of a payment are screened, by rail and mode.

Regulation (EU) 2024/886, in force as Article 5d of Regulation (EU) No 260/2012: a provider of instant credit transfers
in euro screens its customers at once when a list changes and at least once every calendar day, and during an instant
credit transfer does *not* screen again the payer and the payee whose accounts are used. The mode `daily_customer` is
that rule. It speaks of account holders only: a payment made on behalf of, or to the benefit of, somebody else names
an ultimate debtor or creditor whom nobody has screened yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from contracts.screening import PartyRole, ScreeningMode

# A mode per rail that an operator may choose; the first is the one taken when nothing is set.
MODES_OF: Final[dict[str, tuple[ScreeningMode, ...]]] = {
    "book": ("per_transaction", "daily_customer"),  # both parties are our own customers
    "sct_inst": ("daily_customer", "per_transaction"),  # the second for rails that carry more than euro inside the EU
    "card_psp": ("per_transaction",),
    "file": ("per_transaction",),
}
ACCOUNT_HOLDERS: Final[frozenset[PartyRole]] = frozenset({"debtor", "creditor"})


class ModeRefused(ValueError):
    """A screening mode that a rail may not have."""


def screening_mode(rail: str, *, chosen: ScreeningMode | None = None) -> ScreeningMode:
    """Return the mode of a rail. A rail that is not known screens every payment. Raises ModeRefused."""
    allowed = MODES_OF.get(rail, ("per_transaction",))
    if chosen is None:
        return allowed[0]
    if chosen not in allowed:
        raise ModeRefused(f"rail {rail} screens {' or '.join(allowed)}, not {chosen}")
    return chosen


def roles_to_screen(rail: str, mode: ScreeningMode, *, roles: Iterable[PartyRole]) -> tuple[PartyRole, ...]:
    """Return which of a payment's parties are screened, in the order given. Raises ModeRefused."""
    screening_mode(rail, chosen=mode)
    skipped = ACCOUNT_HOLDERS if mode == "daily_customer" else frozenset()
    return tuple(role for role in roles if role not in skipped)
