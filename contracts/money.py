"""Money: integers in minor units, and the only arithmetic on decimal text.

No float ever touches an amount. A signed 64-bit integer holds a balance, so every amount and every balance is checked
against that range before it is stored.
"""

from typing import Annotated, Final

from msgspec import Meta

AMOUNT_MINOR_MAX: Final = 2**63 - 1
BALANCE_MINOR_MAX: Final = 2**63 - 1
SCALE_MAX: Final = 18
VALUE_CHARS_MAX: Final = 21  # 19 digits of a 64-bit integer, a point, and a leading zero

AmountMinor = Annotated[int, Meta(ge=1, le=AMOUNT_MINOR_MAX, description="Amount in minor units, e.g. cents.")]
CurrencyCode = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z][A-Z0-9]{2,11}\Z",
        description="ISO 4217 code, or the code of a declared asset.",
        examples=["EUR"],
    ),
]
DecimalText = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]{0,18})(\.[0-9]{1,18})?\Z",
        max_length=VALUE_CHARS_MAX,
        description="Decimal number as text with exactly the currency's decimal places.",
        examples=["12.34"],
    ),
]


class WrongScale(ValueError):
    """The text has more or fewer decimal places than its currency."""


class AmountOutOfRange(ValueError):
    """The amount is zero, negative or beyond 64 bits."""


def minor_of(value: str, *, scale: int) -> int:
    """Turn decimal text into minor units: ``minor_of("12.34", scale=2) == 1234``.

    Raises WrongScale unless the text has exactly ``scale`` decimal places (a whole number of a currency with decimals
    is refused too: "12" EUR may be a slip), AmountOutOfRange for zero and beyond 64 bits.
    """
    whole, point, decimals = value.partition(".")
    if len(decimals) != scale or (point and not decimals):
        raise WrongScale(f"{value!r} must have exactly {scale} decimal places")
    amount_minor = int(whole + decimals)
    if not 1 <= amount_minor <= AMOUNT_MINOR_MAX:
        raise AmountOutOfRange(f"{value!r} must be above zero and at most {AMOUNT_MINOR_MAX} minor units")
    return amount_minor


def text_of(amount_minor: int, *, scale: int) -> str:
    """Turn minor units into decimal text: ``text_of(-1234, scale=2) == "-12.34"``. Inverse of minor_of for amounts."""
    sign = "-" if amount_minor < 0 else ""
    digits = str(abs(amount_minor)).rjust(scale + 1, "0")
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else sign + digits
