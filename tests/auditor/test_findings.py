"""What a difference says: figures and codes, nothing that a customer wrote; and a model that is gone is none."""

from __future__ import annotations

import pytest

from projectors.auditor.auditing import Auditor, Slice, Waiting
from projectors.auditor.findings import Subject, shown
from tests.auditor.surroundings import Audited

SUBJECT = Subject(side="redis", model="wallets", name="payment pay_7", position=9)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("posted_minor", b"-12"),
        ("position", 7),
        ("status", "ACSC"),
        ("effective_date", "2026-03-01"),
        ("hash", "a" * 64),
    ],
)
def test_figures_and_codes_are_shown(field: str, value: object) -> None:
    assert shown(field, value) == (value.decode() if isinstance(value, bytes) else str(value))


@pytest.mark.parametrize("value", ["Friday with Ann", b'{"customer":"ann"}', b"\xff\xfe", "4111111111111111"])
def test_what_somebody_wrote_is_a_digest(value: object) -> None:
    text = shown("remittance_information", value)
    assert text.startswith("sha256:")
    assert "Ann" not in text
    assert "ann" not in text


async def test_a_list_is_named_without_the_reference_of_a_client(audited: Audited) -> None:
    place = audited.place
    lists = [key async for key in place.redis.scan_iter(match=f"{place.keys.prefix}payments:end_to_end_id:*")]
    dumped = await place.redis.dump(lists[0])
    await place.redis.delete(lists[0])
    found = await audited.differences(["redis"])
    await place.redis.restore(lists[0], 0, dumped)
    assert {difference.field for difference in found} == {"on payments:end_to_end_id"}


def test_a_thing_that_is_gone_is_one_difference() -> None:
    [difference] = SUBJECT.compare_all(found={}, expected={"status": "ACSC", "amount_minor": "5"})
    assert (difference.field, difference.found, difference.expected) == ("*", "nothing", "2 values")


async def test_a_copy_that_is_dropped_meanwhile_does_not_differ_but_is_waited_for(
    audited: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebuild that begins between two looks is no corruption."""

    async def empty(first: int, last: int) -> Slice:
        return Slice(1, SUBJECT.compare("status", found="", expected="ACSC"))

    async def fallen(self: Auditor, side: str) -> int:
        return 3

    monkeypatch.setitem(audited.auditor._look, "redis", empty)
    assert len((await audited.auditor.audit("redis", 0, 9)).differences) == 1
    monkeypatch.setattr(Auditor, "reached", fallen)
    with pytest.raises(Waiting, match="built again"):
        await audited.auditor.audit("redis", 0, 9)
