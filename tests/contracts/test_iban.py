"""IBANs and BICs: right ones are normalised, wrong ones refused without repeating them, and all can be masked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.iban import WrongBankCode, check_bic, check_iban, country_of_iban, mask_iban

IBANS = (
    "GB82WEST12345698765432",
    "DE89370400440532013000",
    "CH9300762011623852957",
    "MT84MALT011000012345MTLCAST001S",
    "NO9386011117947",
)


@pytest.mark.parametrize("iban", IBANS)
def test_right_ones_are_normalised(iban: str) -> None:
    spaced = " ".join(iban[start : start + 4] for start in range(0, len(iban), 4)).lower()
    assert check_iban(spaced) == iban
    assert country_of_iban(iban) == iban[:2]


@pytest.mark.parametrize("text", ["", "DE", "DE8937040044053201300", "XX89370400440532013000", "DE89é", "D" * 10_000])
def test_wrong_ones_are_refused(text: str) -> None:
    refusal = check_iban(text)
    assert isinstance(refusal, WrongBankCode)
    assert refusal.code == "AC01"
    assert refusal.words


@settings(deadline=None)  # the first example also imports a library
@given(st.sampled_from(IBANS), st.integers(4, 14), st.integers(1, 9))
def test_no_single_wrong_digit_gets_through(iban: str, place: int, add: int) -> None:
    if iban[place].isdigit():
        changed = iban[:place] + str((int(iban[place]) + add) % 10) + iban[place + 1 :]
        refusal = check_iban(changed)
        assert isinstance(refusal, WrongBankCode)
        assert changed not in refusal.words


def test_bics() -> None:
    assert check_bic(" deutdeff500 ") == "DEUTDEFF500"
    assert check_bic("DEUTDEFF") == "DEUTDEFF"
    for text in ("", "DEUT", "DEUTXXFF", "DEUTDEFF5", "ü" * 8):
        refusal = check_bic(text)
        assert isinstance(refusal, WrongBankCode)
        assert refusal.code == "RC01"


@pytest.mark.parametrize("iban", IBANS)
def test_a_mask_shows_country_check_digits_and_the_last_four(iban: str) -> None:
    assert mask_iban(iban) == f"{iban[:4]} •••• {iban[-4:]}"


def test_what_is_too_short_is_hidden_whole() -> None:
    assert mask_iban("ACC-1234") == "••••"
