"""Histories to replay: from the book, with every outcome, or from the lake, with what was settled."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from contracts.risk import FeatureValue, PaymentFact, RiskContext

PAGE_EVENTS: Final = 5_000
PAGE_PAYMENTS: Final = 5_000
LABELS_MAX: Final = 5_000_000
COLUMNS: Final = ["id", "fraud"]
SCALE_UNKNOWN: Final = 2  # no feature depends on it
UNKNOWN: Final = "unknown"  # what the lake does not say of a payment; a rule about it then never holds


class HistoryRefused(Exception):
    """The history or its labels cannot be read; the text says why and what to do."""


class Moment(NamedTuple):
    """A payment of the past with the features it had just before it was decided."""

    payment_id: str
    at: int
    context: RiskContext
    features: Mapping[str, FeatureValue]


async def read_book(database_url: str, *, ledger: str) -> AsyncIterator[PaymentFact]:
    """Yield the facts of a book from its beginning. Raises HistoryRefused."""
    import asyncpg

    from projectors.book import Book, BookUnreachable, WrongBook
    from projectors.events import Unreadable, decode_event
    from projectors.risk.facts import facts_of
    from runtime.postgres import create_pool

    try:
        pool = await create_pool(database_url, application_name="bursar-risk", size_max=1)
    except (OSError, asyncpg.PostgresError) as error:
        raise HistoryRefused(f"PostgreSQL does not answer: {str(error) or type(error).__name__}") from error
    try:
        book, position = Book(pool, ledger=ledger), 0
        await book.read_head()
        while page := await book.read_page(position, PAGE_EVENTS):
            for fact in facts_of(decode_event(*row, ledger=ledger) for row in page):
                yield fact
            position = page[-1][0]
    except (BookUnreachable, WrongBook, Unreadable) as error:
        raise HistoryRefused(str(error)) from error
    finally:
        await pool.close()


async def read_lake(folder: Path) -> AsyncIterator[PaymentFact]:
    """Yield the facts of a ledger's lake, each payment initiated and settled at once. Raises HistoryRefused."""
    for fact in _lake_facts(folder):
        yield fact


def _lake_facts(folder: Path) -> Iterator[PaymentFact]:
    import duckdb

    from contracts.read_models import ENTRIES_TABLE
    from projectors.lake.tables import TableUnreadable, open_table, position_of
    from runtime.sql_files import load_queries

    try:
        table = open_table(folder / ENTRIES_TABLE)
    except TableUnreadable as error:
        raise HistoryRefused(str(error)) from error
    if table is None:
        raise HistoryRefused(f"{folder} holds no lake; give the folder of one ledger, such as .bursar/lake/main")
    files = table.file_uris()
    if not files:
        return
    query = load_queries(Path(__file__).with_name("lake.sql"))["scan_lake_payments"]
    with duckdb.connect() as connection:
        connection.execute(query, {"files": files, "position": position_of(table)})
        while page := connection.fetchmany(PAGE_PAYMENTS):
            for position, name, at, debtor, creditor, currency, amount_minor in page:
                yield PaymentFact(
                    position=position,
                    kind="initiated",
                    payment_id=name,
                    at=at,
                    customer_id=debtor,
                    payee_id=creditor,
                    currency=currency,
                    amount_minor=amount_minor,
                    payment_type=UNKNOWN,
                    rail=UNKNOWN,
                )
                yield PaymentFact(position=position, kind="settled", payment_id=name, at=at)


async def replay(facts: AsyncIterator[PaymentFact]) -> AsyncIterator[Moment]:
    """Yield each payment with what was known just before it, in order."""
    from command_api.risk.features import features_of
    from command_api.risk.memory import RiskMemory

    memory = RiskMemory()
    async for fact in facts:
        if fact.kind == "initiated":
            context = context_of(fact)
            figures = memory.figures(context, now_s=fact.at)
            yield Moment(fact.payment_id, fact.at, context, features_of(context, figures, now_s=fact.at))
        memory.learn(fact)


def context_of(fact: PaymentFact) -> RiskContext:
    """Return what the door would have known of a payment that was initiated."""
    return RiskContext(
        customer_id=fact.customer_id,
        account_id=fact.customer_id,
        payee_id=fact.payee_id,
        device_id=fact.device_id or None,
        amount_minor=fact.amount_minor,
        currency=fact.currency,
        scale=SCALE_UNKNOWN,
        payment_type=fact.payment_type,
        rail=fact.rail,
    )


def read_labels(path: Path) -> dict[str, bool]:
    """Read which payments turned out to be fraud: CSV with the columns id and fraud (0 or 1). Raises HistoryRefused."""
    labels: dict[str, bool] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            if rows.fieldnames != COLUMNS:
                raise HistoryRefused(f"{path}: the first line must be {','.join(COLUMNS)}")
            for row in rows:
                if row["fraud"] not in ("0", "1") or not row["id"] or row["id"] in labels:
                    raise HistoryRefused(f"{path}, line {rows.line_num}: an id once, and fraud as 0 or 1")
                labels[row["id"]] = row["fraud"] == "1"
                if len(labels) > LABELS_MAX:
                    raise HistoryRefused(f"{path}: at most {LABELS_MAX} labels")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise HistoryRefused(f"{path}: {error}") from error
    return labels
