"""Amounts as banks write them: decimal text with up to the currency's decimal places, turned into integers.

Bursar's own API wants exactly the currency's decimal places. A bank's file may say "4" or "1.7" for 4.00 and 1.70 EUR,
and the ISO 20022 types allow both; what they may not do is say more than the currency has. No float ever touches them.
"""

import re
from typing import Final

from contracts.currencies import SCALE_OF_CURRENCY
from contracts.file_refusals import FileRefusalCode, quoted, wrong
from contracts.money import AMOUNT_MINOR_MAX, BALANCE_MINOR_MAX, SCALE_MAX

WRITTEN_CHARS_MAX: Final = 24
_DECIMAL: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{0,18})?\Z")


def scale_of(currency: str, *, where: str = "") -> int:
    """Decimal places of an ISO 4217 currency. Raises Unreadable (unknown_currency)."""
    try:
        return SCALE_OF_CURRENCY[currency]
    except KeyError:
        raise wrong(
            FileRefusalCode.UNKNOWN_CURRENCY, f"{quoted(currency)} is not an ISO 4217 currency", where
        ) from None


def written_minor(text: str, *, currency: str, where: str = "") -> int:
    """Minor units of an unsigned amount: ``written_minor("1.7", currency="EUR") == 170``; zero is allowed.

    Zeros behind the currency's last decimal place are allowed ("1.500" EUR), any other digit there is not. Raises
    Unreadable (bad_amount, unknown_currency).
    """
    scale = scale_of(currency, where=where)
    shifted = shifted_by(text, decimals=SCALE_MAX, where=where)
    unit: int = 10 ** (SCALE_MAX - scale)
    minor, rest = divmod(shifted, unit)
    if rest:
        raise wrong(FileRefusalCode.BAD_AMOUNT, f"{text} has more than the {scale} decimal places of {currency}", where)
    if minor > min(AMOUNT_MINOR_MAX, BALANCE_MINOR_MAX):
        raise wrong(FileRefusalCode.BAD_AMOUNT, f"{text} {currency} is beyond 64 bits of minor units", where)
    return minor


def shifted_by(text: str, *, decimals: int, where: str = "") -> int:
    """Unsigned decimal text times ten to the power of ``decimals``, exactly. Raises Unreadable (bad_amount)."""
    if len(text) > WRITTEN_CHARS_MAX or _DECIMAL.match(text) is None:
        raise wrong(FileRefusalCode.BAD_AMOUNT, f"{quoted(text)} is not an unsigned decimal number", where)
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(decimals, "0"))
