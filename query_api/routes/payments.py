"""Payments: list and one, with the events of its life."""

from litestar import get

from contracts.views import PaymentPage, PaymentView
from query_api.pages import read_cursor
from query_api.parameters import AboutPayment, AboutPayments, AnyRequest, question_of
from query_api.questions import PAYMENTS
from query_api.refusals import Refusal
from query_api.routes.describing import described
from query_api.routes.parts import parts_of

SCOPE = "payments:read"


@get("/payments", opt=described(AboutPayments, PaymentPage, Refusal.CURSOR_INVALID))
async def list_payments(request: AnyRequest) -> PaymentPage:
    """List payments, newest first; `status` keeps those that are in it now."""
    asked = question_of(request, AboutPayments)
    before = None
    if asked.cursor is not None:
        before = read_cursor(asked.cursor, int, listing=PAYMENTS, filters=(asked.status,))
    return await parts_of(request).reads.payments(
        status=asked.status, limit=asked.limit, before=before, fresh=asked.fresh
    )


@get("/payments/{payment_id:str}", opt=described(AboutPayment, PaymentView, Refusal.PAYMENT_NOT_FOUND))
async def read_payment(request: AnyRequest) -> PaymentView:
    """Read a payment with its status, reason and events."""
    asked = question_of(request, AboutPayment)
    return await parts_of(request).reads.payment(asked.payment_id, asked.fresh)


ROUTES = (list_payments, read_payment)
