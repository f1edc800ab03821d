"""Public events about accounts, assets and periods. Why an account is frozen or closed stays inside."""

from datetime import date

from contracts.commands import AccountType, Side
from contracts.public_events.data import PublicData


class PublicAccountOpened(PublicData, frozen=True, kw_only=True):
    """An account exists."""

    account_id: str
    currency: str
    scale: int
    account_type: AccountType
    normal_side: Side


class PublicAccountClosed(PublicData, frozen=True, kw_only=True):
    """An account takes no more movements, for good."""

    account_id: str


class PublicAccountFrozen(PublicData, frozen=True, kw_only=True):
    """An account takes no movements for now."""

    account_id: str


class PublicAccountUnfrozen(PublicData, frozen=True, kw_only=True):
    """A frozen account moves again."""

    account_id: str


class PublicAssetDeclared(PublicData, frozen=True, kw_only=True):
    """An asset outside ISO 4217 may be used from now on."""

    currency: str
    scale: int


class PublicPeriodClosed(PublicData, frozen=True, kw_only=True):
    """No entry may take effect on or before ``through`` any more."""

    through: date
