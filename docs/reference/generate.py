"""Write the pages of docs/reference from the code, so that they cannot say anything else.

Run `python -m docs.reference.generate` from the checkout after a change; a test compares the pages with the code.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import types
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from cli.serve import PROCESSES, prefix_of
from command_api.problems import STATUS_OF as COMMAND_STATUS_OF
from contracts.events import EVENT_TYPES
from contracts.public_events.asyncapi import asyncapi_document
from contracts.public_events.kinds import PUBLIC_KINDS, subject_of_kind
from contracts.rejections import Rejection
from contracts.subjects import public_subject
from query_api.problems import STATUS_OF as QUERY_STATUS_OF
from query_api.refusals import Refusal
from runtime.http.problems import CODES
from runtime.settings import describe_settings

REFERENCE: Final = Path(__file__).resolve().parent
CHECKOUT: Final = REFERENCE.parents[1]
PACKAGES: Final = ("runtime", "ledger", "command_api", "query_api", "projectors", "cli")
METRIC_KINDS: Final = ("Counter", "Gauge", "Histogram", "Summary")
NOTE: Final = "<!-- Written by docs/reference/generate.py; change the code instead. -->\n"

# What a client can do about it; the code and the order come from contracts/rejections.py.
MEANING_OF: Final = {
    Rejection.IDEMPOTENCY_KEY_REUSED: "The key was used before for another command; `errors` names what differs.",
    Rejection.CURRENCY_UNKNOWN: "Neither ISO 4217 nor a declared asset; declare it first.",
    Rejection.ASSET_ALREADY_DECLARED: "The code is taken, by ISO 4217 or by an earlier declaration.",
    Rejection.ACCOUNT_ALREADY_EXISTS: "The account id is taken; ids are never given out twice.",
    Rejection.OVERDRAFT_TERMS_CONTRADICT: "Limit and overdraft contradict each other, or the use forbids them.",
    Rejection.TRANSFER_NOT_FOUND: "No transfer has this id.",
    Rejection.TRANSFER_IS_A_REVERSAL: "A reversal is not reversed; post a new transfer.",
    Rejection.TRANSFER_ALREADY_REVERSED: "Nothing of the transfer is left to reverse.",
    Rejection.REVERSAL_POSTING_UNKNOWN: "A posting of the reversal is not in the original.",
    Rejection.REVERSAL_EXCEEDS_ORIGINAL: "More would be reversed than is left of a posting.",
    Rejection.HOLD_NOT_FOUND: "No hold has this id.",
    Rejection.HOLD_ALREADY_CAPTURED: "The hold has ended: its money was booked.",
    Rejection.HOLD_ALREADY_RELEASED: "The hold has ended: its money was given back.",
    Rejection.HOLD_ALREADY_EXPIRED: "The hold has ended: its deadline came.",
    Rejection.HOLD_DEADLINE_PASSED: "The deadline has passed; only its expiry is to come.",
    Rejection.HOLD_DEADLINE_NOT_PASSED: "A hold expires at its deadline, not before.",
    Rejection.HOLD_DEADLINE_NOT_LATER: "A deadline must lie in the future, and can only be moved later.",
    Rejection.HOLD_DEADLINE_TOO_FAR: "The deadline lies further ahead than holds may last.",
    Rejection.CAPTURE_AMOUNTS_MISMATCH: "One amount per leg of the hold is needed, and one of them above zero.",
    Rejection.CAPTURE_EXCEEDS_HOLD: "More would be captured than a leg has left.",
    Rejection.PAYMENT_NOT_FOUND: "No payment has this id.",
    Rejection.PAYMENT_STATE_CONFLICT: "The payment is in another state than this needs; `detail` names both.",
    Rejection.PAYMENT_NOT_DUE: "Too early: the payment's date or deadline has not come.",
    Rejection.EXECUTION_DATE_TOO_FAR: "The execution date is more than a year away.",
    Rejection.QUOTE_NOT_FOUND: "You have no quote with this id.",
    Rejection.QUOTE_ALREADY_USED: "A quote serves one payment; ask for another.",
    Rejection.QUOTE_EXPIRED: "The quote does not hold any more; ask for another.",
    Rejection.QUOTE_MISMATCH: "The instructed amount is not what the quote sells; `detail` names both.",
    Rejection.RAIL_NOT_DEFINED: "The rail has no accounts in this currency; define it first.",
    Rejection.INSTRUCTION_UNKNOWN: "The rail's answer is not about an instruction of this payment.",
    Rejection.AUTHORISATION_EXPIRED: "The payment had to be authorised earlier; initiate it again.",
    Rejection.FOUR_EYES_REQUIRED: "Another person has to decide this: not the initiator, not the same one twice.",
    Rejection.REVIEWERS_DISAGREE: "The first decision was another one; agree with it, or talk to whoever made it.",
    Rejection.REFUND_NOT_POSSIBLE: (
        "What exchanged currencies is given back by another payment, and what was paid to somebody outside by them "
        "alone; a card top-up is refunded in at most 100 parts."
    ),
    Rejection.REFUND_EXCEEDS_PAYMENT: "More would be given back than is left of the payment.",
    Rejection.RETURN_ALREADY_BOOKED: "This return was booked before.",
    Rejection.RETURN_EXCEEDS_PAYMENT: "More would be returned than is left of the payment.",
    Rejection.RECALL_NOT_POSSIBLE: "Only a settled instant credit transfer can be recalled, and only once.",
    Rejection.STANDING_ORDER_NOT_FOUND: "No standing order has this id.",
    Rejection.STANDING_ORDER_STATE_CONFLICT: "The standing order is in another state than this needs.",
    Rejection.STANDING_ORDER_NOT_DUE: "Too early: the occurrence's day has not come.",
    Rejection.STANDING_ORDER_BEGINS_IN_PAST: "A standing order begins today or later.",
    Rejection.STANDING_ORDER_NEVER_DUE: "The recurrence has no day between `first_on` and `last_on`.",
    Rejection.OCCURRENCE_ALREADY_ISSUED: "This occurrence was paid, skipped while suspended, or never due.",
    Rejection.OCCURRENCE_NOT_NEXT: "Another occurrence comes first.",
    Rejection.AUTHORISATION_DIFFERS: "Not the amount and payee that the standing order was created for.",
    Rejection.IBAN_ALREADY_ASSIGNED: "The IBAN is an account's, perhaps this one's.",
    Rejection.PAYMENT_FILE_DUPLICATE: "The same sender sent a file with this MsgId under another key.",
    Rejection.CREDITOR_IBAN_INVALID: "A transaction of a payment file: the creditor's IBAN is none (AC01).",
    Rejection.CREDITOR_BIC_INVALID: "A transaction of a payment file: the creditor's BIC is none (RC01).",
    Rejection.DEBTOR_ACCOUNT_UNKNOWN: "A transaction of a payment file: no account has the debtor's IBAN (AC02).",
    Rejection.CREDITOR_REFUSED: "A transaction of a payment file: the creditor cannot be paid under this name (BE01).",
    Rejection.TRANSACTION_NOT_SUPPORTED: "A transaction of a payment file asks for what no rail here does (AG03).",
    Rejection.TRANSACTION_INVALID: "A transaction of a payment file that is no payment (FF01).",
    Rejection.STATEMENT_NOT_FOUND: "No statement has this id.",
    Rejection.STATEMENT_ALREADY_IMPORTED: "This statement is in the book; `detail` names it.",
    Rejection.STATEMENT_DIFFERS: "A statement of this name was imported with other content; ask the bank.",
    Rejection.STATEMENT_GAP: "It does not continue the account's last statement; import the ones between first.",
    Rejection.STATEMENT_INCOMPLETE: "Lines of the statement are still missing; send the file again.",
    Rejection.STATEMENT_PAGE_OUT_OF_ORDER: "Another line is next; `detail` says which.",
    Rejection.STATEMENT_UNBALANCED: "Opening balance and lines do not make the closing balance.",
    Rejection.STATEMENT_LINES_OPEN: "Lines have neither a match nor a break yet.",
    Rejection.LINE_NOT_FOUND: "The account has no statement line of this id.",
    Rejection.LINE_ALREADY_MATCHED: "The line is in a match, or named twice.",
    Rejection.LINE_NOT_MATCHED: "The line is in no match.",
    Rejection.ENTRY_NOT_FOUND: "The account has no entry at this position and leg.",
    Rejection.ENTRY_ALREADY_MATCHED: "The entry is in a match, or named twice.",
    Rejection.MATCH_DIFFERENCE_WRONG: "Lines less entries are not the difference given; `detail` adds them up.",
    Rejection.MATCH_DIFFERENCE_TOO_LARGE: "So large a difference is a break, not a match.",
    Rejection.MATCH_WRITTEN_OFF: "The match was made by a write-off; reverse that transfer instead.",
    Rejection.BREAK_NOT_FOUND: "No break has this id.",
    Rejection.BREAK_ITEMS_WRONG: "A break names at least one line or entry, and each once.",
    Rejection.ALREADY_IN_BREAK: "The line or entry is in another break.",
    Rejection.BREAK_CLOSED: "The break is settled, by a match or a write-off.",
    Rejection.NOTHING_TO_WRITE_OFF: "The break has no difference; match its items instead.",
    Rejection.WRITE_OFF_PROPOSED: "A write-off waits for approval; approve or reject it first.",
    Rejection.WRITE_OFF_NOT_PROPOSED: "Nobody has proposed to write the break off.",
    Rejection.RECONCILIATION_CLOSED: "The account is reconciled through that day.",
    Rejection.BALANCE_UNEXPLAINED: "Without what is unmatched, book and bank differ; `detail` says by what.",
    Rejection.FX_NOT_DEFINED: "Foreign exchange is not defined, or not for this currency; define it first.",
    Rejection.FX_TERMS_FIXED: "The functional currency and the accounts of a position are for good.",
    Rejection.RATE_NOT_AVAILABLE: "The pair has no rate, or only one that is not valid any more; publish one.",
    Rejection.POSITIONS_UNCHANGED: "Every position stands in the books at its current rate already.",
    Rejection.CUSTOMER_NOT_FOUND: "No customer has this id.",
    Rejection.CUSTOMER_STATE_CONFLICT: "The customer is in another state than this needs; `detail` names both.",
    Rejection.CUSTOMER_NOT_SCREENED: "The customer's name was never compared with the lists; screen them first.",
    Rejection.CUSTOMER_ACCOUNTS_FULL: "The customer has as many accounts as one customer may have.",
    Rejection.CUSTOMER_ACCOUNTS_OPEN: "Close the customer's accounts first; `detail` names one.",
    Rejection.CASE_NOT_FOUND: "No case has this id.",
    Rejection.CASE_ALREADY_DECIDED: "Two people have cleared or confirmed the case; that is final.",
    Rejection.CASE_UNRESOLVED: "A case about the customer is open or confirmed; `detail` names it.",
    Rejection.RISK_CLASS_UNCHANGED: "The customer is in this risk class already.",
    Rejection.REVERIFICATION_NOT_DUE: "The day of the customer's re-verification has not come.",
    Rejection.RETENTION_NOT_OVER: "The law wants the data kept for now; `detail` says until when.",
    Rejection.ERASURE_INCOMPLETE: "The proof does not name every data subject of the customer.",
    Rejection.MERCHANT_NOT_FOUND: "No merchant has this id.",
    Rejection.MERCHANT_TERMS_CONTRADICT: "An account, a zone or a change that does not go with a merchant's terms.",
    Rejection.CUT_OFF_NOT_DUE: "This is not the merchant's next cut-off, or it has not come.",
    Rejection.SETTLEMENT_NOT_FOUND: "No settlement has this id.",
    Rejection.SETTLEMENT_STATE_CONFLICT: "Nothing of the settlement may be paid again; `detail` says why.",
    Rejection.CLEARING_ALREADY_SETTLED: "This settlement of the rail was booked before.",
    Rejection.CLEARING_ACCOUNT_UNFIT: "A nostro account is an asset, a fee account an expense.",
    Rejection.ACCOUNT_NOT_FOUND: "No account has this id.",
    Rejection.ACCOUNT_CLOSED: "The account is closed for good.",
    Rejection.ACCOUNT_FROZEN: "The account is frozen; unfreeze it first.",
    Rejection.ACCOUNT_NOT_FROZEN: "Only a frozen account can be unfrozen.",
    Rejection.ACCOUNT_BALANCE_NOT_ZERO: "An account is closed when its balance and its holds are zero.",
    Rejection.CURRENCY_MISMATCH: "The posting's currency is not the account's.",
    Rejection.ACCOUNT_UNSUITABLE: "The account grows on the wrong side for what it is named for.",
    Rejection.SAME_ACCOUNT: "Both sides are the same account; nothing would move.",
    Rejection.POSTINGS_UNBALANCED: "Debits and credits differ in a currency.",
    Rejection.WRONG_SCALE: "The decimal places are not those of the currency.",
    Rejection.AMOUNT_OUT_OF_RANGE: "The amount, in minor units, is not between 1 and 2^63 - 1.",
    Rejection.EFFECTIVE_DATE_IN_FUTURE: "An entry takes effect today or earlier.",
    Rejection.PERIOD_CLOSED: "The effective date lies in a closed period; use a later one.",
    Rejection.PERIOD_NOT_OVER: "A period is closed when its last day is over.",
    Rejection.INSUFFICIENT_FUNDS: "The available balance would fall below what the account's terms allow.",
    Rejection.BALANCE_LIMIT_EXCEEDED: "The balance would rise above the account's greatest balance.",
    Rejection.BALANCE_OUT_OF_RANGE: "The balance would leave the 64-bit range.",
    Rejection.WEBHOOK_ENDPOINT_NOT_FOUND: "No webhook endpoint has this id.",
    Rejection.WEBHOOK_ENDPOINT_STATE_CONFLICT: "The endpoint is enabled, or disabled, already; or it must be enabled.",
    Rejection.WEBHOOK_ENDPOINTS_EXHAUSTED: "The ledger has as many webhook endpoints as it may have.",
    Rejection.WEBHOOK_REPLAY_RANGE_INVALID: "The positions are not in the book's past, or too many at once.",
    Rejection.ATOMIC_BATCH_REFUSED: "Another command of the same atomic batch was refused; its own result says why.",
}


class Metric(NamedTuple):
    """A metric as Prometheus shows it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str
    home: str


def metrics() -> list[Metric]:
    """Find every metric that the packages register, by reading their source."""
    paths = (path for package in PACKAGES for path in sorted((CHECKOUT / package).rglob("*.py")))
    found = (metric for path in paths for metric in _metrics_of(path))
    return sorted(found)


def render_metrics() -> str:
    """Write docs/reference/metrics.md."""
    lines = [
        "# Metrics",
        NOTE,
        "Every process serves `GET /metrics` on its own port, without a token: keep those ports inside your network.",
        "Alert rules over these names are in [ops/prometheus/alerts.yml](../../ops/prometheus/alerts.yml).",
        "Beside them stand the figures of the process itself (`process_*`, `python_*`) from the Prometheus client.",
        "",
        "| Metric | Kind | Labels | Meaning | Registered in |",
        "|---|---|---|---|---|",
        *(
            f"| `{m.name}` | {m.kind} | {_codes(m.labels)} | {m.meaning} | [{m.home}](../../{m.home}) |"
            for m in metrics()
        ),
    ]
    return "\n".join(lines) + "\n"


def settings_of(process: str) -> type[msgspec.Struct]:
    """Return the settings struct of a process that `bursar serve` knows."""
    settings: type[msgspec.Struct] = importlib.import_module(PROCESSES[process].partition(":")[0]).Settings
    return settings


def render_settings() -> str:
    """Write docs/reference/settings.md."""
    lines = [
        "# Settings",
        NOTE,
        "Each process reads its own settings once, at its start, from environment variables with its own prefix, or",
        "from the TOML file that `<PREFIX>SETTINGS_FILE` names (there without the prefix, in lower case); the",
        "environment wins. `<NAME>_FILE` reads the value from a file, for mounted secrets. A setting that does not",
        "exist, or whose value does not fit, stops the start, and every mistake is named at once.",
        "`./bursar serve <process> --settings` prints the same list.",
        "",
    ]
    for process in PROCESSES:
        lines += [f"## `bursar serve {process}`", "", "| Setting | Type | Default | Meaning |", "|---|---|---|---|"]
        for line in describe_settings(settings_of(process), prefix_of(process)):
            default = "**required**" if line.default == "required" else _codes((line.default,))
            lines.append(f"| `{line.env_name}` | {_cell(line.type)} | {default} | {_cell(line.doc)} |")
        lines.append("")
    return "\n".join(lines)


def render_rejections() -> str:
    """Write docs/reference/rejections.md."""
    lines = [
        "# Rejections",
        NOTE,
        "Every refusal is `application/problem+json` (RFC 9457) with a stable `code`.",
        "",
        "## Commands",
        "",
        "A command that was understood and may not happen. The codes stand in the order in which the checks run. A",
        "rejection is stored under its idempotency key: the same command with the same key gets the same answer for",
        "ever ([why](../decisions/0007-remember-refusals-under-their-key.md)). `retryable` is true when the same wish",
        "under a **new** key may succeed later without being changed.",
        "",
        "| Code | Status | `retryable` | What it says |",
        "|---|---|---|---|",
        *(
            f"| `{code}` | {COMMAND_STATUS_OF[code].value} | {'yes' if code.is_transient else 'no'} | {meaning} |"
            for code, meaning in ((code, MEANING_OF[code]) for code in Rejection)
        ),
        "",
        "Not a rejection, never stored, and to be repeated with the **same** key: 503 `queue_full` and `not_taken`",
        "(nothing happened), 503 `outcome_unknown` (it may have happened; only the same key will tell).",
        "",
        "## Questions",
        "",
        "A question that the query API does not answer. 503 comes with `Retry-After`.",
        "",
        "| Code | Status |",
        "|---|---|",
        *(f"| `{code}` | {QUERY_STATUS_OF[code].value} |" for code in Refusal),
        "",
        "## Before either is understood",
        "",
        "400 `invalid_json`, `invalid_body`, `invalid_request` (with a pointer to the place), and for the header",
        "`idempotency_key_missing`, `idempotency_key_repeated`, `idempotency_key_invalid`; 403 `missing_scope` and",
        "`ledger_not_granted`. Where nobody has anything more precise to say, the code follows from the status:",
        "",
        *(f"- {status} `{code}`" for status, code in CODES.items()),
    ]
    return "\n".join(lines) + "\n"


def render_events() -> str:
    """Write docs/reference/events.md."""
    lines = [
        "# Events",
        NOTE,
        "What the book contains. An event is one JSON object, kept, hashed, published and answered as the same bytes;",
        "its envelope is described in [contracts/envelope.py](../../contracts/envelope.py), its `data` here. Readers",
        "ignore fields they do not know; anything but a new optional field is a new version.",
        "",
    ]
    for (name, version), kind in EVENT_TYPES.items():
        lines += [f"## `{name}` version {version}", "", _first_paragraph(kind), "", "| Field | Type |", "|---|---|"]
        lines += [f"| `{field.name}` | {_cell(_type_of(field.type))} |" for field in msgspec.structs.fields(kind)]
        lines.append("")
    return "\n".join(lines)


def render_public_events() -> str:
    """Write docs/reference/public-events.md."""
    lines = [
        "# Public events",
        NOTE,
        "What other systems are told, on the public stream and by webhook: the `data` of a CloudEvent, by its `type`.",
        "How to receive them: [notifications](../guides/notifications.md). For programs:",
        "[asyncapi.json](asyncapi.json) and the JSON Schemas `contracts/schemas/public.*.json`.",
        "",
    ]
    for kind, data in PUBLIC_KINDS.items():
        subject = public_subject("<ledger>", subject_of_kind(kind))
        lines += [f"## `{kind}`", "", f"Subject `{subject}`. {_first_paragraph(data)}", ""]
        lines += ["| Field | Type |", "|---|---|"]
        lines += [f"| `{field.name}` | {_cell(_type_of(field.type))} |" for field in msgspec.structs.fields(data)]
        lines.append("")
    return "\n".join(lines)


def render_asyncapi() -> str:
    """Write docs/reference/asyncapi.json."""
    return msgspec.json.format(msgspec.json.encode(asyncapi_document()), indent=2).decode() + "\n"


PAGES: Final = {
    "metrics.md": render_metrics,
    "settings.md": render_settings,
    "rejections.md": render_rejections,
    "events.md": render_events,
    "public-events.md": render_public_events,
    "asyncapi.json": render_asyncapi,
}


def main() -> None:
    """Write every page."""
    for name, render in PAGES.items():
        (REFERENCE / name).write_text(render(), encoding="utf-8")


def _metrics_of(path: Path) -> Iterator[Metric]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=kind), args=[ast.Constant(value=str(name)), meaning, *rest], keywords=named):
                if kind not in METRIC_KINDS:
                    continue
                suffix = "_total" if kind == "Counter" and not name.endswith("_total") else ""
                given = [*rest, *(word.value for word in named if word.arg == "labelnames")]
                labels = tuple(label for source in given for label in _strings(source))
                home = path.relative_to(CHECKOUT).as_posix()
                yield Metric(name + suffix, kind.lower(), labels, _cell(ast.literal_eval(meaning)), home)


def _strings(node: ast.expr) -> Iterator[str]:
    """Yield the strings of a literal list or tuple; a variable is called what its one label is."""
    if isinstance(node, ast.List | ast.Tuple):
        yield from (str(ast.literal_eval(element)) for element in node.elts)
    elif isinstance(node, ast.Name):
        yield node.id


def _type_of(kind: Any) -> str:
    """Write a type as JSON shows it."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _type_of(get_args(kind)[0])
    if origin is Literal:
        return " or ".join(f'"{value}"' for value in get_args(kind))
    if origin in (Union, types.UnionType):
        return " or ".join(_type_of(member) for member in get_args(kind))
    if origin is tuple:
        return f"list of {_type_of(get_args(kind)[0])}"
    if origin is dict:
        return "object of strings"
    if inspect.isclass(kind) and issubclass(kind, msgspec.Struct):
        return "{" + ", ".join(f"{field.name}: {_type_of(field.type)}" for field in msgspec.structs.fields(kind)) + "}"
    names = {
        int: "integer",
        str: "string",
        bool: "boolean",
        date: "date",
        type(None): "null",
        msgspec.UnsetType: "absent",
    }
    return names.get(kind, "instant (RFC 3339, UTC)")


def _first_paragraph(kind: type) -> str:
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


def _codes(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{_cell(word)}`" for word in words if word)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
