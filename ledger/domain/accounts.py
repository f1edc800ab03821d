"""Accounts: terms, life cycle, and the assets they may hold."""

from collections.abc import Mapping
from typing import Final

from contracts.commands import CloseAccount, DeclareAsset, FreezeAccount, OpenAccount, UnfreezeAccount
from contracts.currencies import SCALE_OF_CURRENCY
from contracts.events import AccountClosed, AccountFrozen, AccountOpened, AccountUnfrozen, AssetDeclared, EventData
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Context, Touched
from ledger.domain.customers.life_cycle import CUSTOMER, may_have_account, note_account
from ledger.domain.state import DEBIT_NORMAL, Account, AccountTerms, Moment, State

# The life cycle: status x event -> status. What is not here cannot happen.
ACCOUNT_TRANSITIONS: Final[Mapping[tuple[str, type[EventData]], str]] = {
    ("open", AccountFrozen): "frozen",
    ("frozen", AccountUnfrozen): "open",
    ("open", AccountClosed): "closed",
}
ACCOUNT_REFUSALS: Final[Mapping[tuple[str, type[EventData]], Rejection]] = {
    ("open", AccountUnfrozen): Rejection.ACCOUNT_NOT_FROZEN,
    ("frozen", AccountFrozen): Rejection.ACCOUNT_FROZEN,
    ("frozen", AccountClosed): Rejection.ACCOUNT_FROZEN,
    ("closed", AccountFrozen): Rejection.ACCOUNT_CLOSED,
    ("closed", AccountUnfrozen): Rejection.ACCOUNT_CLOSED,
    ("closed", AccountClosed): Rejection.ACCOUNT_CLOSED,
}


def decide_declare_asset(command: DeclareAsset, state: State, moment: Moment) -> AssetDeclared | Refused:
    """Declare an asset once; ISO 4217 codes need no declaration and cannot be redefined."""
    if command.currency in SCALE_OF_CURRENCY or state.scale_of(command.currency) is not None:
        return Refused(Rejection.ASSET_ALREADY_DECLARED, f"{command.currency} is already known", "/currency")
    return AssetDeclared(currency=command.currency, scale=command.scale)


def decide_open(command: OpenAccount, state: State, moment: Moment) -> AccountOpened | Refused:
    """Open an account under a free id in a known currency, for a known customer or for the institution itself."""
    scale = state.scale_of(command.currency)
    if scale is None:
        return Refused(
            Rejection.CURRENCY_UNKNOWN,
            f"{command.currency} is neither an ISO 4217 currency with minor units nor a declared asset",
            "/currency",
        )
    if state.account(command.account_id) is not None:
        return Refused(Rejection.ACCOUNT_ALREADY_EXISTS, f"account {command.account_id} exists", "/account_id")
    if (command.overdraft == "limited") != (command.credit_limit_minor > 0):
        return Refused(
            Rejection.OVERDRAFT_TERMS_CONTRADICT,
            "credit_limit_minor must be above zero with overdraft 'limited' and zero otherwise",
            "/credit_limit_minor",
        )
    holder = None if command.customer_id is None else may_have_account(state, command.customer_id)
    if isinstance(holder, Refused):
        return holder
    return AccountOpened(
        account_id=command.account_id,
        currency=command.currency,
        scale=scale,
        account_type=command.account_type,
        normal_side="debit" if command.account_type in DEBIT_NORMAL else "credit",
        overdraft=command.overdraft,
        credit_limit_minor=command.credit_limit_minor,
        max_balance_minor=command.max_balance_minor,
        metadata=command.metadata,
        customer_id=command.customer_id,
    )


def decide_freeze(command: FreezeAccount, state: State, moment: Moment) -> AccountFrozen | Refused:
    """Freeze an open account."""
    refused = _refusal(command.account_id, AccountFrozen, state)
    return refused or AccountFrozen(account_id=command.account_id, reason=command.reason)


def decide_unfreeze(command: UnfreezeAccount, state: State, moment: Moment) -> AccountUnfrozen | Refused:
    """Unfreeze a frozen account."""
    refused = _refusal(command.account_id, AccountUnfrozen, state)
    return refused or AccountUnfrozen(account_id=command.account_id, reason=command.reason)


def decide_close(command: CloseAccount, state: State, moment: Moment) -> AccountClosed | Refused:
    """Close an open account that holds and reserves nothing."""
    refused = _refusal(command.account_id, AccountClosed, state)
    if refused is not None:
        return refused
    account = state.account(command.account_id)
    assert account is not None
    if account.posted_minor != 0 or account.held_minor != 0:
        return Refused(
            Rejection.ACCOUNT_BALANCE_NOT_ZERO,
            f"account {command.account_id} has {account.posted_minor} posted and {account.held_minor} held",
            "/account_id",
        )
    return AccountClosed(account_id=command.account_id, reason=command.reason)


def _refusal(account_id: str, event: type[EventData], state: State) -> Refused | None:
    account = state.account(account_id)
    if account is None:
        return Refused(Rejection.ACCOUNT_NOT_FOUND, f"account {account_id} does not exist", "/account_id")
    rejection = ACCOUNT_REFUSALS.get((account.status, event))
    if rejection is None:
        return None
    return Refused(rejection, f"account {account_id} is {account.status}", "/account_id")


def terms_of(event: AccountOpened, *, position: int) -> AccountTerms:
    """Turn what was agreed into limits: the least available and the greatest posted balance."""
    floors = {"forbidden": 0, "limited": -event.credit_limit_minor, "unlimited": None}
    return AccountTerms(
        no=position,
        account_id=event.account_id,
        currency=event.currency,
        scale=event.scale,
        account_type=event.account_type,
        normal_sign=1 if event.normal_side == "debit" else -1,
        floor_minor=floors[event.overdraft],
        ceiling_minor=event.max_balance_minor,
        customer_id=event.customer_id,
    )


def evolve_asset(state: State, event: AssetDeclared, position: int) -> None:
    """Remember a declared asset."""
    state.assets[event.currency] = event.scale


def evolve_opened(state: State, event: AccountOpened, position: int) -> None:
    """Add the account, empty, and note it under its customer."""
    state.accounts[event.account_id] = Account(terms_of(event, position=position), "open", 0, 0)
    if event.customer_id is not None:
        note_account(state, event.customer_id, event.account_id)


def evolve_status(state: State, event: AccountFrozen | AccountUnfrozen | AccountClosed, position: int) -> None:
    """Move an account along its life cycle."""
    account = state.account(event.account_id)
    assert account is not None
    status = ACCOUNT_TRANSITIONS[account.status, type(event)]
    state.accounts[event.account_id] = Account(account.terms, status, account.posted_minor, account.held_minor)


def _touch_account(command: OpenAccount | CloseAccount | FreezeAccount | UnfreezeAccount, touched: Touched) -> None:
    touched.accounts.add(command.account_id)


def _touch_opening(command: OpenAccount, touched: Touched) -> None:
    _touch_account(command, touched)
    touched.currencies.add(command.currency)
    if command.customer_id is not None:
        touched.records.add((CUSTOMER, command.customer_id))


def _touch_asset(command: DeclareAsset, touched: Touched) -> None:
    touched.currencies.add(command.currency)


CONTEXT: Final = Context(
    deciders={
        DeclareAsset: decide_declare_asset,
        OpenAccount: decide_open,
        CloseAccount: decide_close,
        FreezeAccount: decide_freeze,
        UnfreezeAccount: decide_unfreeze,
    },
    evolvers={
        AssetDeclared: evolve_asset,
        AccountOpened: evolve_opened,
        AccountClosed: evolve_status,
        AccountFrozen: evolve_status,
        AccountUnfrozen: evolve_status,
    },
    touches={
        DeclareAsset: _touch_asset,
        OpenAccount: _touch_opening,
        CloseAccount: _touch_account,
        FreezeAccount: _touch_account,
        UnfreezeAccount: _touch_account,
    },
)
