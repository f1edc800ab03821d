"""Figures to features. Pure: the same figures, payment and second give the same features."""

from __future__ import annotations

from typing import Final, NamedTuple

from contracts.risk import FeatureValue, RiskContext
from contracts.risk_features import DISTINCT_MAX, FIGURE_MAX, HOUR_S, MEMORY_S, RATIO_MAX, amount_of_step

SUBJECT_FIGURES: Final = 14  # counts, failures and amounts of four windows, and two instants


class Window(NamedTuple):
    """What one subject did in one window, this payment not included."""

    payments: int
    failed: int
    amount_minor: int


class SubjectFigures(NamedTuple):
    """One customer, payee or device. Instants in seconds, 0 for never."""

    hour: Window
    day: Window
    week: Window
    month: Window
    first_at: int
    last_at: int


class Figures(NamedTuple):
    """Everything the model knows that concerns one payment, in the order in which read.lua returns it."""

    customer: SubjectFigures
    payee: SubjectFigures
    device: SubjectFigures
    payee_first_at: int
    payee_last_at: int
    device_first_at: int
    device_last_at: int
    payees_met: int
    payee_is_met: int
    payers_met: int
    payer_is_met: int
    users_met: int
    user_is_met: int
    typical_payments: int
    typical_step: int


def figures_of(flat: list[int]) -> Figures:
    """Give the flat list of read.lua its names. Raises ValueError, TypeError when it has another shape."""
    customer, payee, device = (_subject_of(flat[number * SUBJECT_FIGURES :][:SUBJECT_FIGURES]) for number in range(3))
    return Figures(customer, payee, device, *flat[3 * SUBJECT_FIGURES :])


def features_of(context: RiskContext, figures: Figures, *, now_s: int) -> dict[str, FeatureValue]:
    """Return every feature of `FEATURES`, this payment counted in. Counts, amounts and ages are whole and bounded."""
    customer, payee, device = figures.customer, figures.payee, figures.device
    has_device = context.device_id is not None
    payee_age_h = _hours_since(figures.payee_first_at, last_at=figures.payee_last_at, now_s=now_s)
    device_age_h = _hours_since(figures.device_first_at, last_at=figures.device_last_at, now_s=now_s)
    customer_age_h = _hours_since(customer.first_at, last_at=customer.last_at, now_s=now_s)
    known_payee = payee_age_h is not None and context.is_new_payee is not True
    amount = min(context.amount_minor, FIGURE_MAX)
    typical = amount_of_step(figures.typical_step)
    return {
        "amount_minor": amount,
        "currency": context.currency,
        "payment_type": context.payment_type,
        "rail": context.rail,
        "is_new_payee": int(not known_payee),
        "is_new_device": int(has_device and device_age_h is None),
        "has_no_device": int(not has_device),
        "payee_age_h": payee_age_h or 0 if known_payee else 0,
        "device_age_h": device_age_h or 0,
        "customer_age_h": customer_age_h or 0,
        "idle_h": 0 if customer_age_h is None else (max(now_s - customer.last_at, 0)) // HOUR_S,
        "customer_payments_1h": customer.hour.payments + 1,
        "customer_payments_24h": customer.day.payments + 1,
        "customer_payments_7d": customer.week.payments + 1,
        "customer_payments_30d": customer.month.payments + 1,
        "payee_payments_1h": payee.hour.payments + 1,
        "payee_payments_24h": payee.day.payments + 1,
        "device_payments_1h": device.hour.payments + 1 if has_device else 0,
        "device_payments_24h": device.day.payments + 1 if has_device else 0,
        "customer_amount_1h": customer.hour.amount_minor + amount,
        "customer_amount_24h": customer.day.amount_minor + amount,
        "customer_amount_7d": customer.week.amount_minor + amount,
        "customer_amount_30d": customer.month.amount_minor + amount,
        "payee_amount_24h": payee.day.amount_minor + amount,
        "customer_failed_1h": customer.hour.failed,
        "customer_failed_24h": customer.day.failed,
        "payee_failed_24h": payee.day.failed,
        "device_failed_24h": device.day.failed if has_device else 0,
        "customer_payees_24h": _with_this(figures.payees_met, figures.payee_is_met),
        "payee_customers_24h": _with_this(figures.payers_met, figures.payer_is_met),
        "device_customers_24h": _with_this(figures.users_met, figures.user_is_met) if has_device else 0,
        "typical_payments": figures.typical_payments,
        "typical_minor": typical,
        "amount_to_typical_pct": min(amount * 100 // typical, RATIO_MAX) if typical else 100,
    }


def _subject_of(flat: list[int]) -> SubjectFigures:
    hour, day, week, month = (Window(*flat[start : start + 3]) for start in (0, 3, 6, 9))
    first_at, last_at = flat[12:]
    return SubjectFigures(hour, day, week, month, first_at, last_at)


def _hours_since(first_at: int, *, last_at: int, now_s: int) -> int | None:
    """None when it was never seen, or not for so long that it is new again."""
    if not first_at or last_at < now_s - MEMORY_S:
        return None
    return max(now_s - first_at, 0) // HOUR_S


def _with_this(met: int, is_met: int) -> int:
    return min(met + 1 - is_met, DISTINCT_MAX)
