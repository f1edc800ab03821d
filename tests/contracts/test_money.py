"""Money: decimal text and minor units are the same amount, or the text is refused."""

from __future__ import annotations

from decimal import Decimal

import iso4217
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.currencies import SCALE_OF_CURRENCY
from contracts.money import (
    AMOUNT_MINOR_MAX,
    SCALE_MAX,
    AmountMinor,
    AmountOutOfRange,
    CurrencyCode,
    DecimalText,
    WrongScale,
    minor_of,
    text_of,
)

amounts = st.integers(min_value=1, max_value=AMOUNT_MINOR_MAX)
scales = st.integers(min_value=0, max_value=SCALE_MAX)


@pytest.mark.parametrize(
    ("value", "scale", "amount_minor"),
    [
        ("12.34", 2, 1234),
        ("0.01", 2, 1),
        ("1500", 0, 1500),
        ("0.001", 3, 1),
        ("0.000000000000000001", 18, 1),
        ("92233720368547758.07", 2, AMOUNT_MINOR_MAX),
        ("9223372036854775807", 0, AMOUNT_MINOR_MAX),
        ("9.223372036854775807", 18, AMOUNT_MINOR_MAX),
    ],
)
def test_text_becomes_minor_units_and_back(value: str, scale: int, amount_minor: int) -> None:
    assert msgspec.convert(value, DecimalText) == value
    assert minor_of(value, scale=scale) == amount_minor
    assert text_of(amount_minor, scale=scale) == value


@pytest.mark.parametrize(
    ("value", "scale", "refusal"),
    [
        ("12", 2, WrongScale),
        ("12.3", 2, WrongScale),
        ("12.345", 2, WrongScale),
        ("12.00", 0, WrongScale),
        ("12.", 0, WrongScale),
        ("0", 0, AmountOutOfRange),
        ("0.00", 2, AmountOutOfRange),
        ("-1.00", 2, AmountOutOfRange),
        ("9223372036854775808", 0, AmountOutOfRange),
        ("92233720368547758.08", 2, AmountOutOfRange),
        ("9999999999999999999", 0, AmountOutOfRange),
    ],
)
def test_text_that_is_no_amount_is_refused(value: str, scale: int, refusal: type[ValueError]) -> None:
    with pytest.raises(refusal):
        minor_of(value, scale=scale)


@pytest.mark.parametrize(
    "value",
    ["", "1,00", "+1.00", "-1.00", " 1.00", "1.00\n", "01.00", ".50", "1.", "1e2", "NaN", "Infinity", "١.٠٠", "1" * 20],
)
def test_the_type_of_decimal_text_admits_plain_decimals_only(value: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(value, DecimalText)


@given(amount_minor=amounts, scale=scales)
def test_text_and_minor_units_are_inverse(amount_minor: int, scale: int) -> None:
    text = text_of(amount_minor, scale=scale)

    assert minor_of(text, scale=scale) == amount_minor
    assert Decimal(text) == Decimal(amount_minor).scaleb(-scale)
    assert msgspec.convert(text, DecimalText) == text


@given(amount_minor=amounts, scale=scales)
def test_a_negative_balance_is_written_with_a_minus_before_the_same_digits(amount_minor: int, scale: int) -> None:
    assert text_of(-amount_minor, scale=scale) == "-" + text_of(amount_minor, scale=scale)


@pytest.mark.parametrize("body", ["0", "-1", "1.0", "1e2", '"1"', "true", "null", "9223372036854775808"])
def test_an_amount_is_a_whole_positive_64_bit_number(body: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=AmountMinor)


@pytest.mark.parametrize("code", ["eur", "EU", "EUR\n", "E-R", "1EUR", "ABCDEFGHIJKLM", ""])
def test_a_currency_code_is_upper_case_letters_and_digits(code: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(code, CurrencyCode)


def test_the_table_of_currencies_equals_the_maintained_list() -> None:
    """Funds, metals and testing codes have no minor unit there and must be declared as assets here."""
    maintained = {currency.code: currency.exponent for currency in iso4217.Currency if currency.exponent is not None}

    assert maintained == SCALE_OF_CURRENCY
    assert "XAU" not in SCALE_OF_CURRENCY
