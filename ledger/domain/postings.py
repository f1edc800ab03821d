"""Postings: what balanced means, what an account allows, and the balances a transfer leaves behind.

Shared by everything that moves money (transfers, reversals, captures, payments), so that the rules exist once.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from contracts.commands import Posting
from contracts.events import PostedPosting
from contracts.money import BALANCE_MINOR_MAX
from contracts.rejections import Refused, Rejection
from ledger.domain.state import DEBIT_NORMAL_SIGN, Account, Moment, State

NO_HELD_CHANGE: Final[Mapping[str, int]] = {}


def effective_on(asked: date | None, *, state: State, moment: Moment) -> date | Refused:
    """Choose the effective date: today unless asked otherwise; never in the future, never in a closed period."""
    if asked is None:
        asked = moment.today
    if asked > moment.today:
        return Refused(
            Rejection.EFFECTIVE_DATE_IN_FUTURE, f"{asked} is after today, {moment.today} (UTC)", "/effective_date"
        )
    if asked <= state.closed_through:
        return Refused(
            Rejection.PERIOD_CLOSED, f"the books are closed through {state.closed_through}", "/effective_date"
        )
    return asked


def usable(
    account_id: str, currency: str, *, state: State, pointer: str, frozen_too: bool = False
) -> Account | Refused:
    """Find an account that may move money of ``currency``; ``frozen_too``: the movement has happened elsewhere."""
    account = state.account(account_id)
    if account is None:
        return Refused(Rejection.ACCOUNT_NOT_FOUND, f"account {account_id} does not exist", pointer)
    if account.status != "open" and not (frozen_too and account.status == "frozen"):
        rejection = Rejection.ACCOUNT_CLOSED if account.status == "closed" else Rejection.ACCOUNT_FROZEN
        return Refused(rejection, f"account {account_id} is {account.status}", pointer)
    if account.terms.currency != currency:
        return Refused(
            Rejection.CURRENCY_MISMATCH, f"account {account_id} holds {account.terms.currency}, not {currency}", pointer
        )
    return account


def own_account(
    account_id: str, currency: str, *, normal_sign: int, may_fall: bool, state: State, pointer: str
) -> Account | Refused:
    """Find an account of the institution that can take whatever is booked on it by itself.

    ``may_fall``: it must also go below zero without limit.
    """
    account = usable(account_id, currency, state=state, pointer=pointer)
    if isinstance(account, Refused):
        return account
    terms = account.terms
    if terms.normal_sign != normal_sign:
        side = "debits" if normal_sign == DEBIT_NORMAL_SIGN else "credits"
        return Refused(Rejection.ACCOUNT_UNSUITABLE, f"account {account_id} must grow by {side} for this", pointer)
    if terms.ceiling_minor is not None or (may_fall and terms.floor_minor is not None):
        needs = "overdraft unlimited and no max_balance_minor" if may_fall else "no max_balance_minor"
        return Refused(Rejection.OVERDRAFT_TERMS_CONTRADICT, f"account {account_id} needs {needs}", pointer)
    return account


def book_postings(
    postings: Sequence[Posting],
    *,
    state: State,
    held_change: Mapping[str, int] = NO_HELD_CHANGE,
    frozen_too: bool = False,
) -> tuple[PostedPosting, ...] | Refused:
    """Book postings as one unit: each on a usable account, balanced per currency, every limit kept at the end.

    ``held_change`` is what the same event gives back from holds, per account; it counts before the limits are looked
    at. Limits are judged on the result of the whole unit, so the order of postings never decides.
    """
    accounts: dict[str, Account] = {}
    posted: dict[str, int] = {}
    difference: dict[str, int] = {}
    after: list[int] = []
    for index, posting in enumerate(postings):
        account_id, currency = posting.account_id, posting.currency
        account = accounts.get(account_id)
        if account is None or account.terms.currency != currency:
            found = usable(
                account_id, currency, state=state, pointer=f"/postings/{index}/account_id", frozen_too=frozen_too
            )
            if isinstance(found, Refused):
                return found
            accounts[account_id] = account = found
            posted[account_id] = account.posted_minor
        amount_minor = posting.amount_minor if posting.side == "debit" else -posting.amount_minor
        difference[currency] = difference.get(currency, 0) + amount_minor
        posted[account_id] = posted_minor = posted[account_id] + account.terms.normal_sign * amount_minor
        after.append(posted_minor)
    refused = unbalanced(difference) or over_limit(accounts, posted, held_change) or step_out_of_range(postings, after)
    if refused is not None:
        return refused
    return tuple(
        PostedPosting(
            posting.account_id,
            posting.side,
            posting.amount_minor,
            posting.currency,
            posted_minor,
            accounts[posting.account_id].held_minor + held_change.get(posting.account_id, 0),
        )
        for posting, posted_minor in zip(postings, after, strict=True)
    )


def unbalanced(difference: Mapping[str, int]) -> Refused | None:
    """Refuse unless debits equal credits in every currency."""
    for currency, difference_minor in difference.items():
        if difference_minor != 0:
            more = "debits exceed credits" if difference_minor > 0 else "credits exceed debits"
            return Refused(
                Rejection.POSTINGS_UNBALANCED, f"{more} by {abs(difference_minor)} in {currency}", "/postings"
            )
    return None


def over_limit(
    accounts: Mapping[str, Account], posted: Mapping[str, int], held_change: Mapping[str, int]
) -> Refused | None:
    """Refuse the first account that would leave its limits: available not below floor, posted not above ceiling."""
    for account_id, account in accounts.items():
        held_minor = account.held_minor + held_change.get(account_id, 0)
        refused = beyond_terms(account, posted_minor=posted[account_id], held_minor=held_minor)
        if refused is not None:
            return refused
    return None


def beyond_terms(account: Account, *, posted_minor: int, held_minor: int) -> Refused | None:
    """Judge one account's would-be balance against its terms and the 64-bit range."""
    terms = account.terms
    available_minor = posted_minor - held_minor
    if terms.floor_minor is not None and available_minor < terms.floor_minor:
        return Refused(
            Rejection.INSUFFICIENT_FUNDS,
            f"account {terms.account_id} would have {available_minor} available, least allowed {terms.floor_minor} "
            f"({terms.currency} minor units; available now {account.posted_minor - account.held_minor})",
        )
    if terms.ceiling_minor is not None and posted_minor > terms.ceiling_minor:
        return Refused(
            Rejection.BALANCE_LIMIT_EXCEEDED,
            f"account {terms.account_id} would have {posted_minor}, most allowed {terms.ceiling_minor} "
            f"({terms.currency} minor units)",
        )
    if max(abs(posted_minor), abs(available_minor), held_minor) > BALANCE_MINOR_MAX:
        return Refused(
            Rejection.BALANCE_OUT_OF_RANGE, f"the balance of account {terms.account_id} would not fit in 64 bits"
        )
    return None


def step_out_of_range(postings: Sequence[Posting], after: Sequence[int]) -> Refused | None:
    """Refuse a balance between two postings that would not fit in 64 bits: the event carries it to every reader."""
    for index, (posting, posted_minor) in enumerate(zip(postings, after, strict=True)):
        if abs(posted_minor) > BALANCE_MINOR_MAX:
            return Refused(
                Rejection.BALANCE_OUT_OF_RANGE,
                f"the balance of account {posting.account_id} would not fit in 64 bits after posting {index}",
                f"/postings/{index}/amount_minor",
            )
    return None
