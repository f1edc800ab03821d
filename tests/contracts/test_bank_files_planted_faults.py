"""The tests of the bank files can fail: each fault planted into a reader makes one of them do so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import Phase, is_hypothesis_test, settings
from msgspec.structs import replace

from contracts import written_amounts
from contracts.iso20022 import pain001, remittance
from contracts.iso20022.parties import PostalAddress
from contracts.statements import camt053, mt940, statement
from tests.contracts import test_camt053, test_mt940, test_pain001

Plant = Callable[[pytest.MonkeyPatch], None]
EVERYTHING: Final = "own-everything.pain.001.001.09.xml"


def drop_the_uetr(patch: pytest.MonkeyPatch) -> None:
    shape = replace(
        pain001.TRANSACTION,
        groups={path: group for path, group in pain001.TRANSACTION.groups.items() if path != "PmtId/UETR"},
        ignored={**pain001.TRANSACTION.ignored, "PmtId/UETR": ""},
    )
    patch.setattr(pain001, "TRANSACTION", shape)


def drop_the_address_lines(patch: pytest.MonkeyPatch) -> None:
    real = PostalAddress

    def without_lines(**fields: Any) -> PostalAddress:
        return real(**{**fields, "lines": ()})

    patch.setattr("contracts.iso20022.parties.PostalAddress", without_lines)


def believe_the_control_sum(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pain001, "_check_sums", lambda file: None)


def count_in_floats(patch: pytest.MonkeyPatch) -> None:
    def as_float(text: str, *, decimals: int, where: str = "") -> int:
        return int(float(text) * 10**decimals)

    patch.setattr(pain001, "shifted_by", as_float)
    patch.setattr(written_amounts, "shifted_by", as_float)


def forget_the_scale(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(remittance, "written_minor", lambda text, **_: int(text.replace(".", "") or 0))


def ignore_the_sign(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(camt053, "_signed", lambda minor, *_: minor)
    patch.setattr(camt053, "checked", lambda read, _: read)


def turn_the_sign_of_reversals(patch: pytest.MonkeyPatch) -> None:
    real = statement.BankLine

    def turned(**fields: Any) -> statement.BankLine:
        sign = -1 if fields["reversal"] else 1
        return real(**{**fields, "amount_minor": sign * fields["amount_minor"]})

    patch.setattr("contracts.statements.camt053.BankLine", turned)


def believe_the_closing_balance(patch: pytest.MonkeyPatch) -> None:
    for module in (camt053, mt940, statement):
        patch.setattr(module, "checked", lambda read, _: read)


def count_what_is_pending(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        statement.BankStatement, "booked_minor", property(lambda self: sum(line.amount_minor for line in self.lines))
    )


def take_back_credits_as_credits(patch: pytest.MonkeyPatch) -> None:
    real = mt940._minor
    patch.setattr(mt940, "_minor", lambda amount, *rest: abs(real(amount, *rest)))


def lossless() -> None:
    test_pain001.test_every_leaf_of_a_sample_is_in_the_struct_or_ignored_by_name(EVERYTHING)


def sums() -> None:
    for marks in test_pain001.TestSums.test_a_wrong_one_is_refused_with_both_figures.pytestmark:  # type: ignore[attr-defined]
        for arguments in marks.args[1]:
            test_pain001.TestSums().test_a_wrong_one_is_refused_with_both_figures(*arguments)


CASES: Final[dict[str, tuple[Plant, Callable[[], None]]]] = {
    "the UETR is dropped": (drop_the_uetr, lossless),
    "address lines are dropped": (drop_the_address_lines, lossless),
    "the control sum is believed": (believe_the_control_sum, sums),
    "amounts are floats": (count_in_floats, test_pain001.test_a_right_sum_is_accepted_whatever_the_amounts),
    "the scale is forgotten": (forget_the_scale, test_pain001.test_everything_a_payment_says_has_its_place),
    "the sign is ignored": (
        ignore_the_sign,
        test_camt053.test_opening_and_lines_make_closing_whatever_the_signs,
    ),
    "reversals turn the sign": (
        turn_the_sign_of_reversals,
        test_camt053.test_opening_and_lines_make_closing_whatever_the_signs,
    ),
    "the closing balance is believed": (believe_the_closing_balance, test_camt053.test_any_difference_is_refused),
    "pending lines are counted": (
        count_what_is_pending,
        test_camt053.test_references_batches_reversals_and_what_is_only_pending,
    ),
    "MT940 marks are ignored": (
        take_back_credits_as_credits,
        test_mt940.test_marks_make_signs_and_the_statement_adds_up,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_planted_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, check = CASES[name]
    check()
    with monkeypatch.context() as patch:
        plant(patch)
        if is_hypothesis_test(check):
            leave_the_failure_as_it_is(check, patch)
        with pytest.raises((AssertionError, BaseExceptionGroup)):
            check()


def leave_the_failure_as_it_is(check: Any, patch: pytest.MonkeyPatch) -> None:
    """Nobody reads the smallest failure here, and none of them may be remembered for the real run."""
    quick = settings(check._hypothesis_internal_use_settings, phases=[Phase.generate], database=None)
    patch.setattr(check, "_hypothesis_internal_use_settings", quick)


def test_the_messages_of_the_processes_stay_quick_to_import() -> None:
    """No library of the bank files is loaded until one is read or written."""
    heavy = ("pyiso20022", "xsdata", "mt940", "schwifty", "holidays", "dateutil")
    modules = ("commands", "iso20022.pain001", "iso20022.pain002", "statements.mt940", "iban", "calendars")
    imports = ", ".join(f"contracts.{module}" for module in modules)
    code = f"import {imports}, sys; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
