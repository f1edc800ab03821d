"""Commands about holds: money reserved until a deadline."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from contracts.commands.command import Command, Instant, LimitMinor, Metadata, Reason, Reference
from contracts.ids import AccountId, HoldId
from contracts.money import AmountMinor, CurrencyCode


class Leg(Struct, frozen=True, kw_only=True):
    """Money reserved to move from one account to another.

    Events carry it: they are tolerant where commands are strict.
    """

    debit_account_id: AccountId
    credit_account_id: AccountId
    amount_minor: AmountMinor
    currency: CurrencyCode


class HoldLeg(Leg, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money to reserve, to move from one account to another."""


class PlaceHold(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="place_hold"):
    """Reserve money for one or more legs that live and die as one unit, until a deadline."""

    legs: Annotated[tuple[HoldLeg, ...], Meta(min_length=1, max_length=50)]
    expires_at: Instant
    reference: Reference | None = None
    metadata: Metadata | None = None


class ExtendHold(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="extend_hold"):
    """Move an open hold's deadline later."""

    hold_id: HoldId
    expires_at: Instant


class CaptureHold(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="capture_hold"):
    """Book held money: everything left, or one amount per leg (zero skips a leg). ``final`` releases the rest."""

    hold_id: HoldId
    amounts_minor: Annotated[tuple[LimitMinor, ...], Meta(min_length=1, max_length=50)] | None = None
    final: bool = False
    effective_date: date | None = None
    reference: Reference | None = None


class ReleaseHold(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="release_hold"):
    """Give back what is left of an open hold."""

    hold_id: HoldId
    reason: Reason | None = None


class ExpireHold(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="expire_hold"):
    """Give back what is left of an open hold whose deadline has passed. Sent by Bursar's own timer."""

    hold_id: HoldId
