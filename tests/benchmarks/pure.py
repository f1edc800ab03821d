"""Pure: what one core spends on a message, a file, a month, without any server; processor time, best of some rounds."""

import time
from collections.abc import Callable
from typing import Any, Final

from command_api.risk.model import read_model
from contracts.iso20022 import pacs
from contracts.iso20022.pain001 import PaymentFile, read_pain001
from projectors.reconciliation.matching.reconcile import reconcile
from tests.contracts.bank_samples import payment_file, transaction
from tests.rails.counterparties import ACCEPTING
from tests.risk.rules import model_bytes, nothing_known
from tests.support.statement_month import statement_month

TRANSACTIONS: Final = 8_192
MONTH_LINES: Final = 10_000
ROUNDS: Final = 3
CALLS: Final = 200


def bench_pure() -> dict[str, Any]:
    """Write instructions, judge features, read a payment file, match a month with its statement."""
    body = payment_file([transaction(number) for number in range(TRANSACTIONS)], group_sum="")
    assert isinstance(read_pain001(body), PaymentFile)
    month = statement_month(2026, lines=MONTH_LINES)
    model, known = read_model(model_bytes()), nothing_known()
    return {
        "pacs008_ms": round(1e3 * _seconds(lambda: pacs.render_instruction(ACCEPTING), CALLS), 3),
        "model_us": round(1e6 * _seconds(lambda: model.score(known), CALLS), 1),
        "pain001_8192_s": round(_seconds(lambda: read_pain001(body), 1), 2),
        "month_10000_s": round(_seconds(lambda: reconcile(month.lines, month.entries), 1), 2),
    }


def _seconds(act: Callable[[], object], calls: int) -> float:
    """Processor time of one call, best of the rounds, so that a busy machine does not matter much."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(calls):
            act()
        rounds.append((time.process_time() - began) / calls)
    return min(rounds)
