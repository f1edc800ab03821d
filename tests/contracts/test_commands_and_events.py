"""The rule between commands and events: what was asked stands in the event under the same names."""

from __future__ import annotations

from typing import Any, Final, get_args

import msgspec
import pytest

from contracts import commands as c
from contracts import events as e
from tests.support.ledger import NOON, TODAY, capture, debit, hold, leg, move, open_account, pay, post, reverse

FIRST_EVENT_OF: Final[dict[type[c.Command], type[e.EventData]]] = {
    c.DeclareAsset: e.AssetDeclared,
    c.OpenAccount: e.AccountOpened,
    c.CloseAccount: e.AccountClosed,
    c.FreezeAccount: e.AccountFrozen,
    c.UnfreezeAccount: e.AccountUnfrozen,
    c.PostTransfer: e.TransferPosted,
    c.ReverseTransfer: e.TransferReversed,
    c.PlaceHold: e.HoldPlaced,
    c.ExtendHold: e.HoldExtended,
    c.CaptureHold: e.HoldCaptured,
    c.ReleaseHold: e.HoldReleased,
    c.ExpireHold: e.HoldExpired,
    c.ClosePeriod: e.PeriodClosed,
    c.InitiatePayment: e.PaymentInitiated,
    c.AuthorisePayment: e.PaymentAuthorised,
    c.DeclinePayment: e.PaymentCancelled,
    c.CancelPayment: e.PaymentCancelled,
    c.ExpirePayment: e.PaymentCancelled,
    c.ReviewPayment: e.PaymentReviewed,
    c.ResolvePayment: e.PaymentResumed,
    c.StartPayment: e.PaymentAccepted,
    c.InstructPayment: e.PaymentInstructed,
    c.RecordRailOutcome: e.PaymentContradicted,
    c.ParkPayment: e.PaymentParked,
    c.RefundPayment: e.PaymentRefunded,
    c.RecordRefundOutcome: e.PaymentContradicted,
    c.RecordRecallAnswer: e.PaymentRecallAnswered,
    c.ReturnPayment: e.PaymentReturned,
    c.RecallPayment: e.PaymentRecallRequested,
    c.DefineRail: e.RailDefined,
    c.DefineAuthentication: e.AuthenticationDefined,
    c.CreateWebhookEndpoint: e.WebhookEndpointCreated,
    c.UpdateWebhookEndpoint: e.WebhookEndpointUpdated,
    c.RotateWebhookSecret: e.WebhookSecretRotated,
    c.DisableWebhookEndpoint: e.WebhookEndpointDisabled,
    c.EnableWebhookEndpoint: e.WebhookEndpointEnabled,
    c.ReplayWebhookDeliveries: e.WebhookDeliveriesReplayed,
    c.DefineLimits: e.LimitsDefined,
    c.CreateStandingOrder: e.StandingOrderCreated,
    c.AuthoriseStandingOrder: e.StandingOrderAuthorised,
    c.IssueStandingOrder: e.StandingOrderIssued,
    c.SuspendStandingOrder: e.StandingOrderSuspended,
    c.ResumeStandingOrder: e.StandingOrderResumed,
    c.CancelStandingOrder: e.StandingOrderCancelled,
    c.AssignIban: e.IbanAssigned,
    c.ReceivePaymentFile: e.PaymentFileReceived,
    c.ImportStatement: e.StatementImported,
    c.ImportStatementLines: e.StatementLinesImported,
    c.RecordMatches: e.MatchesRecorded,
    c.UnmatchLine: e.LineUnmatched,
    c.OpenBreak: e.BreakOpened,
    c.AssignBreak: e.BreakAssigned,
    c.ProposeWriteOff: e.WriteOffProposed,
    c.ApproveWriteOff: e.WriteOffApproved,
    c.RejectWriteOff: e.WriteOffRejected,
    c.CloseReconciliation: e.ReconciliationClosed,
    c.DefineFees: e.FeesDefined,
    c.DefineFx: e.FxDefined,
    c.PublishRate: e.RatePublished,
    c.RequestQuote: e.QuoteGiven,
    c.RevaluePositions: e.PositionsRevalued,
    c.ApplyCustomer: e.CustomerApplied,
    c.RequestDocuments: e.DocumentsRequested,
    c.AddEvidence: e.EvidenceAdded,
    c.ReviewCustomer: e.CustomerVerified,
    c.SetRiskClass: e.RiskClassChanged,
    c.RescreenCustomer: e.CustomerScreened,
    c.ExpireVerification: e.VerificationExpired,
    c.ReopenReview: e.ReviewReopened,
    c.RestrictCustomer: e.CustomerRestricted,
    c.OffboardCustomer: e.CustomerOffboarded,
    c.EraseCustomer: e.ErasureDecided,
    c.RecordErasure: e.CustomerErased,
    c.ReviewCase: e.CaseCleared,
    c.DefineMerchant: e.MerchantDefined,
    c.CloseSettlement: e.SettlementClosed,
    c.RetryPayout: e.PayoutRetryProposed,
    c.SettleClearing: e.ClearingSettled,
}

# Text, numbers and maps may be narrower in a command; structure and names may not differ.
PLAIN: Final = (msgspec.inspect.StrType, msgspec.inspect.IntType, msgspec.inspect.BoolType, msgspec.inspect.DictType,
                msgspec.inspect.DateType, msgspec.inspect.DateTimeType, msgspec.inspect.LiteralType)  # fmt: skip


def missing_in(event: Any, command: Any, path: str) -> list[str]:
    """Paths of the command's shape that the event's shape lacks or spells otherwise."""
    event, command = _core(event), _core(command)
    if isinstance(command, msgspec.inspect.StructType) and isinstance(event, msgspec.inspect.StrType):
        return []  # sealed whole
    if isinstance(command, msgspec.inspect.StructType):
        theirs = {field.name: field.type for field in event.fields}
        return [
            fault
            for field in command.fields
            for fault in (
                missing_in(theirs[field.name], field.type, f"{path}.{field.name}")
                if field.name in theirs
                else [f"{path}.{field.name}"]
            )
        ]
    if isinstance(command, msgspec.inspect.VarTupleType):
        assert isinstance(event, msgspec.inspect.VarTupleType), path
        return missing_in(event.item_type, command.item_type, f"{path}[]")
    assert isinstance(command, PLAIN), f"{path}: {command} has no rule yet"
    return [] if type(event) is type(command) else [path]


def _core(kind: Any) -> Any:
    """The type without its description and without null."""
    if isinstance(kind, msgspec.inspect.Metadata):
        return _core(kind.type)
    if isinstance(kind, msgspec.inspect.UnionType):
        kinds = [inner for inner in kind.types if not isinstance(inner, msgspec.inspect.NoneType)]
        assert len(kinds) == 1, kind
        return _core(kinds[0])
    return kind


def test_every_command_is_known_to_this_rule() -> None:
    assert set(FIRST_EVENT_OF) == set(c.Command.__subclasses__())
    assert set(get_args(c.AnyCommand)) < set(FIRST_EVENT_OF)


@pytest.mark.parametrize(("command", "event"), FIRST_EVENT_OF.items(), ids=lambda kind: kind.__name__)
def test_every_field_of_a_command_stands_in_its_first_event(command: type[c.Command], event: type[e.EventData]) -> None:
    shape = msgspec.inspect.type_info(event)

    assert missing_in(shape, msgspec.inspect.type_info(command), command.__name__) == []


def test_the_rule_notices_a_field_that_an_event_lost() -> None:
    whole = msgspec.inspect.type_info(e.TransferPosted)
    assert isinstance(whole, msgspec.inspect.StructType)
    poorer = msgspec.structs.replace(whole, fields=tuple(f for f in whole.fields if f.name != "metadata"))

    assert missing_in(poorer, msgspec.inspect.type_info(c.PostTransfer), "PostTransfer") == ["PostTransfer.metadata"]


@pytest.mark.parametrize(
    "command",
    [
        open_account("a", metadata={"k": "v"}, max_balance_minor=5),
        move("a", "b", 1, on=TODAY),
        reverse("xfer_1", debit("a", 1), debit("b", 1)),
        hold(leg("a", "b", 1)),
        capture("hold_1", 1, 0, final=True),
        pay("a", "b", "1.00"),
        c.ExtendHold(hold_id="hold_1", expires_at=NOON),
        c.ClosePeriod(through=TODAY),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_command_reads_back_as_it_was_written(command: c.Command) -> None:
    assert msgspec.json.decode(msgspec.json.encode(command), type=c.AnyCommand) == command


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"close_account","account_id":"a","reson":"typo"}',
        b'{"type":"close_account"}',
        b'{"type":"close_acount","account_id":"a"}',
        b'{"account_id":"a"}',
        b'{"type":"close_account","account_id":"a","reason":""}',
        b'{"type":"close_account","account_id":"a","reason":"two\\nlines"}',
        b'{"type":"close_account","account_id":"a","reason":"nul\\u0000"}',
        b'{"type":"extend_hold","hold_id":"hold_1","expires_at":"2026-01-01T00:00:00"}',
        b'{"type":"close_period","through":"2026-02-30"}',
        b'{"type":"capture_hold","hold_id":"hold_1","amounts_minor":[]}',
        b'{"type":"capture_hold","hold_id":"hold_1","amounts_minor":[-1]}',
        b'{"type":"expire_hold","hold_id":"hold_1"}',
        b'{"type":"place_hold","expires_at":"2026-01-01T00:00:00Z","legs":[{"debit_account_id":"a",'
        b'"credit_account_id":"b","amount_minor":1,"currency":"EUR","note":"?"}]}',
    ],
)
def test_a_command_of_another_shape_is_refused(body: bytes) -> None:
    """Also one that only Bursar itself may send (expiring a hold)."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=c.AnyCommand)


def test_a_transfer_has_two_to_a_hundred_postings() -> None:
    for count, is_taken in ((1, False), (2, True), (100, True), (101, False)):
        body = msgspec.json.encode(post(*[debit("a", 1)] * count))
        if is_taken:
            msgspec.json.decode(body, type=c.AnyCommand)
        else:
            with pytest.raises(msgspec.ValidationError):
                msgspec.json.decode(body, type=c.AnyCommand)
