"""Parties outside the ledger: their bank codes checked, their data sealed, their identity a keyed hash."""

from typing import Final

import msgspec

from contracts.commands import Party
from contracts.events.payments import SealedParty
from contracts.iban import WrongBankCode, check_bic, check_iban, country_of_iban, mask_iban
from runtime.http.framework import ProblemException
from runtime.http.problems import FieldError, problem_of
from runtime.vault import Vault

PAYEE: Final = "payee"
IBAN: Final = "iban"
CARD_TOKEN: Final = "tok_"


def checked_party(party: Party, *, pointer: str) -> Party:
    """The party with its codes as they are written officially. Raises ProblemException 422 naming the wrong one."""
    iban = None if party.iban is None else _checked(check_iban(party.iban), f"{pointer}/iban", "iban_invalid")
    bic = None if party.bic is None else _checked(check_bic(party.bic), f"{pointer}/bic", "bic_invalid")
    return msgspec.structs.replace(party, iban=iban, bic=bic)


def checked_iban(iban: str, *, pointer: str) -> str:
    """The IBAN as it is written officially. Raises ProblemException 422."""
    return _checked(check_iban(iban), pointer, "iban_invalid")


def iban_id_of(iban: str, vault: Vault) -> str:
    """The keyed hash under which an IBAN of this institution is known; another one than a payee's of the same IBAN."""
    return f"{IBAN}_{vault.blind_index(iban, purpose=IBAN)}"


def _checked(checked: str | WrongBankCode, pointer: str, code: str) -> str:
    if isinstance(checked, str):
        return checked
    detail = checked.words
    raise ProblemException(problem_of(422, detail, code=code, errors=(FieldError(pointer, code, detail),)))


def payee_of(payee: str, vault: Vault) -> str:
    """The payee id of an account of this ledger (itself), or of an IBAN or card token (a keyed hash)."""
    iban = check_iban(payee)
    if isinstance(iban, str):
        return hashed(iban, vault)
    return hashed(payee, vault) if payee.startswith(CARD_TOKEN) else payee


def hashed(identity: str, vault: Vault) -> str:
    """The keyed hash of an IBAN or card token: the same for the same payee, and nothing to whoever lacks the key."""
    return f"{PAYEE}_{vault.blind_index(identity, purpose=PAYEE)}"


async def sealed_party(party: Party, vault: Vault) -> SealedParty:
    """Seal a checked party under the key of the person it is. Raises what the vault raises."""
    identity = party.iban or party.card_token
    assert identity is not None
    payee_id = hashed(identity, vault)
    address = None if party.address is None else msgspec.json.encode(party.address).decode()
    clear = {"name": party.name, "iban": party.iban, "card_token": party.card_token, "address": address}
    sealed = await vault.seal(payee_id, {name: text for name, text in clear.items() if text is not None})
    country = party.address.country if party.address is not None else None
    return SealedParty(
        payee_id=payee_id,
        name=sealed["name"],
        iban=sealed.get("iban"),
        iban_masked=None if party.iban is None else mask_iban(party.iban),
        bic=party.bic,
        card_token=sealed.get("card_token"),
        address=sealed.get("address"),
        country=country or (None if party.iban is None else country_of_iban(party.iban)),
    )
