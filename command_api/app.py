"""The command process: settings, composition root, life cycle."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Literal

import asyncpg
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from litestar import Litestar
from litestar.di import Provide
from litestar.types import ASGIApp
from msgspec import Meta, Struct
from nats.aio.client import Client

from command_api.desk import Desk
from command_api.expiry import EXPIRY_INTERVAL_S, HoldExpiry
from command_api.problems import render_refusal
from command_api.routes import accounts, batches, holds, payments, transfers
from contracts.subjects import LedgerName, poke_subject
from ledger.metrics import SequencerMetrics
from ledger.sequencer.queue import COMMANDS_WAITING_MAX, SubmissionQueue
from ledger.sequencer.sequencer import Sequencer
from ledger.store.load import read_head
from runtime.clock import SystemClock
from runtime.health import Health
from runtime.jetstream import connect_nats
from runtime.logs import configure_logging
from runtime.metrics import create_registry
from runtime.postgres import connect, create_pool
from runtime.server import serve_http
from runtime.shutdown import Shutdown, supervise

log = structlog.get_logger(__name__)

API_BODY_BYTES_MAX = 256 * 1024
BATCH_BODY_BYTES_MAX = 8 * 1024 * 1024
