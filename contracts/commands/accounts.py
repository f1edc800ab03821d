"""Commands about accounts and assets."""

from typing import Annotated

from msgspec import Meta

from contracts.commands.command import AccountType, Command, LimitMinor, Metadata, Overdraft, Reason
from contracts.ids import AccountId, CustomerId
from contracts.money import SCALE_MAX, CurrencyCode


class DeclareAsset(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="declare_asset"):
    """Declare an asset that ISO 4217 does not know, with its number of decimal places."""

    currency: CurrencyCode
    scale: Annotated[int, Meta(ge=0, le=SCALE_MAX)]


class OpenAccount(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="open_account"):
    """Open an account of one currency. Its normal side follows from its type."""

    account_id: AccountId
    currency: CurrencyCode
    account_type: AccountType
    overdraft: Overdraft = "forbidden"
    credit_limit_minor: LimitMinor = 0
    max_balance_minor: LimitMinor | None = None
    customer_id: CustomerId | None = None
    metadata: Metadata | None = None


class CloseAccount(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="close_account"):
    """Close an account whose balance and holds are zero, for good."""

    account_id: AccountId
    reason: Reason | None = None


class FreezeAccount(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="freeze_account"):
    """Refuse every movement on an account until it is unfrozen."""

    account_id: AccountId
    reason: Reason | None = None


class UnfreezeAccount(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="unfreeze_account"):
    """Let a frozen account move again."""

    account_id: AccountId
    reason: Reason | None = None
