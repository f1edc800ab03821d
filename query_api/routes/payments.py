"""Payments: lists and work queues, one with the events of its life, its timeline, and why it was decided so."""

from litestar import get
from msgspec import structs

from contracts.payment_views import PaymentExplanation, PaymentTimeline
from contracts.read_models import WALLETS
from contracts.views import PaymentPage, PaymentView
from query_api.pages import read_cursor
from query_api.parameters import AboutPayment, AboutPayments, AnyRequest, question_of
from query_api.questions import PAYMENTS, PaymentsAsked
from query_api.refusals import Refusal
from query_api.routes.describing import described
from query_api.routes.parts import parts_of

SCOPE = "payments:read"
MODEL = WALLETS


@get("/payments", opt=described(AboutPayments, PaymentPage, Refusal.CURSOR_INVALID))
async def list_payments(request: AnyRequest) -> PaymentPage:
    """List payments, newest first.

    Filters keep what is so now; several apply together. `queue` is where work waits: `review` (a person decides),
    `authorisation` (the payer has to prove who they are), `parked` (stuck on a rail).
    """
    asked = question_of(request, AboutPayments)
    names = [name for name in PaymentsAsked.__struct_fields__ if name != "before"]
    wanted = PaymentsAsked(**{name: getattr(asked, name) for name in names})
    if asked.cursor is not None:
        before = read_cursor(asked.cursor, int, listing=PAYMENTS, filters=wanted.filters)
        wanted = structs.replace(wanted, before=before)
    return await parts_of(request).payments.page(wanted, asked.fresh)


@get("/payments/{payment_id:str}", opt=described(AboutPayment, PaymentView, Refusal.PAYMENT_NOT_FOUND))
async def read_payment(request: AnyRequest) -> PaymentView:
    """Read a payment with its status, reason and events."""
    asked = question_of(request, AboutPayment)
    return await parts_of(request).payments.payment(asked.payment_id, asked.fresh)


@get("/payments/{payment_id:str}/timeline", opt=described(AboutPayment, PaymentTimeline, Refusal.PAYMENT_NOT_FOUND))
async def read_payment_timeline(request: AnyRequest) -> PaymentTimeline:
    """Read all that happened to a payment, in its events' own words: who acted, what was decided, what came back."""
    asked = question_of(request, AboutPayment)
    return await parts_of(request).payments.timeline(asked.payment_id, asked.fresh)


@get(
    "/payments/{payment_id:str}/explanation",
    opt=described(AboutPayment, PaymentExplanation, Refusal.PAYMENT_NOT_FOUND),
)
async def read_payment_explanation(request: AnyRequest) -> PaymentExplanation:
    """Read why a payment was declined, held or challenged: reasons in words, risk score, entries of lists, limits."""
    asked = question_of(request, AboutPayment)
    return await parts_of(request).payments.explanation(asked.payment_id, asked.fresh)


ROUTES = (list_payments, read_payment, read_payment_timeline, read_payment_explanation)
