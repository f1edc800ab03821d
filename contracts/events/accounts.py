"""Events about accounts and assets."""

from typing import Final

from contracts.commands import AccountType, Overdraft, Side
from contracts.events.event import EventData


class AssetDeclared(EventData, frozen=True, kw_only=True):
    """An asset outside ISO 4217 may be used from now on."""

    currency: str
    scale: int


class AccountOpened(EventData, frozen=True, kw_only=True, omit_defaults=True):
    """An account exists. ``customer_id`` was added later: left out where there is none, as it always was."""

    account_id: str
    currency: str
    scale: int
    account_type: AccountType
    normal_side: Side
    overdraft: Overdraft
    credit_limit_minor: int
    max_balance_minor: int | None
    metadata: dict[str, str] | None
    customer_id: str | None = None


class AccountClosed(EventData, frozen=True, kw_only=True):
    """An account takes no more movements, for good."""

    account_id: str
    reason: str | None


class AccountFrozen(EventData, frozen=True, kw_only=True):
    """An account takes no movements for now."""

    account_id: str
    reason: str | None


class AccountUnfrozen(EventData, frozen=True, kw_only=True):
    """A frozen account moves again."""

    account_id: str
    reason: str | None


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("asset_declared", 1): AssetDeclared,
    ("account_opened", 1): AccountOpened,
    ("account_closed", 1): AccountClosed,
    ("account_frozen", 1): AccountFrozen,
    ("account_unfrozen", 1): AccountUnfrozen,
}
