"""Events about accounts and assets."""

from contracts.commands import AccountType, Overdraft, Side
from contracts.events.event import EventData


class AssetDeclared(EventData, frozen=True, kw_only=True):
    """An asset outside ISO 4217 may be used from now on."""

    currency: str
    scale: int


class AccountOpened(EventData, frozen=True, kw_only=True):
    """An account exists."""

    account_id: str
    currency: str
    scale: int
    account_type: AccountType
    normal_side: Side
    overdraft: Overdraft
    credit_limit_minor: int
    max_balance_minor: int | None
    metadata: dict[str, str] | None


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
