"""A settlement as the book remembers it: what has been paid of it, what is on its way, and what came back.

    state      means
    --------   ------------------------------------------------------------------------
    paying     a payout is on its way; there is never a second one beside it
    paid       all of it has arrived
    failed     a payout was rejected or returned: the money is on the payable account

    net = unpaid + on its way + paid + diverted

``unpaid`` is the only thing that may be paid again, and what is on its way is no part of it: so nothing is paid twice.
A payment that its rail rejected and then executed after all is a contradiction; what it says is unpaid may have been
paid, so no retry is allowed until people have looked.
"""

from typing import Final, Literal

import msgspec

from ledger.domain.records import Record
from ledger.domain.state import State

SETTLEMENT: Final = "settlement"
SettlementState = Literal["paying", "paid", "failed"]


class Settlement(Record, frozen=True, kw_only=True):
    """What a merchant is owed for a period. ``diverted_minor`` came back to a suspense account, not to the payable.

    ``proposer``: who proposed to pay what is unpaid again, while another one has to agree.
    """

    settlement_id: str
    merchant_id: str
    state: SettlementState = "failed"
    net_minor: int
    unpaid_minor: int
    on_its_way_minor: int = 0
    paid_minor: int = 0
    diverted_minor: int = 0
    payout_id: str | None = None
    payouts: int = 0
    contradicted: bool = False
    proposer: str | None = None


def settlement_of(state: State, settlement_id: str) -> Settlement | None:
    """Find a settlement."""
    found = state.record(SETTLEMENT, settlement_id)
    assert found is None or isinstance(found, Settlement)
    return found


def begin(state: State, settlement_id: str | None, *, payment_id: str, amount_minor: int) -> None:
    """A payout of a settlement was initiated. Everything here does nothing for a payment that pays no settlement."""
    settlement = _of(state, settlement_id)
    if settlement is None:
        return
    assert settlement.payout_id is None, f"{settlement_id} is being paid by {settlement.payout_id}"
    assert amount_minor <= settlement.unpaid_minor, f"{settlement_id}: {amount_minor} is more than what is unpaid"
    _put(
        state,
        settlement,
        payout_id=payment_id,
        payouts=settlement.payouts + 1,
        unpaid_minor=settlement.unpaid_minor - amount_minor,
        on_its_way_minor=amount_minor,
    )


def arrive(state: State, settlement_id: str | None) -> None:
    """The payout on its way has settled."""
    settlement = _of(state, settlement_id)
    if settlement is not None:
        paid_minor = settlement.paid_minor + settlement.on_its_way_minor
        _put(state, settlement, payout_id=None, on_its_way_minor=0, paid_minor=paid_minor)


def fail(state: State, settlement_id: str | None) -> None:
    """The payout on its way was rejected or cancelled: nothing has left."""
    settlement = _of(state, settlement_id)
    if settlement is not None:
        unpaid_minor = settlement.unpaid_minor + settlement.on_its_way_minor
        _put(state, settlement, payout_id=None, on_its_way_minor=0, unpaid_minor=unpaid_minor)


def come_back(state: State, settlement_id: str | None, *, amount_minor: int, diverted: bool) -> None:
    """A part of what had arrived was returned, to the payable account or, ``diverted``, to the suspense account."""
    settlement = _of(state, settlement_id)
    if settlement is None:
        return
    where = "diverted_minor" if diverted else "unpaid_minor"
    changes = {where: getattr(settlement, where) + amount_minor}
    _put(state, settlement, paid_minor=settlement.paid_minor - amount_minor, **changes)


def contradict(state: State, settlement_id: str | None) -> None:
    """The rail says that a payout which had ended unpaid was executed after all."""
    settlement = _of(state, settlement_id)
    if settlement is not None:
        _put(state, settlement, contradicted=True)


def _of(state: State, settlement_id: str | None) -> Settlement | None:
    if settlement_id is None:
        return None
    settlement = settlement_of(state, settlement_id)
    assert settlement is not None, f"{settlement_id} was not loaded"
    return settlement


def _put(state: State, settlement: Settlement, **changes: int | str | bool | None) -> None:
    """Replace a settlement; whatever was proposed was proposed about another one."""
    after = msgspec.structs.replace(settlement, proposer=None, **changes)
    state.records[SETTLEMENT, settlement.settlement_id] = msgspec.structs.replace(after, state=_state_of(after))


def _state_of(settlement: Settlement) -> SettlementState:
    if settlement.payout_id is not None:
        return "paying"
    return "paid" if settlement.unpaid_minor == 0 and settlement.diverted_minor == 0 else "failed"
