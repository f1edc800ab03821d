"""The saga put together from the settings of its process: which rails there are, and how they are reached."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from contracts.calendars import Calendar, business_day_from
from contracts.payment_codes import RailName
from projectors.payments.instructions import Institution
from projectors.payments.performing import Saga
from projectors.rails.card_psp import open_card_psp
from projectors.rails.file import FileRail, close_batches
from projectors.rails.metrics import RailMetrics
from projectors.rails.rail import Rail
from projectors.rails.sct_inst import open_sct_inst
from projectors.reactors.registry import Supplies
from projectors.reactors.tasks import Reactor
from runtime.shutdown import end_all

FILE_CURRENCY: Final = "EUR"


async def build(supplies: Supplies) -> Reactor:
    """Open the configured rails, for as long as the process runs, and give the reactor. Raises ValueError."""
    settings, metrics = supplies.settings, RailMetrics(supplies.registry)
    rails: dict[RailName, Rail[Any]] = {}
    if settings.sct_inst_url is not None:
        opened = open_sct_inst(settings.sct_inst_url, metrics=metrics, clock=supplies.clock)
        rails["sct_inst"] = await supplies.stack.enter_async_context(opened)
    if settings.card_psp_url is not None:
        key = Path(settings.card_psp_key_file).read_text(encoding="ascii").strip() if settings.card_psp_key_file else ""
        cards = open_card_psp(settings.card_psp_url, api_key=key, metrics=metrics, clock=supplies.clock)
        rails["card_psp"] = await supplies.stack.enter_async_context(cards)
    if settings.files_dir is not None:
        files = FileRail(
            Path(settings.files_dir),
            currency=FILE_CURRENCY,
            cut_off_after=cut_offs(settings.file_cut_off_minutes, settings.file_calendar),
            clock=supplies.clock,
        )
        await supplies.stack.enter_async_context(beside(close_batches(files), name="file batches"))
        rails["file"] = files
    saga = Saga(
        commands=supplies.commands,
        rails=rails,
        vault=supplies.vault,
        institution=Institution(
            name=settings.institution_name, iban=settings.institution_iban, bic=settings.institution_bic
        ),
        clock=supplies.clock,
        ledger=settings.ledger,
    )
    return saga.reactor()


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Let endless work run until the context ends. Raises what ended it before."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        await end_all([task])
        if not task.cancelled():
            task.result()


def cut_offs(minutes: int, calendar: Calendar) -> Callable[[datetime], datetime]:
    """The first cut-off strictly after a moment: every so many minutes of the days on which banks work."""

    def cut_off_after(moment: datetime) -> datetime:
        step = timedelta(minutes=minutes)
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        following = midnight + step * ((moment - midnight) // step + 1)
        day = business_day_from(calendar, following.date())
        return following if day == following.date() else midnight.replace(year=day.year, month=day.month, day=day.day)

    return cut_off_after
