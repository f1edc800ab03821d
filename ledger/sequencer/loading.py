"""Which states a batch looks at, and loading those that are not in memory."""

from collections.abc import Sequence

from asyncpg import Connection

from contracts.currencies import SCALE_OF_CURRENCY
from ledger.domain.book import FOLLOWS, TOUCHES
from ledger.domain.contexts import FOLLOW_ROUNDS_MAX, Touched
from ledger.domain.state import State
from ledger.sequencer.queue import Submission
from ledger.store.load import (
    KnownOutcome,
    load_accounts,
    load_assets,
    load_holds,
    load_originals,
    load_outcomes,
    load_records,
)


async def load_for(
    connection: Connection, batch: Sequence[Submission], *, top: State, cache: State
) -> tuple[dict[bytes, KnownOutcome], set[str]]:
    """Load into ``cache`` what the batch needs and ``top`` (a layer over it) does not know.

    Give the outcomes already known for the batch's keys, and the ids of the accounts it touches.
    """
    touched = Touched()
    commands = [wish.command for submission in batch for wish in submission.wishes]
    for command in commands:
        TOUCHES[type(command)](command, touched)
    known = await load_outcomes(connection, [wish.key_hash for s in batch for wish in s.wishes])
    following = [command for command in commands if type(command) in FOLLOWS]
    await _load_missing(connection, touched, top=top, cache=cache)
    for _ in range(FOLLOW_ROUNDS_MAX if following else 0):
        for command in following:
            FOLLOWS[type(command)](command, top, touched)
        if not await _load_missing(connection, touched, top=top, cache=cache):
            break
    if any(code not in SCALE_OF_CURRENCY and top.scale_of(code) is None for code in touched.currencies):
        await load_assets(connection, cache)
    return known, touched.accounts


async def _load_missing(connection: Connection, touched: Touched, *, top: State, cache: State) -> bool:
    """Load what is touched and not in memory; tell whether there was anything to ask for."""
    accounts = [account_id for account_id in touched.accounts if top.account(account_id) is None]
    holds = [no for no in touched.holds if top.hold(no) is None]
    originals = [no for no in touched.originals if top.original(no) is None]
    records = [key for key in touched.records if not top.knows_record(key)]
    if accounts:
        await load_accounts(connection, cache, accounts)
    if holds:
        await load_holds(connection, cache, holds)
    if originals:
        await load_originals(connection, cache, originals)
    if records:
        await load_records(connection, cache, records)
    return bool(accounts or holds or originals or records)
