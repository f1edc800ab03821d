"""IBANs and BICs: checked with the registry's lengths, structures and check digits, and shown masked.

A thin layer over schwifty, which carries the registries. It is imported on the first check, because it reads them then.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

SHOWN_AT_END: Final = 4
_BLANKS: Final = str.maketrans("", "", " \t\u00a0-")
BANK_TEXT_CHARS_MAX: Final = 64


class BankCodeFault(StrEnum):
    """What is wrong with an IBAN or BIC, with ISO's reason code for a rejection: AC01 for accounts, RC01 for banks."""

    IBAN = "AC01"
    BIC = "RC01"


class WrongBankCode(Struct, frozen=True):
    """A refused IBAN or BIC; the words never repeat it."""

    code: BankCodeFault
    words: str


def check_iban(text: str) -> str | WrongBankCode:
    """The IBAN without blanks, in capitals, or why it is none (length, structure or check digits of its country)."""
    from schwifty import IBAN
    from schwifty.exceptions import SchwiftyException

    compact = text.translate(_BLANKS).upper()
    if not compact.isascii() or len(compact) > BANK_TEXT_CHARS_MAX:
        return WrongBankCode(BankCodeFault.IBAN, "it has characters that no IBAN has, or too many")
    try:
        return IBAN(compact).compact
    except SchwiftyException as error:
        return WrongBankCode(BankCodeFault.IBAN, _words(error, compact))


def check_bic(text: str) -> str | WrongBankCode:
    """The BIC in capitals, 8 or 11 characters, or why it is none."""
    from schwifty import BIC
    from schwifty.exceptions import SchwiftyException

    compact = text.strip().upper()
    if not compact.isascii() or len(compact) > BANK_TEXT_CHARS_MAX:
        return WrongBankCode(BankCodeFault.BIC, "it has characters that no BIC has, or too many")
    try:
        return BIC(compact).compact
    except SchwiftyException as error:
        return WrongBankCode(BankCodeFault.BIC, _words(error, compact))


def country_of_iban(iban: str) -> str:
    """The country of a checked IBAN: ``country_of_iban("DE89…") == "DE"``."""
    return iban[:2]


def mask_iban(iban: str) -> str:
    """Country, check digits and the last four, the rest as dots: ``DE89 •••• 3000``. Safe for screens and logs."""
    compact = iban.translate(_BLANKS).upper()
    if len(compact) < 4 + 2 * SHOWN_AT_END:
        return "••••"  # too short to be an IBAN: what could be shown would be most of it
    return f"{compact[:4]} •••• {compact[-SHOWN_AT_END:]}"


def _words(error: Exception, compact: str) -> str:
    return str(error).replace(compact, "").strip() or "it is not valid"
