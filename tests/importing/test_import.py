"""`bursar import` against the whole stack, with a bank that lays the same traps as the real one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import asyncpg
import msgspec

from cli.client import BursarClient
from cli.import_ import EXIT_NOT_CLEAN
from tests.importing.bank import Bank, Line, balances, changed, write
from tests.importing.conftest import MAPPING, Importer, balances_in, booked_references, head_of

NEW_YEAR = date(1993, 1, 1)
SPRING = date(1993, 4, 1)


async def open_account(commands: BursarClient, account_id: str, overdraft: str) -> None:
    """Open a customer's account by hand, under a key that the import does not use."""
    body = {"account_id": account_id, "currency": "CZK", "account_type": "liability", "overdraft": overdraft}
    (await commands.post("/v1/accounts", msgspec.json.encode(body), key=f"by-hand:{account_id}")).require()


async def change_status(commands: BursarClient, account_id: str, verb: str) -> None:
    """Freeze or unfreeze an account."""
    answer = await commands.post(f"/v1/accounts/{account_id}/{verb}", b"{}", key=f"{verb}:{account_id}")
    answer.require()


async def test_a_bank_file_is_booked_once_and_reconciled(importer: Importer, book: asyncpg.Connection) -> None:
    """Every line is one transfer with its id and date; a second import adds nothing and says the same."""
    lines = Bank(1_000_000).quarter(NEW_YEAR)
    file = write(importer.folder / "q1.asc", lines)
    first = await importer.run(file)
    assert first.code == 0, first.stderr
    outcome = first.json
    assert (outcome["lines"], outcome["accepted"], outcome["refused"]) == (len(lines), len(lines), 0)
    credits = sum(line.amount_minor for line in lines if line.kind == "PRIJEM")
    debits = sum(line.amount_minor for line in lines if line.kind != "PRIJEM")
    money = outcome["totals"]["CZK"]
    assert (money["credits_minor"], money["debits_minor"]) == (credits, debits)
    assert money["net_minor"] == credits - debits
    reconciled = outcome["reconciliation"]
    assert reconciled["accounts"] == 5
    assert reconciled["equal"] + reconciled["within_tolerance"] == 5
    assert reconciled["as_of_date"] == "1993-03-31"
    assert await balances_in(book, list(balances(lines))) == balances(lines)
    assert sorted(await booked_references(book, [str(line.trans_id) for line in lines])) == sorted(
        str(line.trans_id) for line in lines
    )
    before = await head_of(book)
    second = await importer.run(file)
    assert second.code == 0
    assert (second.json["accepted"], second.json["replayed"]) == (0, len(lines))
    assert second.json["totals"] == outcome["totals"]
    assert second.json["reconciliation"] == reconciled
    assert await head_of(book) == before


async def test_the_history_is_kept_as_effective_dates(importer: Importer, book: asyncpg.Connection) -> None:
    """Entries take effect on the bank's day, whatever the order of the file."""
    lines = Bank(1_100_000, accounts=1).quarter(NEW_YEAR)
    assert (await importer.run(write(importer.folder / "q1.asc", lines))).code == 0
    rows = await book.fetch(
        "SELECT effective_date AS day, -sum(amount_minor)::bigint AS moved FROM entries"
        " JOIN accounts USING (account_no) WHERE account_id = 'customers:1100000:czk' GROUP BY 1",
    )
    days: dict[date, int] = {}
    for line in lines:
        days[line.day] = days.get(line.day, 0) + line.signed_minor
    assert {row["day"]: row["moved"] for row in rows} == days


async def test_bad_lines_are_reported_and_the_good_ones_booked(importer: Importer, book: asyncpg.Connection) -> None:
    """The report has number, column, reason and text of each; the exit code says that something was left out."""
    bank = Bank(1_200_000)
    lines = bank.quarter(NEW_YEAR)
    damaged: list[Line | bytes] = [*lines]
    damaged.insert(3, b'9;1200000;930230;"PRIJEM";"VKLAD";1.00;1.00;"";;')
    damaged.insert(10, b'9;1200000;930228;"PRIJEM";"VKLAD";1.00;1.00;"\xff";;')
    damaged.insert(20, b'9;1200000;930228;"DAR";"VKLAD";1.00;1.00;"";;')
    damaged.insert(30, b"9;1200000")
    damaged.append(b'9;1200000;930228;"PRIJEM";"VKLAD";0.00;1.00;"";;')
    ran = await importer.run(write(importer.folder / "q1.asc", damaged))
    assert ran.code == EXIT_NOT_CLEAN
    assert (ran.json["accepted"], ran.json["refused"], ran.json["skipped"]) == (len(lines), 4, 1)
    assert ran.json["lines"] == len(damaged)
    found = [(line["line"], line["column"], line["reason"], line["outcome"]) for line in importer.refused()]
    assert found == [
        (5, "date", "bad_date", "refused"),
        (12, None, "wrong_encoding", "refused"),
        (22, "type", "unknown_type", "refused"),
        (32, None, "wrong_column_count", "refused"),
        (len(damaged) + 1, None, "nothing_moves", "skipped"),
    ]
    assert importer.refused()[1]["raw"] == r'9;1200000;930228;"PRIJEM";"VKLAD";1.00;1.00;"\xff";;'
    assert importer.report.stat().st_mode & 0o077 == 0
    assert await balances_in(book, list(balances(lines))) == balances(lines)


async def test_an_id_with_other_content_is_refused_and_the_same_line_twice_counts_once(
    importer: Importer, book: asyncpg.Connection
) -> None:
    """The first meaning of an id stays; the report names what differs."""
    lines = Bank(1_300_000, accounts=2).quarter(NEW_YEAR)
    other = changed(lines[0], amount_minor=lines[0].amount_minor + 10)
    ran = await importer.run(write(importer.folder / "q1.asc", [*lines, lines[1], other]))
    assert ran.code == EXIT_NOT_CLEAN
    assert (ran.json["accepted"], ran.json["duplicates"], ran.json["refused"]) == (len(lines), 1, 1)
    assert ran.json["totals"]["CZK"]["net_minor"] == sum(line.signed_minor for line in lines)
    (refused,) = importer.refused()
    assert (refused["line"], refused["reason"]) == (len(lines) + 3, "idempotency_key_reused")
    assert "amount_minor" in refused["detail"]
    assert await balances_in(book, list(balances(lines))) == balances(lines)


async def test_another_quarter_comes_on_top_in_any_order(importer: Importer, book: asyncpg.Connection) -> None:
    """New lines of known accounts and new accounts; importing the first quarter again still compares its own days."""
    bank = Bank(1_400_000, accounts=4)
    winter = bank.quarter(NEW_YEAR)
    bank.accounts = 6
    spring = bank.quarter(SPRING)
    first, second = write(importer.folder / "q1.asc", winter), write(importer.folder / "q2.asc", spring)
    assert (await importer.run(first)).code == 0
    ran = await importer.run(second)
    assert ran.code == 0, ran.stderr
    assert (ran.json["accepted"], ran.json["accounts_opened"]) == (len(spring), 2)
    assert ran.json["reconciliation"]["accounts"] == 6
    assert await balances_in(book, list(balances(spring))) == balances([*winter, *spring])
    again = await importer.run(first)
    assert again.code == 0
    assert again.json["replayed"] == len(winter)


async def test_an_account_is_compared_as_of_its_own_last_day(importer: Importer) -> None:
    """Another file has moved it since, but before the last day of the others: that is no difference."""
    lines = Bank(1_800_000, accounts=3).quarter(NEW_YEAR)
    late = [line for line in lines if line.account_id == 1_800_000 and line.day > date(1993, 2, 15)]
    early = write(importer.folder / "early.asc", [line for line in lines if line not in late])
    assert late
    assert (await importer.run(early)).code == 0
    assert (await importer.run(write(importer.folder / "late.asc", late))).code == 0
    again = await importer.run(early)
    assert again.code == 0, again.stdout
    assert again.json["reconciliation"]["beyond_tolerance"] == 0


async def test_accounts_on_the_debit_side_reconcile_too(importer: Importer, book: asyncpg.Connection) -> None:
    """The export of an account that we have at a bank: what the bank credits is a debit in our book."""
    mapping = importer.folder / "nostro.toml"
    mapping.write_text(
        MAPPING.read_text(encoding="utf-8")
        .replace('name = "pkdd99"', 'name = "nostro"')
        .replace("customers:{account_id}:czk", "nostro:{account_id}:czk")
        .replace('"pkdd99:{trans_id}"', '"nostro:{trans_id}"')
        .replace('account_type = "liability"', 'account_type = "asset"')
        .replace('credit = ["PRIJEM"]', 'debit = ["PRIJEM"]')
        .replace('debit = ["VYDAJ", "VYBER"]', 'credit = ["VYDAJ", "VYBER"]'),
        encoding="utf-8",
    )
    lines = Bank(1_900_000, accounts=1).quarter(NEW_YEAR)
    ran = await importer.run(write(importer.folder / "q1.asc", lines), mapping=mapping)
    assert ran.code == 0, ran.stdout
    expected = balances(lines)["customers:1900000:czk"]
    assert await balances_in(book, ["nostro:1900000:czk"]) == {"nostro:1900000:czk": expected}


async def test_an_account_that_differs_from_the_bank_is_named(importer: Importer) -> None:
    """A line is missing in the file: book and bank disagree by exactly its amount."""
    lines = Bank(1_500_000, accounts=3).quarter(NEW_YEAR)
    missing = next(line for line in lines if line.account_id == 1_500_001)
    ran = await importer.run(write(importer.folder / "q1.asc", [line for line in lines if line is not missing]))
    assert ran.code == EXIT_NOT_CLEAN
    reconciled = ran.json["reconciliation"]
    assert (reconciled["accounts"], reconciled["beyond_tolerance"]) == (3, 1)
    (difference,) = reconciled["differences"]
    assert difference["account_id"] == "customers:1500001:czk"
    assert abs(difference["difference_minor"] + missing.signed_minor) <= 60


async def test_an_account_opened_by_hand_is_used_if_its_terms_are_the_same(
    importer: Importer, commands: BursarClient
) -> None:
    """Otherwise the import stops before any line of it, naming account and terms."""
    lines = Bank(1_600_000, accounts=2).quarter(NEW_YEAR)
    file = write(importer.folder / "q1.asc", lines)
    await open_account(commands, "customers:1600000:czk", "unlimited")
    await open_account(commands, "customers:1600001:czk", "forbidden")
    stopped = await importer.run(file)
    assert stopped.code == 1
    assert "account customers:1600001:czk is already open on other terms" in stopped.stderr
    assert "overdraft 'forbidden' instead of 'unlimited'" in stopped.stderr
    assert "1600000" not in stopped.stderr.splitlines()[-1]
    only_good = [line for line in lines if line.account_id == 1_600_000]
    assert (await importer.run(write(importer.folder / "q1.asc", only_good))).code == 0


async def test_a_line_refused_for_a_passing_reason_is_booked_by_a_later_import(
    importer: Importer, commands: BursarClient, book: asyncpg.Connection
) -> None:
    """A frozen account refuses; once unfrozen the same import books what was missing, exactly once."""
    lines = Bank(1_700_000, accounts=2).quarter(NEW_YEAR)
    mine = [line for line in lines if line.account_id == 1_700_000]
    file = write(importer.folder / "q1.asc", lines)
    await open_account(commands, "customers:1700000:czk", "unlimited")
    await change_status(commands, "customers:1700000:czk", "freeze")
    for _ in range(2):  # the second finds the first's refusals and is refused itself
        ran = await importer.run(file)
        assert ran.code == EXIT_NOT_CLEAN
        assert ran.json["refused_by_reason"] == {"account_frozen": len(mine)}
        assert ran.json["accepted"] + ran.json["replayed"] == len(lines) - len(mine)
    await change_status(commands, "customers:1700000:czk", "unfreeze")
    for accepted in (len(mine), 0):
        ran = await importer.run(file)
        assert (ran.code, ran.json["accepted"]) == (0, accepted)
        assert await balances_in(book, list(balances(lines))) == balances(lines)


async def test_a_file_of_another_format_stops_at_its_header(importer: Importer, book: asyncpg.Connection) -> None:
    """Not every line is refused: nothing is even tried."""
    before = await head_of(book)
    file = importer.folder / "other.csv"
    file.write_bytes(b"id,amount\n1,2.00\n")
    ran = await importer.run(file)
    assert (ran.code, ran.stdout) == (1, "")
    assert "Is it the right mapping for this file?" in ran.stderr
    file.write_bytes(b"")
    assert "is empty" in (await importer.run(file)).stderr
    assert await head_of(book) == before


async def test_a_wrong_mapping_stops_before_anything(importer: Importer, tmp_path: Path) -> None:
    """File, key and rule, and no traceback."""
    mapping = tmp_path / "mine.toml"
    mapping.write_text(MAPPING.read_text(encoding="utf-8").replace('"0.60"', '"0.6"'), encoding="utf-8")
    ran = await importer.run(write(importer.folder / "q1.asc", []), mapping=mapping)
    assert ran.code == 1
    assert ran.stderr.startswith(f"{mapping}: reconciliation.tolerance: ")
    assert "Traceback" not in ran.stderr
