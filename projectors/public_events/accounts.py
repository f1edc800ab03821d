"""Accounts, assets and periods, as other systems hear of them."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from contracts.public_events import accounts as public
from projectors.public_events.said import Said, Translations, Unsaid


def opened(event: e.AccountOpened) -> Said:
    """Say that an account exists, without its terms and metadata."""
    data = public.PublicAccountOpened(
        account_id=event.account_id,
        currency=event.currency,
        scale=event.scale,
        account_type=event.account_type,
        normal_side=event.normal_side,
    )
    return Said(event.account_id, data)


def closed(event: e.AccountClosed) -> Said:
    """Say that an account is closed, not why."""
    return Said(event.account_id, public.PublicAccountClosed(account_id=event.account_id))


def frozen(event: e.AccountFrozen) -> Said:
    """Say that an account is frozen, not why."""
    return Said(event.account_id, public.PublicAccountFrozen(account_id=event.account_id))


def unfrozen(event: e.AccountUnfrozen) -> Said:
    """Say that an account moves again, not why."""
    return Said(event.account_id, public.PublicAccountUnfrozen(account_id=event.account_id))


def asset_declared(event: e.AssetDeclared) -> Said:
    """Say that an asset may be used."""
    return Said(event.currency, public.PublicAssetDeclared(currency=event.currency, scale=event.scale))


def period_closed(event: e.PeriodClosed) -> Said:
    """Say that a period is closed."""
    return Said(event.through.isoformat(), public.PublicPeriodClosed(through=event.through))


SAID: Final[Translations] = {
    e.AccountOpened: (opened,),
    e.AccountClosed: (closed,),
    e.AccountFrozen: (frozen,),
    e.AccountUnfrozen: (unfrozen,),
    e.AssetDeclared: (asset_declared,),
    e.PeriodClosed: (period_closed,),
}
UNSAID: Final[Unsaid] = {}
