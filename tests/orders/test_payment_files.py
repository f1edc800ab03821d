"""Payment files over the real command API: every transaction has its status, and the same file pays once."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from command_api.files.filing import FILE_BYTES_MAX
from tests.command_api.door import Door, new_key, problem_in
from tests.contracts.bank_samples import enveloped
from tests.orders.files import OUTSIDE, Wish, customer, iban_of, payment_file, read_answer, send

CPU_S_MAX = 1.0  # of the door, for a file that nobody should write; its own time, however busy the machine is


def cpu_s(door: Door) -> float:
    """The processor time that the door has used so far, of all its threads."""
    fields = Path(f"/proc/{door.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def events_about(door: Door, *kinds: str) -> list[dict[str, Any]]:
    return [event for event in map(msgspec.json.decode, await door.events()) if event["type"] in kinds]


@pytest.mark.parametrize(
    ("version", "answer"), [("03", "pain.002.001.03"), ("09", "pain.002.001.10"), ("11", "pain.002.001.10")]
)
async def test_every_transaction_of_a_file_gets_its_status(door: Door, version: str, answer: str) -> None:
    debtor, creditor = await customer(door, f"a{version}"), await customer(door, f"b{version}")
    body = payment_file(
        debtor,
        Wish("INSIDE", creditor=creditor),
        Wish("OUTSIDE"),
        Wish("NO-IBAN", creditor="DE88370400440532013000"),
        Wish("NO-BIC", bic="COBAXXFFXXX"),  # no country is XX
        Wish("TOO-MUCH", creditor=creditor, amount="100000"),
        Wish("DOLLARS", currency="USD"),
        Wish("FOR-OTHERS", extra="<UltmtCdtr><Nm>Somebody</Nm></UltmtCdtr>"),
        version=version,
    )

    read = read_answer(await send(door, body))

    assert (read.message, read.group) == (answer, "PART")
    assert read.statuses == {
        "INSIDE": "ACSC", "OUTSIDE": "ACCP", "NO-IBAN": "RJCT", "NO-BIC": "RJCT", "TOO-MUCH": "RJCT",
        "DOLLARS": "RJCT", "FOR-OTHERS": "RJCT",
    }  # fmt: skip
    assert read.reasons == {
        "INSIDE": "", "OUTSIDE": "", "NO-IBAN": "AC01", "NO-BIC": "RC01", "TOO-MUCH": "AM04", "DOLLARS": "AM03",
        "FOR-OTHERS": "AG03",
    }  # fmt: skip
    assert read.references["INSIDE"].startswith("pay_")


async def test_a_file_without_a_known_debtor_is_rejected_payment_by_payment(door: Door) -> None:
    read = read_answer(await send(door, payment_file(iban_of(1), Wish("A"), Wish("B"))))

    assert (read.group, set(read.statuses.values()), set(read.reasons.values())) == ("RJCT", {"RJCT"}, {"AC02"})


async def test_the_same_file_again_gets_the_same_bytes_and_pays_once(door: Door) -> None:
    debtor, creditor, key = await customer(door, "again"), await customer(door, "again:to"), new_key()
    body = payment_file(debtor, Wish("ONE", creditor=creditor), Wish("TWO"), Wish("BAD", creditor="DE00"))
    first = await send(door, body, key=key)
    before = len(await door.events())

    again = await send(door, body, key=key)

    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await door.events()) == before


async def test_a_file_in_an_envelope_pays_what_the_file_in_it_says(door: Door) -> None:
    """Once: the same message in another envelope is another file with the same MsgId."""
    debtor, creditor, key = await customer(door, "wrapped"), await customer(door, "wrapped:to"), new_key()
    bare = payment_file(debtor, Wish("WRAPPED", creditor=creditor))

    read = read_answer(await send(door, enveloped(bare, "SWIFT"), key=key))

    assert (read.group, read.statuses) == ("ACSC", {"WRAPPED": "ACSC"})
    problem_in(await send(door, enveloped(bare, "ISO")), status=409, code="payment_file_duplicate")
    problem_in(await send(door, bare, key=key), status=422, code="idempotency_key_reused")


async def test_an_iban_that_is_assigned_later_changes_nothing_of_what_was_answered(door: Door) -> None:
    debtor, late, key = await customer(door, "later"), iban_of(77), new_key()
    body = payment_file(late, Wish("FROM-LATE"))
    to_late = payment_file(debtor, Wish("TO-LATE", creditor=late))
    first, second = await send(door, body, key=key), await send(door, to_late, key=f"{key}-2")
    await door.open_accounts("late")
    await door.accepted("/v1/accounts/late/iban", {"iban": late})

    assert (await send(door, body, key=key)).content == first.content
    assert (await send(door, to_late, key=f"{key}-2")).content == second.content
    assert read_answer(second).statuses == {"TO-LATE": "ACCP"}


async def test_another_file_under_the_same_key_is_refused(door: Door) -> None:
    debtor, key = await customer(door, "other"), new_key()
    assert (await send(door, payment_file(debtor, Wish("A")), key=key)).status_code == 200

    problem = problem_in(
        await send(door, payment_file(debtor, Wish("B")), key=key), status=422, code="idempotency_key_reused"
    )

    assert {error["pointer"] for error in problem["errors"]} >= {"/sha256", "/message_id"}


async def test_the_same_message_id_under_another_key_does_not_pay_twice(door: Door) -> None:
    debtor = await customer(door, "dup")
    body = payment_file(debtor, Wish("A"))
    assert (await send(door, body)).status_code == 200

    problem_in(await send(door, body), status=409, code="payment_file_duplicate")


async def test_one_file_sent_ten_times_at_once_pays_once(door: Door) -> None:
    debtor, creditor, key = await customer(door, "race"), await customer(door, "race:to"), new_key()
    body = payment_file(debtor, *(Wish(f"R-{number}", creditor=creditor) for number in range(20)))

    answers = await asyncio.gather(*(send(door, body, key=key) for _ in range(10)))

    assert {answer.content for answer in answers} == {answers[0].content}
    paid = [
        event for event in await events_about(door, "payment_settled") if event["data"]["end_to_end_id"][:2] == "R-"
    ]
    assert sorted(event["data"]["end_to_end_id"] for event in paid) == sorted(f"R-{number}" for number in range(20))


async def test_two_payments_under_one_end_to_end_id_are_two_payments(door: Door) -> None:
    debtor, creditor = await customer(door, "twins"), await customer(door, "twins:to")

    await send(door, payment_file(debtor, *[Wish("TWIN", creditor=creditor)] * 2))

    paid = [event for event in await events_about(door, "payment_settled") if event["data"]["end_to_end_id"] == "TWIN"]
    assert len(paid) == 2


async def test_a_date_ahead_is_scheduled_and_instant_goes_by_the_instant_rail(door: Door) -> None:
    debtor = await customer(door, "dated")
    ahead = payment_file(debtor, Wish("AHEAD"), day="2027-02-01")
    assert read_answer(await send(door, ahead)).statuses == {"AHEAD": "ACTC"}
    instant = payment_file(debtor, Wish("INST"), kind="<PmtTpInf><LclInstrm><Cd>INST</Cd></LclInstrm></PmtTpInf>")

    read = read_answer(await send(door, instant))  # the rail is not defined here

    assert (read.statuses, read.reasons) == ({"INST": "RJCT"}, {"INST": "AM03"})


async def test_names_and_numbers_are_sealed_and_the_senders_ids_kept(door: Door) -> None:
    debtor = await customer(door, "sealed")
    await send(door, payment_file(debtor, Wish("SEALED", name="Zacharias Unverwechselbar")))

    events = await door.events()
    assert not any(
        text in event for event in events for text in (b"Unverwechselbar", OUTSIDE.encode(), debtor.encode())
    )
    (initiated,) = [e for e in await events_about(door, "payment_initiated") if e["data"]["end_to_end_id"] == "SEALED"]
    assert initiated["data"]["metadata"]["payment_info_id"] == "P-1"


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<Document>&b;</Document>"
)
ROOT = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">'
HOSTILE = {
    "a bomb of entities": (BOMB, 400),
    "a foreign document": (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><Document/>', 400),
    "a hundred thousand levels": (ROOT + b"<a>" * 100_000, 400),
    "a million elements": (ROOT + b"<b/>" * 3_000_000 + b"</Document>", 400),
    "no XML": (b"{}", 400),
    "cut off": (payment_file(OUTSIDE, Wish("A"))[:-20], 400),
    "not UTF-8": (b"\xff\xfe<a/>", 400),
    "two files in an envelope": (enveloped(payment_file(OUTSIDE, Wish("A")) * 2, "SWIFT"), 422),
    "an envelope of a hundred thousand levels": (b"<Envelope>" + b"<a>" * 100_000, 400),
    "another message": (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.02"/>', 422),
    "a wrong count": (payment_file(OUTSIDE, Wish("A")).replace(b"<NbOfTxs>1<", b"<NbOfTxs>2<"), 422),
    "a surprise": (payment_file(OUTSIDE, Wish("A")).replace(b"<CdtTrfTxInf>", b"<Surprise/><CdtTrfTxInf>"), 422),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_file_that_is_not_sound_is_refused_whole_and_quickly(door: Door, what: str) -> None:
    body, status = HOSTILE[what]
    before = len(await door.events())
    used_before = cpu_s(door)

    answer = await send(door, body)

    assert cpu_s(door) - used_before < CPU_S_MAX
    problem_in(answer, status=status)
    assert len(await door.events()) == before


async def test_size_type_key_scope_and_token_are_looked_at_first(door: Door) -> None:
    problem_in(await send(door, b" " * (FILE_BYTES_MAX + 1)), status=413)
    problem_in(await door.post("/v1/payment-files", b"{}"), status=415)
    problem_in(await send(door, b"<a/>", token=door.token(["accounts:write"])), status=403, code="missing_scope")
    headers = {"content-type": "application/xml"}
    answer = await door.client.post("/v1/payment-files", content=b"<a/>", headers=headers)
    problem_in(answer, status=400, code="idempotency_key_missing")


async def test_a_file_of_too_many_transactions_is_refused(door: Door) -> None:
    body = payment_file(OUTSIDE, *(Wish(f"E{number}") for number in range(8_193)))

    problem_in(await send(door, body), status=422, code="too_many_lines")


async def test_an_iban_is_one_accounts(door: Door) -> None:
    iban = await customer(door, "owner")
    await door.open_accounts("other-owner")

    problem_in(
        await door.post("/v1/accounts/other-owner/iban", {"iban": iban}), status=409, code="iban_already_assigned"
    )
    problem_in(await door.post("/v1/accounts/nobody/iban", {"iban": iban_of(5)}), status=404, code="account_not_found")
    wrong = await door.post("/v1/accounts/owner/iban", {"iban": "DE00370400440532013000"})
    assert problem_in(wrong, status=422, code="iban_invalid")["errors"][0]["pointer"] == "/iban"
    assigned = await events_about(door, "iban_assigned")
    assert any(event["data"]["iban_masked"] == f"{iban[:4]} •••• {iban[-4:]}" for event in assigned)
    assert not any(iban in str(event) for event in assigned)


async def test_the_largest_file_is_taken_and_paid(door: Door) -> None:
    """8,192 transactions, each to somebody else outside, in one request; nobody else is kept waiting for long."""
    debtor = await customer(door, "largest", funds_minor=10**9)
    wishes = [Wish(f"L{number}", creditor=iban_of(1_000_000 + number)) for number in range(8_192)]
    begun = time.perf_counter()

    read = read_answer(await send(door, payment_file(debtor, *wishes)))

    print(f"8,192 transactions in {time.perf_counter() - begun:.1f} s")
    assert (read.group, len(read.statuses), set(read.statuses.values())) == ("ACCP", 8_192, {"ACCP"})
