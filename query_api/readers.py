"""Who answers what: each reader is made once, from the connections it asks, and found in `Parts`."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry

from contracts.read_models import DESK, WALLETS
from query_api.adhoc.asking import Asking
from query_api.adhoc.children import Children
from query_api.adhoc.jobs import Allowance
from query_api.adhoc.store import Record, SavedQueries
from query_api.audits import Audits
from query_api.book import Book
from query_api.connections import Sources
from query_api.dating import Dating
from query_api.desk import Desk
from query_api.exports.exporting import Exporting
from query_api.freshness import Freshness
from query_api.history import History
from query_api.lake import Lake, LakeLimits
from query_api.live.hub import Hub, LiveSources
from query_api.metrics import QueryMetrics
from query_api.operations import Operations
from query_api.overview.snapshot import Overviews, OverviewSources
from query_api.overview.sums import LakeSums
from query_api.payments import Payments
from query_api.positions import Positions
from query_api.projections import Projections
from query_api.reads import Reads
from query_api.reporting import Reporting
from query_api.routes.parts import Adhoc, Operating, Parts
from query_api.ruleset_words import RulesetShelf
from query_api.settings import Settings
from query_api.suggestions import Suggestions
from query_api.wallets import Wallets
from query_api.watching import ProjectionWatch
from runtime.clock import Clock


def put_together(
    settings: Settings, sources: Sources, freshness: Freshness, lake: Lake, *, clock: Clock, metrics: QueryMetrics
) -> tuple[Parts, Wallets, Book]:
    """Put together who answers what; the last two also say whether the process is ready."""
    dating = Dating(settings.ledger, clock)
    wallets = Wallets(sources.redis, ledger=settings.ledger, clock=clock)
    book = Book(sources.book, dating=dating)
    history = History(lake, dating=dating)
    reads = Reads(wallets=wallets, book=book, history=history, freshness=freshness, dating=dating, metrics=metrics)
    reporting = Reporting(lake, freshness=freshness, dating=dating)
    desk = Desk(sources.redis, ledger=settings.ledger, clock=clock, freshness=freshness, dating=dating)
    positions = Positions(
        ledger=settings.ledger,
        models={WALLETS: wallets, DESK: desk.model},
        book=book,
        lake=lake,
        nats=sources.nats,
        clock=clock,
    )
    sums = LakeSums(lake, clock=clock)
    glance = OverviewSources(wallets=wallets, desk=desk.model, sums=sums, positions=positions)
    overviews = Overviews(glance, freshness=freshness, dating=dating, clock=clock)
    parts = Parts(
        reads=reads,
        reporting=reporting,
        positions=positions,
        desk=desk,
        suggestions=Suggestions(sources.book, freshness=freshness, dating=dating),
        payments=Payments(wallets=wallets, book=book, freshness=freshness, dating=dating, rulesets=_rulesets(settings)),
        overviews=overviews,
        hub=_hub(settings, LiveSources(wallets=wallets, book=book, overviews=overviews), clock=clock, metrics=metrics),
        clock=clock,
        audits=Audits(sources.book, sources.redis, ledger=settings.ledger),
        exporting=Exporting(reporting, dating=dating, clock=clock),
        operating=_operating(settings, sources, lake, book, clock=clock, registry=metrics.registry),
        adhoc=_adhoc(settings, sources, lake, freshness, dating, clock=clock),
    )
    return parts, wallets, book


def _operating(
    settings: Settings, sources: Sources, lake: Lake, book: Book, *, clock: Clock, registry: CollectorRegistry
) -> Operating:
    """Put together who looks after the read models as such."""
    ledger, pool = settings.ledger, sources.book
    projections = Projections(ledger=ledger, pool=pool, redis=sources.redis, lake=lake, book=book, clock=clock)
    operations = Operations(ledger=ledger, pool=pool, asking=sources.operations, nats=sources.nats, clock=clock)
    return Operating(projections, operations, ProjectionWatch(projections, registry))


def _adhoc(
    settings: Settings, sources: Sources, lake: Lake, freshness: Freshness, dating: Dating, *, clock: Clock
) -> Adhoc:
    """Put together who answers questions in SQL, each in a child of its own."""
    allowance = Allowance(memory_mb=settings.sql_memory_mb, timeout_s=settings.sql_timeout_ms / 1000)
    children = Children(lake.folder, allowance, at_once=settings.sql_at_once_max)
    record = Record(sources.asker, sources.book, clock)
    asking = Asking(lake, children, record, freshness=freshness, dating=dating)
    return Adhoc(asking, record, SavedQueries(sources.asker, clock))


def _rulesets(settings: Settings) -> RulesetShelf:
    return RulesetShelf(None if settings.risk_folder is None else Path(settings.risk_folder))


def _hub(settings: Settings, sources: LiveSources, *, clock: Clock, metrics: QueryMetrics) -> Hub:
    return Hub(sources, ledger=settings.ledger, clients_max=settings.live_clients_max, clock=clock, metrics=metrics)


def lake_of(settings: Settings, clock: Clock, metrics: QueryMetrics) -> Lake:
    """Open the lake of the ledger within its limits."""
    limits = LakeLimits(
        memory_mb=settings.lake_memory_mb,
        threads=settings.lake_threads,
        timeout_s=settings.lake_query_timeout_ms / 1000,
    )
    return Lake(Path(settings.lake_dir) / settings.ledger, clock=clock, limits=limits, metrics=metrics)
