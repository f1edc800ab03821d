"""Payment files for tests, and what their answers say."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple
from xml.etree import ElementTree

import httpx2

from tests.command_api.door import Door, new_key

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version}"
OUTSIDE = "DE89370400440532013000"
_numbers = itertools.count(1)


def iban_of(number: int) -> str:
    """A German IBAN with right check digits."""
    account = f"37040044{number:010d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def new_iban() -> str:
    """An IBAN that no test used yet."""
    return iban_of(7_000_000 + next(_numbers))


class Wish(NamedTuple):
    """A transaction of a payment file."""

    end_to_end_id: str
    creditor: str = OUTSIDE
    amount: str = "1.50"
    currency: str = "EUR"
    name: str = "Creditor"
    bic: str = "COBADEFFXXX"  # ISO 9362: XXX is the head office
    extra: str = ""

    @property
    def xml(self) -> str:
        """As pain.001 writes it."""
        return (
            f"<CdtTrfTxInf><PmtId><EndToEndId>{self.end_to_end_id}</EndToEndId></PmtId>"
            f'<Amt><InstdAmt Ccy="{self.currency}">{self.amount}</InstdAmt></Amt>'
            f"<CdtrAgt><FinInstnId><{{bic}}>{self.bic}</{{bic}}></FinInstnId></CdtrAgt>"
            f"<Cdtr><Nm>{self.name}</Nm></Cdtr><CdtrAcct><Id><IBAN>{self.creditor}</IBAN></Id></CdtrAcct>"
            f"{self.extra}</CdtTrfTxInf>"
        )


def payment_file(
    debtor: str,
    *wishes: Wish,
    message_id: str | None = None,
    version: str = "09",
    day: str = "2026-11-17",
    kind: str = "",
) -> bytes:
    """A file of one payment instruction."""
    bic, on = ("BIC", day) if version == "03" else ("BICFI", f"<Dt>{day}</Dt>")
    transactions = "".join(wish.xml for wish in wishes).replace("{bic}", bic)
    return (
        f'<Document xmlns="{NAMESPACE.format(version=version)}"><CstmrCdtTrfInitn><GrpHdr>'
        f"<MsgId>{message_id or new_key()}</MsgId><CreDtTm>2026-11-16T10:00:00Z</CreDtTm>"
        f"<NbOfTxs>{len(wishes)}</NbOfTxs><InitgPty><Nm>X</Nm></InitgPty></GrpHdr>"
        f"<PmtInf><PmtInfId>P-1</PmtInfId><PmtMtd>TRF</PmtMtd>{kind}<ReqdExctnDt>{on}</ReqdExctnDt>"
        f"<Dbtr><Nm>D</Nm></Dbtr><DbtrAcct><Id><IBAN>{debtor}</IBAN></Id></DbtrAcct>"
        f"<DbtrAgt><FinInstnId><{bic}>COBADEFF</{bic}></FinInstnId></DbtrAgt>{transactions}"
        "</PmtInf></CstmrCdtTrfInitn></Document>"
    ).encode()


async def send(door: Door, body: bytes, *, key: str | None = None, token: str | None = None) -> httpx2.Response:
    """Send a payment file."""
    return await door.post("/v1/payment-files", body, key=key, token=token, headers={"content-type": "application/xml"})


async def customer(door: Door, name: str, *, funds_minor: int = 100_00) -> str:
    """Open an account with money and an IBAN; give the IBAN."""
    await door.open_accounts(name, overdraft="forbidden")
    await door.open_accounts(f"{name}:world")
    if funds_minor:
        postings = [
            {"account_id": f"{name}:world", "side": "debit", "amount_minor": funds_minor, "currency": "EUR"},
            {"account_id": name, "side": "credit", "amount_minor": funds_minor, "currency": "EUR"},
        ]
        await door.accepted("/v1/transfers", {"postings": postings})
    iban = new_iban()
    await door.accepted(f"/v1/accounts/{name}/iban", {"iban": iban})
    return iban


class Answer(NamedTuple):
    """What a pain.002 says."""

    message: str
    group: str
    statuses: dict[str, str]
    reasons: dict[str, str]
    references: dict[str, str]


def read_answer(answer: httpx2.Response) -> Answer:
    """Read a pain.002 with another reader than the one that wrote it."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.content)
    namespace = root.tag.partition("}")[0].removeprefix("{")
    at = {"p": namespace}
    statuses, reasons, references = {}, {}, {}
    for transaction in root.iterfind(".//p:TxInfAndSts", at):
        name = _text(transaction, "p:OrgnlEndToEndId", at)
        statuses[name] = _text(transaction, "p:TxSts", at)
        reasons[name] = _text(transaction, "p:StsRsnInf/p:Rsn/p:Cd", at)
        references[name] = _text(transaction, "p:AcctSvcrRef", at)
    return Answer(namespace.rpartition(":")[2], _text(root, ".//p:GrpSts", at), statuses, reasons, references)


def _text(element: Any, path: str, at: dict[str, str]) -> str:
    found = element.find(path, at)
    return "" if found is None else str(found.text)
