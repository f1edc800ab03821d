"""The book itself: transfers and events, exactly as booked, with their hashes."""

from litestar import get

from contracts.read_models import WALLETS
from contracts.views import EventView, TransferView
from query_api.parameters import AboutEvent, AboutTransfer, AnyRequest, question_of
from query_api.refusals import Refusal
from query_api.routes.describing import described
from query_api.routes.parts import parts_of

SCOPE = "accounts:read"
MODEL = WALLETS


@get("/transfers/{transfer_id:str}", opt=described(AboutTransfer, TransferView, Refusal.TRANSFER_NOT_FOUND))
async def read_transfer(request: AnyRequest) -> TransferView:
    """Read a transfer: the event that booked it, byte for byte, and its hash."""
    asked = question_of(request, AboutTransfer)
    return await parts_of(request).reads.transfer(asked.transfer_id, asked.fresh)


@get("/events/{position:str}", opt=described(AboutEvent, EventView, Refusal.EVENT_NOT_FOUND))
async def read_event(request: AnyRequest) -> EventView:
    """Read the event at a position, byte for byte, and its hash."""
    asked = question_of(request, AboutEvent)
    return await parts_of(request).reads.event(asked.position, asked.fresh)


ROUTES = (read_transfer, read_event)
