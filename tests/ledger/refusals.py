"""Every way a decision can refuse, as a table: what is asked of `a_bank`, why it is refused, which field is to blame.

A row may name more than one thing that is wrong; then the refusal that stands first in `Rejection` is the answer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

from contracts import commands as c
from contracts.money import AMOUNT_MINOR_MAX
from contracts.rejections import Rejection as R
from tests.support.ledger import (
    BEYOND_ANY_HOLD,
    CLOSED_THROUGH,
    NOON,
    TODAY,
    BookInMemory,
    a_bank,
    capture,
    credit,
    debit,
    hold,
    leg,
    move,
    open_account,
    post,
    reverse,
)

BANK: Final = a_bank()
LATER: Final = NOON + timedelta(days=2)
PAST_DAY: Final = CLOSED_THROUGH
FUTURE_DAY: Final = TODAY + timedelta(days=1)
MAX: Final = AMOUNT_MINOR_MAX
NOTHING: Final = "xfer_1"  # the event that opened the first account: it booked nothing
NO_HOLD: Final = "hold_1"


class Row(NamedTuple):
    """One case: the command, the refusal, the JSON pointer it names; the book it is asked of, and who asks."""

    command: c.Command
    rejection: R
    pointer: str | None
    bank: BookInMemory = BANK
    subject: str = "clerk"


ASSETS: Final = (
    Row(c.DeclareAsset(currency="EUR", scale=2), R.ASSET_ALREADY_DECLARED, "/currency"),
    Row(c.DeclareAsset(currency="POINTS", scale=3), R.ASSET_ALREADY_DECLARED, "/currency"),
)

ACCOUNTS: Final = (
    Row(open_account("new", currency="XAU"), R.CURRENCY_UNKNOWN, "/currency"),
    Row(open_account("alice"), R.ACCOUNT_ALREADY_EXISTS, "/account_id"),
    Row(open_account("gone"), R.ACCOUNT_ALREADY_EXISTS, "/account_id"),
    Row(open_account("alice", currency="XAU"), R.CURRENCY_UNKNOWN, "/currency"),
    Row(open_account("new", overdraft="limited"), R.OVERDRAFT_TERMS_CONTRADICT, "/credit_limit_minor"),
    Row(open_account("new", credit_limit_minor=1), R.OVERDRAFT_TERMS_CONTRADICT, "/credit_limit_minor"),
    Row(open_account("new", overdraft="unlimited", credit_limit_minor=1), R.OVERDRAFT_TERMS_CONTRADICT,
        "/credit_limit_minor"),
    Row(c.FreezeAccount(account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/account_id"),
    Row(c.FreezeAccount(account_id="frozen"), R.ACCOUNT_FROZEN, "/account_id"),
    Row(c.FreezeAccount(account_id="gone"), R.ACCOUNT_CLOSED, "/account_id"),
    Row(c.UnfreezeAccount(account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/account_id"),
    Row(c.UnfreezeAccount(account_id="alice"), R.ACCOUNT_NOT_FROZEN, "/account_id"),
    Row(c.UnfreezeAccount(account_id="gone"), R.ACCOUNT_CLOSED, "/account_id"),
    Row(c.CloseAccount(account_id="nobody"), R.ACCOUNT_NOT_FOUND, "/account_id"),
    Row(c.CloseAccount(account_id="gone"), R.ACCOUNT_CLOSED, "/account_id"),
    Row(c.CloseAccount(account_id="frozen"), R.ACCOUNT_FROZEN, "/account_id"),
    Row(c.CloseAccount(account_id="alice"), R.ACCOUNT_BALANCE_NOT_ZERO, "/account_id"),
)  # fmt: skip

TRANSFERS: Final = (
    Row(move("nobody", "bob", 1), R.ACCOUNT_NOT_FOUND, "/postings/0/account_id"),
    Row(move("alice", "nobody", 1), R.ACCOUNT_NOT_FOUND, "/postings/1/account_id"),
    Row(move("alice", "gone", 1), R.ACCOUNT_CLOSED, "/postings/1/account_id"),
    Row(move("alice", "frozen", 1), R.ACCOUNT_FROZEN, "/postings/1/account_id"),
    Row(move("alice", "dave:usd", 1), R.CURRENCY_MISMATCH, "/postings/1/account_id"),
    Row(post(debit("alice", 1), credit("alice", 1, "USD")), R.CURRENCY_MISMATCH, "/postings/1/account_id"),
    Row(post(debit("alice", 2), credit("bob", 1)), R.POSTINGS_UNBALANCED, "/postings"),
    Row(post(debit("alice", 1), credit("bob", 2)), R.POSTINGS_UNBALANCED, "/postings"),
    Row(post(debit("alice", 1), credit("dave:usd", 1, "USD")), R.POSTINGS_UNBALANCED, "/postings"),
    Row(move("alice", "bob", 8_000), R.INSUFFICIENT_FUNDS, None),  # posted, but reserved by holds
    Row(move("carol", "bob", 501), R.INSUFFICIENT_FUNDS, None),
    Row(move("world", "till", 4_001), R.INSUFFICIENT_FUNDS, None),  # debit-normal: a credit makes it smaller
    Row(move("world", "carol", 5_001), R.BALANCE_LIMIT_EXCEEDED, None),
    Row(move("world", "bob", MAX), R.BALANCE_OUT_OF_RANGE, None),
    Row(post(*[debit("world", MAX)] * 2, *[credit("world", MAX)] * 2), R.BALANCE_OUT_OF_RANGE,
        "/postings/0/amount_minor"),
    Row(post(*[credit("fees", MAX)] * 2, *[debit("fees", MAX)] * 2), R.BALANCE_OUT_OF_RANGE,
        "/postings/1/amount_minor"),
    Row(move("alice", "bob", 1, on=FUTURE_DAY), R.EFFECTIVE_DATE_IN_FUTURE, "/effective_date"),
    Row(move("alice", "bob", 1, on=PAST_DAY), R.PERIOD_CLOSED, "/effective_date"),
    Row(move("alice", "gone", 10**9, on=FUTURE_DAY), R.ACCOUNT_CLOSED, "/postings/1/account_id"),
    Row(move("alice", "bob", 10**9, on=FUTURE_DAY), R.INSUFFICIENT_FUNDS, None),
    Row(post(debit("alice", 10**9), credit("bob", 1)), R.POSTINGS_UNBALANCED, "/postings"),
)  # fmt: skip

REVERSALS: Final = (
    Row(reverse("xfer_999999"), R.TRANSFER_NOT_FOUND, "/transfer_id"),
    Row(reverse(NOTHING), R.TRANSFER_NOT_FOUND, "/transfer_id"),
    Row(reverse(BANK.reversal), R.TRANSFER_IS_A_REVERSAL, "/transfer_id"),
    Row(reverse(BANK.reversed_transfer), R.TRANSFER_ALREADY_REVERSED, "/transfer_id"),
    Row(reverse(BANK.reversed_transfer, debit("bob", 1), credit("alice", 1)), R.TRANSFER_ALREADY_REVERSED,
        "/transfer_id"),
    Row(reverse(BANK.transfer, debit("carol", 1), credit("alice", 1)), R.REVERSAL_POSTING_UNKNOWN, "/postings/0"),
    Row(reverse(BANK.transfer, debit("alice", 1), credit("bob", 1)), R.REVERSAL_POSTING_UNKNOWN, "/postings/0"),
    Row(reverse(BANK.transfer, debit("bob", 1), credit("alice", 1, "USD")), R.REVERSAL_POSTING_UNKNOWN, "/postings/1"),
    Row(reverse(BANK.transfer, debit("bob", 701), credit("alice", 701)), R.REVERSAL_EXCEEDS_ORIGINAL,
        "/postings/0/amount_minor"),
    Row(reverse(BANK.transfer, *[debit("bob", 400)] * 2, credit("alice", 800)), R.REVERSAL_EXCEEDS_ORIGINAL,
        "/postings/1/amount_minor"),
    Row(reverse(BANK.partly_reversed_transfer, debit("bob", 201), credit("alice", 201)), R.REVERSAL_EXCEEDS_ORIGINAL,
        "/postings/0/amount_minor"),
    Row(reverse(BANK.transfer, debit("bob", 2), credit("alice", 1)), R.POSTINGS_UNBALANCED, "/postings"),
    Row(reverse(BANK.frozen_transfer), R.ACCOUNT_FROZEN, "/postings/1/account_id"),
    Row(reverse(BANK.closed_transfer), R.ACCOUNT_CLOSED, "/postings/0/account_id"),
    Row(reverse(BANK.spent_transfer), R.INSUFFICIENT_FUNDS, None),
    Row(reverse(BANK.from_full_transfer), R.BALANCE_LIMIT_EXCEEDED, None),
    Row(reverse(BANK.huge_transfer), R.BALANCE_OUT_OF_RANGE, None),
    Row(reverse(BANK.transfer, on=FUTURE_DAY), R.EFFECTIVE_DATE_IN_FUTURE, "/effective_date"),
    Row(reverse(BANK.transfer, on=PAST_DAY), R.PERIOD_CLOSED, "/effective_date"),
)  # fmt: skip

PERIODS: Final = (
    Row(c.ClosePeriod(through=TODAY), R.PERIOD_NOT_OVER, "/through"),
    Row(c.ClosePeriod(through=FUTURE_DAY), R.PERIOD_NOT_OVER, "/through"),
    Row(c.ClosePeriod(through=CLOSED_THROUGH), R.PERIOD_CLOSED, "/through"),
    Row(c.ClosePeriod(through=CLOSED_THROUGH - timedelta(days=1)), R.PERIOD_CLOSED, "/through"),
)

HOLDS: Final = (
    Row(hold(leg("alice", "bob", 1), until=NOON), R.HOLD_DEADLINE_PASSED, "/expires_at"),
    Row(hold(leg("alice", "bob", 1), until=BEYOND_ANY_HOLD), R.HOLD_DEADLINE_TOO_FAR, "/expires_at"),
    Row(hold(leg("alice", "alice", 1)), R.SAME_ACCOUNT, "/legs/0"),
    Row(hold(leg("nobody", "bob", 1)), R.ACCOUNT_NOT_FOUND, "/legs/0/debit_account_id"),
    Row(hold(leg("alice", "bob", 1), leg("alice", "nobody", 1)), R.ACCOUNT_NOT_FOUND, "/legs/1/credit_account_id"),
    Row(hold(leg("alice", "gone", 1)), R.ACCOUNT_CLOSED, "/legs/0/credit_account_id"),
    Row(hold(leg("frozen", "bob", 1)), R.ACCOUNT_FROZEN, "/legs/0/debit_account_id"),
    Row(hold(leg("alice", "dave:usd", 1)), R.CURRENCY_MISMATCH, "/legs/0/credit_account_id"),
    Row(hold(leg("alice", "bob", 8_000)), R.INSUFFICIENT_FUNDS, None),
    Row(hold(leg("alice", "bob", 4_000), leg("alice", "fees", 4_000)), R.INSUFFICIENT_FUNDS, None),
    Row(hold(leg("world", "till", 4_001)), R.INSUFFICIENT_FUNDS, None),
    Row(hold(leg("world", "alice", MAX), leg("world", "bob", MAX)), R.BALANCE_OUT_OF_RANGE, None),
    Row(c.ExtendHold(hold_id=NO_HOLD, expires_at=LATER), R.HOLD_NOT_FOUND, "/hold_id"),
    Row(c.ExtendHold(hold_id=BANK.captured_hold, expires_at=LATER), R.HOLD_ALREADY_CAPTURED, "/hold_id"),
    Row(c.ExtendHold(hold_id=BANK.released_hold, expires_at=LATER), R.HOLD_ALREADY_RELEASED, "/hold_id"),
    Row(c.ExtendHold(hold_id=BANK.expired_hold, expires_at=LATER), R.HOLD_ALREADY_EXPIRED, "/hold_id"),
    Row(c.ExtendHold(hold_id=BANK.overdue_hold, expires_at=LATER), R.HOLD_DEADLINE_PASSED, "/hold_id"),
    Row(c.ExtendHold(hold_id=BANK.open_hold, expires_at=NOON), R.HOLD_DEADLINE_NOT_LATER, "/expires_at"),
    Row(c.ExtendHold(hold_id=BANK.open_hold, expires_at=BEYOND_ANY_HOLD), R.HOLD_DEADLINE_TOO_FAR, "/expires_at"),
)  # fmt: skip

CAPTURES: Final = (
    Row(capture(NO_HOLD), R.HOLD_NOT_FOUND, "/hold_id"),
    Row(capture("hold_999999"), R.HOLD_NOT_FOUND, "/hold_id"),
    Row(capture(BANK.captured_hold), R.HOLD_ALREADY_CAPTURED, "/hold_id"),
    Row(capture(BANK.released_hold), R.HOLD_ALREADY_RELEASED, "/hold_id"),
    Row(capture(BANK.expired_hold), R.HOLD_ALREADY_EXPIRED, "/hold_id"),
    Row(capture(BANK.overdue_hold), R.HOLD_DEADLINE_PASSED, "/hold_id"),
    Row(capture(BANK.two_leg_hold, 100), R.CAPTURE_AMOUNTS_MISMATCH, "/amounts_minor"),
    Row(capture(BANK.open_hold, 1, 1), R.CAPTURE_AMOUNTS_MISMATCH, "/amounts_minor"),
    Row(capture(BANK.two_leg_hold, 0, 0, final=True), R.CAPTURE_AMOUNTS_MISMATCH, "/amounts_minor"),
    Row(capture(BANK.open_hold, 1_001), R.CAPTURE_EXCEEDS_HOLD, "/amounts_minor/0"),
    Row(capture(BANK.two_leg_hold, 0, 11), R.CAPTURE_EXCEEDS_HOLD, "/amounts_minor/1"),
    Row(capture(BANK.partly_captured_hold, 61), R.CAPTURE_EXCEEDS_HOLD, "/amounts_minor/0"),
    Row(capture(BANK.hold_into_closed), R.ACCOUNT_CLOSED, "/postings/1/account_id"),
    Row(capture(BANK.hold_from_frozen), R.ACCOUNT_FROZEN, "/postings/0/account_id"),
    Row(capture(BANK.hold_beyond_ceiling), R.BALANCE_LIMIT_EXCEEDED, None),
    Row(capture(BANK.hold_beyond_64_bits), R.BALANCE_OUT_OF_RANGE, None),
    Row(capture(BANK.open_hold, on=FUTURE_DAY), R.EFFECTIVE_DATE_IN_FUTURE, "/effective_date"),
    Row(capture(BANK.open_hold, on=PAST_DAY), R.PERIOD_CLOSED, "/effective_date"),
)  # fmt: skip

RELEASES: Final = (
    Row(c.ReleaseHold(hold_id=NO_HOLD), R.HOLD_NOT_FOUND, "/hold_id"),
    Row(c.ReleaseHold(hold_id=BANK.captured_hold), R.HOLD_ALREADY_CAPTURED, "/hold_id"),
    Row(c.ReleaseHold(hold_id=BANK.released_hold), R.HOLD_ALREADY_RELEASED, "/hold_id"),
    Row(c.ReleaseHold(hold_id=BANK.expired_hold), R.HOLD_ALREADY_EXPIRED, "/hold_id"),
    Row(c.ReleaseHold(hold_id=BANK.overdue_hold), R.HOLD_DEADLINE_PASSED, "/hold_id"),
    Row(c.ExpireHold(hold_id=NO_HOLD), R.HOLD_NOT_FOUND, "/hold_id"),
    Row(c.ExpireHold(hold_id=BANK.captured_hold), R.HOLD_ALREADY_CAPTURED, "/hold_id"),
    Row(c.ExpireHold(hold_id=BANK.released_hold), R.HOLD_ALREADY_RELEASED, "/hold_id"),
    Row(c.ExpireHold(hold_id=BANK.expired_hold), R.HOLD_ALREADY_EXPIRED, "/hold_id"),
    Row(c.ExpireHold(hold_id=BANK.open_hold), R.HOLD_DEADLINE_NOT_PASSED, "/hold_id"),
)

ROWS: Final = (
    *ASSETS, *ACCOUNTS, *TRANSFERS, *REVERSALS, *PERIODS, *HOLDS, *CAPTURES, *RELEASES,
)  # fmt: skip
