"""Which parties are screened per rail and mode: the whole table."""

from __future__ import annotations

from typing import get_args

import pytest

from command_api.screening.parties import ModeRefused, roles_to_screen, screening_mode
from contracts.screening import PartyRole, ScreeningMode

ALL: tuple[PartyRole, ...] = get_args(PartyRole)


@pytest.mark.parametrize(
    ("rail", "mode", "screened"),
    [
        ("book", "per_transaction", ALL),
        ("book", "daily_customer", ("ultimate_debtor", "ultimate_creditor")),
        ("sct_inst", "per_transaction", ALL),
        ("sct_inst", "daily_customer", ("ultimate_debtor", "ultimate_creditor")),
        ("card_psp", "per_transaction", ALL),
        ("card_psp", "daily_customer", None),
        ("file", "per_transaction", ALL),
        ("file", "daily_customer", None),
        ("a_new_rail", "per_transaction", ALL),
        ("a_new_rail", "daily_customer", None),
    ],
)
def test_who_is_screened(rail: str, mode: ScreeningMode, screened: tuple[PartyRole, ...] | None) -> None:
    if screened is None:
        with pytest.raises(ModeRefused, match=rail):
            roles_to_screen(rail, mode, roles=ALL)
    else:
        assert roles_to_screen(rail, mode, roles=ALL) == screened


def test_only_parties_that_a_payment_has_are_screened() -> None:
    assert roles_to_screen("sct_inst", "daily_customer", roles=("debtor", "creditor")) == ()
    assert roles_to_screen("file", "per_transaction", roles=("creditor",)) == ("creditor",)


@pytest.mark.parametrize(
    ("rail", "mode"),
    [
        ("book", "per_transaction"),
        ("sct_inst", "daily_customer"),
        ("file", "per_transaction"),
        ("?", "per_transaction"),
    ],
)
def test_the_mode_when_nothing_is_set(rail: str, mode: ScreeningMode) -> None:
    assert screening_mode(rail) == mode
    assert screening_mode("sct_inst", chosen="per_transaction") == "per_transaction"
