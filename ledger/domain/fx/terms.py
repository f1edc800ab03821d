"""The terms of foreign exchange: the functional currency, the accounts of every position and of the results."""

from typing import Final

from contracts.commands.fx import DefineFx
from contracts.events import FxDefined, FxPositionSet
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Touched
from ledger.domain.postings import own_account
from ledger.domain.records import Record
from ledger.domain.state import CREDIT_NORMAL_SIGN, DEBIT_NORMAL_SIGN, Account, Moment, State

FX: Final = "fx"
THE_TERMS: Final = "terms"  # a ledger has one set


class FxTerms(Record, frozen=True, kw_only=True):
    """Where foreign exchange is booked."""

    functional_currency: str
    realised_account_id: str
    unrealised_account_id: str
    positions: tuple[FxPositionSet, ...]

    def position_in(self, currency: str) -> FxPositionSet | None:
        """The position in a currency; None for the functional one, and for one that is not traded."""
        return next((position for position in self.positions if position.currency == currency), None)

    def trades(self, currency: str) -> bool:
        """Tell whether a currency can be sold and bought."""
        return currency == self.functional_currency or self.position_in(currency) is not None


def terms_of(state: State) -> FxTerms | None:
    """The terms; None before they are defined."""
    terms = state.record(FX, THE_TERMS)
    assert terms is None or isinstance(terms, FxTerms)
    return terms


def decide_define(command: DefineFx, state: State, moment: Moment) -> FxDefined | Refused:
    """Set the terms. What a position has been booked under stays as it is."""
    unsuitable = _unsuitable(command, state)
    if unsuitable is not None:
        return unsuitable
    positions = tuple(
        FxPositionSet(
            currency=position.currency,
            position_account_id=position.position_account_id,
            cost_account_id=position.cost_account_id,
            valuation_account_id=position.valuation_account_id,
        )
        for position in command.positions
    )
    before = terms_of(state)
    if before is not None and before.functional_currency != command.functional_currency:
        return Refused(
            Rejection.FX_TERMS_FIXED, f"the functional currency is {before.functional_currency}", "/functional_currency"
        )
    for position in () if before is None else before.positions:
        if position not in positions:
            return Refused(
                Rejection.FX_TERMS_FIXED, f"the position in {position.currency} keeps its accounts", "/positions"
            )
    return FxDefined(
        functional_currency=command.functional_currency,
        realised_account_id=command.realised_account_id,
        unrealised_account_id=command.unrealised_account_id,
        positions=positions,
    )


def _unsuitable(command: DefineFx, state: State) -> Refused | None:
    home = command.functional_currency
    wanted = [
        (command.realised_account_id, home, CREDIT_NORMAL_SIGN, "/realised_account_id"),
        (command.unrealised_account_id, home, CREDIT_NORMAL_SIGN, "/unrealised_account_id"),
    ]
    for at, position in enumerate(command.positions):
        wanted += [
            (
                position.position_account_id,
                position.currency,
                CREDIT_NORMAL_SIGN,
                f"/positions/{at}/position_account_id",
            ),
            (position.cost_account_id, home, DEBIT_NORMAL_SIGN, f"/positions/{at}/cost_account_id"),
            (position.valuation_account_id, home, DEBIT_NORMAL_SIGN, f"/positions/{at}/valuation_account_id"),
        ]
    for account_id, currency, sign, pointer in wanted:
        found = own_account(account_id, currency, normal_sign=sign, may_fall=True, state=state, pointer=pointer)
        if not isinstance(found, Account):
            return found
    return None


def evolve_defined(state: State, event: FxDefined, position: int) -> None:
    """Remember the terms."""
    state.records[FX, THE_TERMS] = FxTerms(
        functional_currency=event.functional_currency,
        realised_account_id=event.realised_account_id,
        unrealised_account_id=event.unrealised_account_id,
        positions=event.positions,
    )


def touch_define(command: DefineFx, touched: Touched) -> None:
    """The terms so far, and every account named."""
    touch_terms(touched)
    touched.accounts.update((command.realised_account_id, command.unrealised_account_id))
    for position in command.positions:
        touched.accounts.update((position.position_account_id, position.cost_account_id, position.valuation_account_id))


def touch_terms(touched: Touched) -> None:
    """The terms so far."""
    touched.records.add((FX, THE_TERMS))
