"""The year 1993 of a real Czech bank (anonymised, published for PKDD'99), read where it lies."""

from __future__ import annotations

import os
from pathlib import Path

import asyncpg
import pytest

from cli.options import CHECKOUT
from tests.importing.conftest import Importer, head_of

FOLDER = Path(os.environ.get("BURSAR_BERKA_DIR", CHECKOUT.parent / "shared" / "data" / "berka-1993"))
TRANSACTIONS = FOLDER / "trans.asc"
IMPORTED_WITHIN_S = 30.0

# The bank's data is not ours to ship; the importer's rules are tested on lines of our own beside this.
pytestmark = pytest.mark.skipif(
    not TRANSACTIONS.exists(),
    reason=f"the real bank year is not at {TRANSACTIONS}; set BURSAR_BERKA_DIR to the folder that has trans.asc",
)


async def test_the_real_year_is_booked_to_the_haler(importer: Importer, book: asyncpg.Connection) -> None:
    """All lines, the bank's totals, 681 of 1,139 balances exact and the others within its rounding; twice is once."""
    ran = await importer.run(TRANSACTIONS)
    assert ran.code == 0, ran.stderr
    outcome = ran.json
    assert (outcome["lines"], outcome["accepted"], outcome["refused"]) == (28_205, 28_205, 0)
    money = outcome["totals"]["CZK"]
    assert (money["credits"], money["debits"], money["net"]) == ("120442237.40", "83866291.30", "36575946.10")
    reconciled = outcome["reconciliation"]
    assert (reconciled["accounts"], reconciled["equal"], reconciled["beyond_tolerance"]) == (1_139, 681, 0)
    assert reconciled["largest_difference_minor"] <= 60
    assert outcome["seconds"] <= IMPORTED_WITHIN_S
    before = await head_of(book)
    again = await importer.run(TRANSACTIONS)
    assert (again.code, again.json["accepted"], again.json["replayed"]) == (0, 0, 28_205)
    assert await head_of(book) == before
