"""Identifiers: their shapes, and the position inside a generated one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from contracts.ids import (
    AccountId,
    HoldId,
    IdempotencyKey,
    PaymentId,
    TransferId,
    hold_id,
    payment_id,
    position_of,
    transfer_id,
)
from contracts.subjects import LedgerName

POSITION_MAX_IN_IDS = 10**18 - 1


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [
        (AccountId, "a"),
        (AccountId, "customers:alice:eur"),
        (AccountId, ":".join(["0_-z"] * 8)),
        (AccountId, "x" * 32),
        (TransferId, "xfer_1"),
        (HoldId, "hold_999999999999999999"),
        (PaymentId, "pay_10"),
        (IdempotencyKey, "!"),
        (IdempotencyKey, "~" * 255),
        (LedgerName, "main"),
        (LedgerName, "a23456789_12345678901234"),
    ],
)
def test_well_formed_identifiers_are_taken(kind: Any, identifier: str) -> None:
    assert msgspec.convert(identifier, kind) == identifier


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [
        (AccountId, ""),
        (AccountId, "Alice"),
        (AccountId, "alice\n"),
        (AccountId, ":alice"),
        (AccountId, "alice:"),
        (AccountId, "a::b"),
        (AccountId, "-a"),
        (AccountId, "x" * 33),
        (AccountId, ":".join(["a"] * 9)),
        (AccountId, ":".join(["x" * 32] * 4)),  # 131 characters
        (AccountId, "älice"),
        (TransferId, "xfer_0"),
        (TransferId, "xfer_01"),
        (TransferId, "xfer_-1"),
        (TransferId, "xfer_1\n"),
        (TransferId, "hold_1"),
        (TransferId, "xfer_1000000000000000000"),
        (HoldId, "xfer_1"),
        (HoldId, "hold_١"),
        (PaymentId, "pay_"),
        (IdempotencyKey, ""),
        (IdempotencyKey, "two words"),
        (IdempotencyKey, "tab\t"),
        (IdempotencyKey, "key\n"),
        (IdempotencyKey, "nul\x00"),
        (IdempotencyKey, "ü"),
        (IdempotencyKey, "k" * 256),
        (LedgerName, "Main"),
        (LedgerName, "main\n"),
        (LedgerName, "a" * 25),
    ],
)
def test_malformed_identifiers_are_refused(kind: Any, identifier: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(identifier, kind)


@pytest.mark.parametrize(("name", "kind"), [(transfer_id, TransferId), (hold_id, HoldId), (payment_id, PaymentId)])
@pytest.mark.parametrize("position", [1, 42, POSITION_MAX_IN_IDS])
def test_a_generated_id_has_the_shape_of_its_type_and_gives_its_position_back(
    name: Any, kind: Any, position: int
) -> None:
    identifier = name(position)

    assert msgspec.convert(identifier, kind) == identifier
    assert position_of(identifier) == position
