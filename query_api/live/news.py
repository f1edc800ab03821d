"""What is told live. Pure: from events to payments' news, from two overviews to alerts' news."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from contracts.envelope import Envelope, decode_data
from contracts.events import PaymentFacts, PaymentInitiated
from contracts.overview import Alert, AlertNews, PaymentNews


def payments_in(events: Iterable[Envelope]) -> list[PaymentNews]:
    """Say what last happened to each payment, in the order of those events.

    A payment that goes through several states within one frame is told once: whoever shows it shows the last.
    """
    last: dict[str, PaymentNews] = {}
    for event in events:
        if not event.type.startswith("payment_"):
            continue
        news = _news_of(event, decode_data(event))
        if news is not None:
            last.pop(news.payment_id, None)  # so that the dictionary keeps the order of the last events
            last[news.payment_id] = news
    return list(last.values())


def alerts_between(before: Iterable[Alert], after: Iterable[Alert]) -> Iterator[AlertNews]:
    """Say which alerts were raised, say something else, or are over."""
    was, now = {alert.key: alert for alert in before}, {alert.key: alert for alert in after}
    for key, alert in now.items():
        if key not in was:
            yield AlertNews(state="raised", alert=alert)
        elif (alert.text, alert.severity) != (was[key].text, was[key].severity):
            yield AlertNews(state="changed", alert=alert)
    for key, alert in was.items():
        if key not in now:
            yield AlertNews(state="cleared", alert=alert)


def _news_of(event: Envelope, data: Any) -> PaymentNews | None:
    facts = data if isinstance(data, PaymentInitiated) else getattr(data, "facts", None)
    if not isinstance(facts, PaymentFacts | PaymentInitiated):  # a payment file, or what else is called so
        return None
    currency = facts.instructed_amount.currency if isinstance(facts, PaymentInitiated) else facts.currency
    return PaymentNews(
        position=event.position,
        recorded_at=event.recorded_at,
        payment_id=data.payment_id,
        type=event.type,
        status=data.status,
        payment_type=facts.payment_type,
        rail=facts.rail,
        currency=currency,
        amount_minor=facts.amount_minor,
        end_to_end_id=facts.end_to_end_id,
        customer_id=facts.customer_id,
        reason_code=getattr(data, "reason_code", None),
    )
