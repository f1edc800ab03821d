"""Which states a batch touches, and loading those that are not in memory."""

from collections.abc import Iterable, Sequence

from asyncpg import Connection
from msgspec import Struct, field

from contracts import commands as c
from contracts.currencies import SCALE_OF_CURRENCY
from contracts.ids import position_of
from ledger.domain.state import Hold, Original, State
from ledger.sequencer.queue import Submission
from ledger.store.load import (
    KnownOutcome,
    load_accounts,
    load_assets,
    load_holds,
    load_originals,
    load_outcomes,
)


class Touched(Struct):
    """The keys of the states a batch looks at."""

    accounts: set[str] = field(default_factory=set)
    holds: set[int] = field(default_factory=set)
    originals: set[int] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)

    def add(self, command: c.Command) -> None:
        """Add what one command looks at."""
        match command:
            case c.PostTransfer():
                for posting in command.postings:
                    self.accounts.add(posting.account_id)
            case c.ReverseTransfer():
                self.originals.add(position_of(command.transfer_id))
                self.accounts.update(posting.account_id for posting in command.postings or ())
            case c.PlaceHold():
                for leg in command.legs:
                    self.accounts.update((leg.debit_account_id, leg.credit_account_id))
            case c.ExtendHold() | c.CaptureHold() | c.ReleaseHold() | c.ExpireHold():
                self.holds.add(position_of(command.hold_id))
            case c.InitiatePayment():
                self.accounts.update((command.debtor_account_id, command.creditor_account_id))
                self.currencies.add(command.instructed_amount.currency)
            case c.OpenAccount():
                self.accounts.add(command.account_id)
                self.currencies.add(command.currency)
            case c.CloseAccount() | c.FreezeAccount() | c.UnfreezeAccount():
                self.accounts.add(command.account_id)
            case c.DeclareAsset():
                self.currencies.add(command.currency)
            case c.ClosePeriod():
                pass
            case _:
                raise TypeError(f"what {type(command).__name__} touches is not known")


async def load_for(
    connection: Connection, batch: Sequence[Submission], *, top: State, cache: State
) -> tuple[dict[bytes, KnownOutcome], set[str]]:
    """Load into ``cache`` what the batch needs and ``top`` (a layer over it) does not know.

    Give the outcomes already known for the batch's keys, and the ids of the accounts it touches.
    """
    touched = Touched()
    for submission in batch:
        for wish in submission.wishes:
            touched.add(wish.command)
    known = await load_outcomes(connection, [wish.key_hash for s in batch for wish in s.wishes])
    if missing_holds := [no for no in touched.holds if top.hold(no) is None]:
        await load_holds(connection, cache, missing_holds)
    if missing_originals := [no for no in touched.originals if top.original(no) is None]:
        await load_originals(connection, cache, missing_originals)
    for no in touched.holds:
        touched.accounts.update(_accounts_of_hold(top.hold(no) or cache.hold(no)))
    for no in touched.originals:
        touched.accounts.update(_accounts_of_original(top.original(no) or cache.original(no)))
    if missing_accounts := [account_id for account_id in touched.accounts if top.account(account_id) is None]:
        await load_accounts(connection, cache, missing_accounts)
    if any(code not in SCALE_OF_CURRENCY and top.scale_of(code) is None for code in touched.currencies):
        await load_assets(connection, cache)
    return known, touched.accounts


def _accounts_of_hold(hold: Hold | None) -> Iterable[str]:
    return () if hold is None else (a for leg in hold.legs for a in (leg.debit_account_id, leg.credit_account_id))


def _accounts_of_original(original: Original | None) -> Iterable[str]:
    return () if original is None else (posting.account_id for posting in original.postings)
