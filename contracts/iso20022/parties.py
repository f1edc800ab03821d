"""Parties, accounts and agents (banks) of ISO 20022 messages, as structs, with the tables that read them.

One table reads all versions: BIC became BICFI, BICOrBEI became AnyBIC, and newer versions put a party into Pty.
"""

from collections.abc import Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element

from msgspec import Struct

from contracts.file_refusals import FileRefusalCode, wrong
from contracts.iso20022.shapes import Group, Leaf, Notes, Shape, read_shape

ADDRESS_LINES_MAX: Final = 2


class PostalAddress(Struct, frozen=True, kw_only=True):
    """A postal address: fully structured, or hybrid (town and country apart, the rest in at most two lines)."""

    town: str
    country: str
    department: str | None = None
    sub_department: str | None = None
    street: str | None = None
    building_number: str | None = None
    building_name: str | None = None
    floor: str | None = None
    unit: str | None = None
    post_box: str | None = None
    room: str | None = None
    post_code: str | None = None
    town_location: str | None = None
    district: str | None = None
    country_subdivision: str | None = None
    care_of: str | None = None
    lines: tuple[str, ...] = ()


class PartyIdentifier(Struct, frozen=True, kw_only=True):
    """One identification of a party. ``kind`` is bic, lei, organisation or private."""

    kind: str
    value: str
    scheme: str | None = None
    issuer: str | None = None


class Birth(Struct, frozen=True, kw_only=True):
    """Where and when a private person was born; the date as written."""

    on: str | None = None
    city: str | None = None
    province: str | None = None
    country: str | None = None


class Party(Struct, frozen=True, kw_only=True):
    """A debtor, creditor, ultimate or initiating party."""

    name: str | None = None
    address: PostalAddress | None = None
    identifiers: tuple[PartyIdentifier, ...] = ()
    birth: Birth | None = None
    country_of_residence: str | None = None


class Agent(Struct, frozen=True, kw_only=True):
    """A bank: by BIC, LEI, member id of a clearing system, name, or some other id; with its branch."""

    bic: str | None = None
    lei: str | None = None
    clearing_system: str | None = None
    member_id: str | None = None
    name: str | None = None
    other_id: str | None = None
    other_scheme: str | None = None
    other_issuer: str | None = None
    branch_id: str | None = None


class BankAccount(Struct, frozen=True, kw_only=True):
    """An account at a bank: an IBAN as written (its check digits are not tested here), or another id."""

    iban: str | None = None
    other_id: str | None = None
    other_scheme: str | None = None
    other_issuer: str | None = None
    currency: str | None = None
    account_type: str | None = None
    name: str | None = None
    proxy_id: str | None = None
    proxy_type: str | None = None


_ADDRESS: Final = Shape(
    leaves={
        "Dept": Leaf("department", 70),
        "SubDept": Leaf("sub_department", 70),
        "StrtNm": Leaf("street", 140),
        "BldgNb": Leaf("building_number", 16),
        "BldgNm": Leaf("building_name", 140),
        "Flr": Leaf("floor", 70),
        "UnitNb": Leaf("unit", 16),
        "PstBx": Leaf("post_box", 16),
        "Room": Leaf("room", 70),
        "PstCd": Leaf("post_code", 16),
        "TwnNm": Leaf("town", 140),
        "TwnLctnNm": Leaf("town_location", 140),
        "DstrctNm": Leaf("district", 140),
        "CtrySubDvsn": Leaf("country_subdivision", 35),
        "CareOf": Leaf("care_of", 140),
        "Ctry": Leaf("country", 2),
        "AdrLine": Leaf("lines", 70, many=True),
    },
    ignored={"AdrTp": "postal, home or office: it changes neither who is paid nor where"},
)
_OTHER_LEAVES: Final = {
    "Id": Leaf("value", 256),
    "SchmeNm/Cd": Leaf("scheme"),
    "SchmeNm/Prtry": Leaf("scheme"),
    "Issr": Leaf("issuer"),
}
_CONTACT_IGNORED: Final = "how to reach the party by phone or mail; no part of the payment"


def read_address(element: Element, where: str, notes: Notes) -> PostalAddress:
    """Read a PstlAdr by the rules of SEPA and CBPR+ since November 2026: town and country, at most two free lines."""
    fields = read_shape(element, _ADDRESS, where, notes)
    lines = fields.get("lines", ())
    if lines and "town" not in fields:
        raise wrong(
            FileRefusalCode.UNSTRUCTURED_ADDRESS,
            "the address is only lines of text; since November 2026 SEPA and CBPR+ refuse such addresses: "
            "give TwnNm and Ctry, and at most two AdrLine for the rest",
            where,
        )
    missing = [path for field, path in (("town", "TwnNm"), ("country", "Ctry")) if field not in fields]
    if missing:
        raise wrong(FileRefusalCode.INCOMPLETE_ADDRESS, f"the address lacks {' and '.join(missing)}", where)
    if len(lines) > ADDRESS_LINES_MAX:
        raise wrong(
            FileRefusalCode.UNSTRUCTURED_ADDRESS,
            f"the address has {len(lines)} AdrLine, a hybrid address may have {ADDRESS_LINES_MAX}",
            where,
        )
    return PostalAddress(**fields)


def _read_other(kind: str) -> Any:
    shape = Shape(leaves=_OTHER_LEAVES)

    def read(element: Element, where: str, notes: Notes) -> PartyIdentifier:
        fields = read_shape(element, shape, where, notes)
        if "value" not in fields:
            raise wrong(FileRefusalCode.MISSING_ELEMENT, "Id is missing", where)
        return PartyIdentifier(kind=kind, **fields)

    return read


_BIRTH: Final = Shape(
    leaves={
        "BirthDt": Leaf("on"),
        "PrvcOfBirth": Leaf("province"),
        "CityOfBirth": Leaf("city"),
        "CtryOfBirth": Leaf("country", 2),
    }
)


def _read_birth(element: Element, where: str, notes: Notes) -> Birth:
    return Birth(**read_shape(element, _BIRTH, where, notes))


_PARTY: Final = Shape(
    leaves={
        "Nm": Leaf("name", 140),
        "Id/OrgId/BICOrBEI": Leaf("bic", 11),
        "Id/OrgId/AnyBIC": Leaf("bic", 11),
        "Id/OrgId/LEI": Leaf("lei", 20),
        "CtryOfRes": Leaf("country_of_residence", 2),
    },
    groups={
        "PstlAdr": Group("address", read_address),
        "Id/OrgId/Othr": Group("identifiers", _read_other("organisation"), many=True),
        "Id/PrvtId/Othr": Group("identifiers", _read_other("private"), many=True),
        "Id/PrvtId/DtAndPlcOfBirth": Group("birth", _read_birth),
    },
    ignored={"CtctDtls": _CONTACT_IGNORED},
)


def read_party(element: Element, where: str, notes: Notes) -> Party:
    """Read a party; every identification becomes one of ``identifiers``. Raises Unreadable."""
    fields = read_shape(element, _PARTY, where, notes)
    named = tuple(PartyIdentifier(kind=kind, value=fields.pop(kind)) for kind in ("bic", "lei") if kind in fields)
    fields["identifiers"] = named + fields.get("identifiers", ())
    return Party(**fields)


_AGENT: Final = Shape(
    leaves={
        "FinInstnId/BIC": Leaf("bic", 11),
        "FinInstnId/BICFI": Leaf("bic", 11),
        "FinInstnId/LEI": Leaf("lei", 20),
        "FinInstnId/ClrSysMmbId/ClrSysId/Cd": Leaf("clearing_system"),
        "FinInstnId/ClrSysMmbId/ClrSysId/Prtry": Leaf("clearing_system"),
        "FinInstnId/ClrSysMmbId/MmbId": Leaf("member_id"),
        "FinInstnId/Nm": Leaf("name", 140),
        "FinInstnId/Othr/Id": Leaf("other_id"),
        "FinInstnId/Othr/SchmeNm/Cd": Leaf("other_scheme"),
        "FinInstnId/Othr/SchmeNm/Prtry": Leaf("other_scheme"),
        "FinInstnId/Othr/Issr": Leaf("other_issuer"),
        "BrnchId/Id": Leaf("branch_id"),
    },
    ignored={
        "FinInstnId/PstlAdr": "the address of a bank, which its BIC or member id already names",
        "BrnchId/LEI": "a branch is named by its id",
        "BrnchId/Nm": "a branch is named by its id",
        "BrnchId/PstlAdr": "a branch is named by its id",
    },
)


def read_agent(element: Element, where: str, notes: Notes) -> Agent:
    """Read a bank. Raises Unreadable."""
    return Agent(**read_shape(element, _AGENT, where, notes))


_ACCOUNT: Final = Shape(
    leaves={
        "Id/IBAN": Leaf("iban", 34),
        "Id/Othr/Id": Leaf("other_id"),
        "Id/Othr/SchmeNm/Cd": Leaf("other_scheme"),
        "Id/Othr/SchmeNm/Prtry": Leaf("other_scheme"),
        "Id/Othr/Issr": Leaf("other_issuer"),
        "Tp/Cd": Leaf("account_type"),
        "Tp/Prtry": Leaf("account_type"),
        "Ccy": Leaf("currency", 3),
        "Nm": Leaf("name", 70),
        "Prxy/Id": Leaf("proxy_id", 2048),
        "Prxy/Tp/Cd": Leaf("proxy_type"),
        "Prxy/Tp/Prtry": Leaf("proxy_type"),
    }
)


def read_account(element: Element, where: str, notes: Notes) -> BankAccount:
    """Read an account; it must have an IBAN or another id. Raises Unreadable."""
    fields = read_shape(element, _ACCOUNT, where, notes)
    if "iban" not in fields and "other_id" not in fields:
        raise wrong(FileRefusalCode.MISSING_ELEMENT, "an account needs an IBAN or another id", where)
    return BankAccount(**fields)


IGNORED_OF_PARTIES: Final[Mapping[str, Mapping[str, str]]] = {
    "party": _PARTY.ignored,
    "address": _ADDRESS.ignored,
    "agent": _AGENT.ignored,
    "account": _ACCOUNT.ignored,
}
