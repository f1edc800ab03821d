"""Whatever is in a file, a reader gives a value: damaged samples are read or refused, and never raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.file_refusals import FileRefusal
from contracts.iso20022.pain001 import PaymentFile, read_pain001
from contracts.statements.camt053 import read_camt053
from contracts.statements.csv import read_csv_statement
from contracts.statements.mt940 import read_mt940
from contracts.statements.statement import BankStatement
from tests.contracts.bank_samples import enveloped, sample
from tests.contracts.test_csv_statements import CSV, described

SNIPPETS: Final = [
    b"",
    b"\n",
    b"<",
    b">",
    b"</Amt>",
    b"\xff",
    b"\0",
    b"9" * 30,
    b"-",
    b",",
    b":61:",
    b":86:",
    b":20:",
    b"?20",
    b"//",
    b"&",
]
READERS: Final[dict[str, tuple[Callable[[bytes], Any], bytes]]] = {
    "pain.001": (read_pain001, sample("own-everything.pain.001.001.09.xml")),
    "camt.053": (read_camt053, sample("own-batches.camt.053.001.08.xml")),
    "camt.053 in an envelope": (read_camt053, enveloped(sample("own-batches.camt.053.001.08.xml"), "ISO")),
    "MT940 with slashes": (read_mt940, sample("own-dialects.sta")),
    "MT940 of Germany": (read_mt940, sample("volksbank-sepa.sta")),
    "CSV": (lambda body: read_csv_statement(body, described(), statement_id="S-1"), CSV),
}


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_a_damaged_file_is_read_or_refused(name: str, data: st.DataObject) -> None:
    read, body = READERS[name]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        length = data.draw(st.sampled_from([0, 1, 2, 10, 200]))
        with_what = data.draw(st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=6)))
        body = body[:start] + with_what + body[start + length :]
    result = read(body)
    assert isinstance(result, (FileRefusal, PaymentFile, BankStatement, tuple))
