"""A function for every command and every query; each makes a call, which a client sends.

Written by `python -m client.generator` from the OpenAPI documents; change the routes instead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import UNSET, UnsetType

from bursar_client.call import (
    Call,
    PagedCall,
    body_of,
    file_of,
    key_of,
    path_of,
    query_of,
    read_as,
    read_content,
    read_nothing,
)
from bursar_client.content import Content
from bursar_client.generated import models


def add_evidence(
    customer_id: str,
    *,
    document: Literal[
        "articles_of_association",
        "beneficial_owners",
        "identity_card",
        "passport",
        "proof_of_address",
        "register_extract",
        "residence_permit",
        "source_of_funds",
    ],
    reference: str,
    sha256: str,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Note a document that was received: its kind, where it is kept, and its hash.

    - `customer_id`: A customer, named by the position of its application.
    - `reference`: Where the document is kept; opaque, it must not name the person.
    - `sha256`: SHA-256 of the document, in hex.
    """
    return Call(
        name="add_evidence",
        api="commands",
        method="POST",
        path=path_of("/v1/customers/{customer_id}/evidence", {"customer_id": customer_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Evidence(document=document, reference=reference, sha256=sha256)),
        read=read_as(models.Receipt),
    )


def apply_customer(
    *,
    kind: Literal["company", "person"],
    name: str,
    country: str,
    birth_date: str | None = None,
    registration_number: str | None = None,
    address: models.Address | None = None,
    email: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Apply for a person or a company. What is personal is sealed, and the name screened.

    The answer is the application, or the case that was opened because the name is on a list; both name the
    customer.

    - `country`: ISO 3166 country.
    - `birth_date`: A date (ISO 8601).
    - `registration_number`: Number in the register of companies.
    """
    return Call(
        name="apply_customer",
        api="commands",
        method="POST",
        path="/v1/customers",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.ApplyCustomer(
                kind=kind,
                name=name,
                country=country,
                birth_date=birth_date,
                registration_number=registration_number,
                address=address,
                email=email,
            )
        ),
        read=read_as(models.Receipt),
    )


def approve_write_off(break_id: str, *, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Book a proposed write-off. Never one's own."""
    return Call(
        name="approve_write_off",
        api="commands",
        method="POST",
        path=path_of("/v1/breaks/{break_id}/approve-write-off", {"break_id": break_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Nothing()),
        read=read_as(models.Receipt),
    )


def ask_sql(
    *,
    sql: str,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    as_of_position: int | None = None,
    parameters: Mapping[str, str | int | bool | None] | UnsetType = UNSET,
    limit: int = 1000,
) -> Call[models.SqlView]:
    """Answer one SELECT over the catalog's views, as of now or of a past position; `Accept` chooses the format.

    The answer comes whole or not at all. Every question is kept on record with who asked it and what became of
    it. Needs the scope `sql:run`.

    `rendered` gives it as text/csv, application/vnd.apache.parquet, application/vnd.apache.arrow.stream.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `as_of_position`: Only events up to this position.
    - `sql`: One SELECT over the catalog's views, in DuckDB's SQL.
    """
    return Call(
        name="ask_sql",
        api="queries",
        method="POST",
        path="/v1/sql",
        query=query_of(
            {"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok, "as_of_position": as_of_position}
        ),
        is_repeatable=False,
        has_min_position=True,
        body=body_of(models.SqlQuestion(sql=sql, parameters=parameters, limit=limit)),
        read=read_as(models.SqlView),
    )


def assign_break(break_id: str, *, assignee: str, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Give a break to somebody.

    - `assignee`: Subject of a person.
    """
    return Call(
        name="assign_break",
        api="commands",
        method="POST",
        path=path_of("/v1/breaks/{break_id}/assign", {"break_id": break_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Assignment(assignee=assignee)),
        read=read_as(models.Receipt),
    )


def assign_iban(account_id: str, *, iban: str, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Say that an IBAN of this institution is this account's, so that payment files may name it.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    """
    return Call(
        name="assign_iban",
        api="commands",
        method="POST",
        path=path_of("/v1/accounts/{account_id}/iban", {"account_id": account_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.AccountIban(iban=iban)),
        read=read_as(models.Receipt),
    )


def authorise_payment(
    payment_id: str, *, instructed_amount: models.InstructedAmount, payee: str, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Confirm a payment, with a token of strong authentication, for exactly the amount and payee it was initiated
    for.

    Anything else voids this authorisation (422 `authorisation_differs`); after five of them the payment is
    rejected.
    """
    return Call(
        name="authorise_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/authorise", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Authorisation(instructed_amount=instructed_amount, payee=payee)),
        read=read_as(models.Receipt),
    )


def authorise_standing_order(
    standing_order_id: str,
    *,
    instructed_amount: models.InstructedAmount,
    payee: str,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Confirm a series once, with a token of strong authentication, for exactly its amount and payee."""
    return Call(
        name="authorise_standing_order",
        api="commands",
        method="POST",
        path=path_of("/v1/standing-orders/{standing_order_id}/authorise", {"standing_order_id": standing_order_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Authorisation(instructed_amount=instructed_amount, payee=payee)),
        read=read_as(models.Receipt),
    )


def cancel_payment(
    payment_id: str, *, reason: str | None = None, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Take back a payment that no rail has been given.

    - `reason`: Why this is done.
    """
    return Call(
        name="cancel_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/cancel", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Because(reason=reason)),
        read=read_as(models.Receipt),
    )


def cancel_standing_order(
    standing_order_id: str, *, reason: str | None = None, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """End a standing order for good.

    - `reason`: Why this is done.
    """
    return Call(
        name="cancel_standing_order",
        api="commands",
        method="POST",
        path=path_of("/v1/standing-orders/{standing_order_id}/cancel", {"standing_order_id": standing_order_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Because(reason=reason)),
        read=read_as(models.Receipt),
    )


def capture_hold(
    hold_id: str,
    *,
    amounts_minor: Sequence[int] | None = None,
    final: bool = False,
    effective_date: dt.date | None = None,
    reference: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Book all or part of a hold.

    - `reference`: The client's own reference.
    """
    return Call(
        name="capture_hold",
        api="commands",
        method="POST",
        path=path_of("/v1/holds/{hold_id}/capture", {"hold_id": hold_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.Capture(amounts_minor=amounts_minor, final=final, effective_date=effective_date, reference=reference)
        ),
        read=read_as(models.Receipt),
    )


def close_account(
    account_id: str, *, reason: str | None = None, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Close an empty account for good.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `reason`: Why this is done.
    """
    return Call(
        name="close_account",
        api="commands",
        method="POST",
        path=path_of("/v1/accounts/{account_id}/close", {"account_id": account_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Because(reason=reason)),
        read=read_as(models.Receipt),
    )


def close_period(*, through: dt.date, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Close the books through a day that is over."""
    return Call(
        name="close_period",
        api="commands",
        method="POST",
        path="/v1/periods/close",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.ClosePeriod(through=through)),
        read=read_as(models.Receipt),
    )


def close_reconciliation(
    statement_id: str,
    *,
    ledger_minor: int,
    unmatched_entries_minor: int,
    unmatched_lines_minor: int,
    matched_difference_minor: int = 0,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Close the day of a statement: every line and every cent is explained.

    - `ledger_minor`: Minor units, above zero for what we are paid, below for what we pay.
    - `unmatched_entries_minor`: Minor units, above zero for what we are paid, below for what we pay.
    - `unmatched_lines_minor`: Minor units, above zero for what we are paid, below for what we pay.
    - `matched_difference_minor`: Minor units, above zero for what we are paid, below for what we pay.
    """
    return Call(
        name="close_reconciliation",
        api="commands",
        method="POST",
        path=path_of("/v1/reconciliations/{statement_id}/close", {"statement_id": statement_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.Closing(
                ledger_minor=ledger_minor,
                unmatched_entries_minor=unmatched_entries_minor,
                unmatched_lines_minor=unmatched_lines_minor,
                matched_difference_minor=matched_difference_minor,
            )
        ),
        read=read_as(models.Receipt),
    )


def close_settlement(
    merchant_id: str, *, cut_off_at: dt.datetime, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Close what a merchant took until a cut-off that has come, and begin to pay it out.

    - `merchant_id`: A merchant, named by whoever defines it.
    - `cut_off_at`: Instant with a time zone (RFC 3339).
    """
    return Call(
        name="close_settlement",
        api="commands",
        method="POST",
        path=path_of("/v1/merchants/{merchant_id}/close-settlement", {"merchant_id": merchant_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.CutOff(cut_off_at=cut_off_at)),
        read=read_as(models.Receipt),
    )


def compare_projection(name: str, *, wait_ms: int | None = None) -> Call[models.OperationView]:
    """Compare the candidate with the version that serves: counts, sums and a hash, at the same position.

    Its `state` says when it has not ended within `wait_ms`: see `/v1/projections/operations`. Needs the scope
    `projections:operate`.

    - `name`: As `wallets` or `wallets.v3`.
    - `wait_ms`: How long to wait for what comes of it. (without: 8000)
    """
    return Call(
        name="compare_projection",
        api="queries",
        method="POST",
        path=path_of("/v1/projections/{name}/compare", {"name": name}),
        query=query_of({"wait_ms": wait_ms}),
        is_repeatable=False,
        read=read_as(models.OperationView),
    )


def create_export(
    *,
    report: str,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    parameters: Mapping[str, str | int] | UnsetType = UNSET,
    format: Literal["arrow", "csv", "json", "parquet", "xlsx"] = "csv",
) -> Call[models.ExportView]:
    """Ask for an export: the report as of the position that the lake has now, unless `as_of_position` names one.

    Exports are made one after the other, and deleted when they expire. Needs the scope `reports:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `report`: A name from the catalogue.
    - `format`: Format of the answer.
    """
    return Call(
        name="create_export",
        api="queries",
        method="POST",
        path="/v1/exports",
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=False,
        has_min_position=True,
        body=body_of(models.ExportAsked(report=report, parameters=parameters, format=format)),
        read=read_as(models.ExportView),
    )


def create_standing_order(
    *,
    debtor_account_id: str,
    instructed_amount: models.InstructedAmount,
    end_to_end_id: str,
    recurrence: models.WantedRecurrence,
    payment_type: Literal["book_transfer", "credit_transfer", "payout"] = "book_transfer",
    rail: Literal["book", "card_psp", "file", "sct_inst"] | None = None,
    creditor_account_id: str | None = None,
    creditor: models.Party | None = None,
    remittance_information: str | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Pay the same amount to the same payee again and again. `state` says whether it has to be authorised first.

    - `debtor_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `creditor_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `end_to_end_id`: Each payment's end_to_end_id is this with its date: RENT-7 on 1 December is
      RENT-7-20261201.
    - `remittance_information`: The client's own reference.
    """
    return Call(
        name="create_standing_order",
        api="commands",
        method="POST",
        path="/v1/standing-orders",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.CreateStandingOrder(
                payment_type=payment_type,
                rail=rail,
                debtor_account_id=debtor_account_id,
                creditor_account_id=creditor_account_id,
                creditor=creditor,
                instructed_amount=instructed_amount,
                end_to_end_id=end_to_end_id,
                remittance_information=remittance_information,
                metadata=metadata,
                recurrence=recurrence,
            )
        ),
        read=read_as(models.Receipt),
    )


def create_webhook_endpoint(
    *, url: str, kinds: Sequence[str], description: str | None = None, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Have public events POSTed to a URL.

    The answer carries, this once, the `secret` that deliveries are signed with; keep it, or rotate it.

    - `url`: Where events are POSTed to: https, a domain name, port 443 or 8443.
    - `description`: The client's own reference.
    """
    return Call(
        name="create_webhook_endpoint",
        api="commands",
        method="POST",
        path="/v1/webhook-endpoints",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.CreateWebhookEndpoint(url=url, kinds=kinds, description=description)),
        read=read_as(models.Receipt),
    )


def declare_asset(*, currency: str, scale: int, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Declare an asset that ISO 4217 does not know.

    - `currency`: ISO 4217 code, or the code of a declared asset.
    """
    return Call(
        name="declare_asset",
        api="commands",
        method="POST",
        path="/v1/assets",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.DeclareAsset(currency=currency, scale=scale)),
        read=read_as(models.Receipt),
    )


def decline_payment(
    payment_id: str, *, reason: str | None = None, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Decline a request for payment, as its payer.

    - `reason`: Why this is done.
    """
    return Call(
        name="decline_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/decline", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Because(reason=reason)),
        read=read_as(models.Receipt),
    )


def define_authentication(
    *,
    currency: str,
    amount_from_minor: int,
    new_payee: bool = True,
    minutes: int = 5,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Say from which amount, and for which payees, payments need strong authentication.

    - `currency`: ISO 4217 code, or the code of a declared asset.
    - `amount_from_minor`: Amount in minor units, e.g. cents.
    """
    return Call(
        name="define_authentication",
        api="commands",
        method="POST",
        path="/v1/authentication",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.DefineAuthentication(
                currency=currency, amount_from_minor=amount_from_minor, new_payee=new_payee, minutes=minutes
            )
        ),
        read=read_as(models.Receipt),
    )


def define_fees(
    *,
    payment_type: Literal["book_transfer", "credit_transfer", "payment_request", "payout"],
    currency: str,
    fee_account_id: str,
    tiers: Sequence[models.FeeTier],
    rounding: Literal["half_even", "half_up", "up"],
    rail: Literal["book", "card_psp", "file", "sct_inst"] | None = None,
    tiering: Literal["marginal", "whole"] = "marginal",
    minimum_minor: int | None = None,
    maximum_minor: int | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Set what payments of a kind cost their payer, in one currency, by one rail or any.

    - `currency`: ISO 4217 code, or the code of a declared asset.
    - `fee_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    """
    return Call(
        name="define_fees",
        api="commands",
        method="POST",
        path="/v1/fees",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.DefineFees(
                payment_type=payment_type,
                rail=rail,
                currency=currency,
                fee_account_id=fee_account_id,
                tiers=tiers,
                tiering=tiering,
                minimum_minor=minimum_minor,
                maximum_minor=maximum_minor,
                rounding=rounding,
            )
        ),
        read=read_as(models.Receipt),
    )


def define_fx(
    *,
    functional_currency: str,
    realised_account_id: str,
    unrealised_account_id: str,
    positions: Sequence[models.FxPosition],
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Name the functional currency, and the accounts of positions and results.

    Given anew, it may add positions and exchange the result accounts; the rest is for good.

    - `functional_currency`: ISO 4217 code, or the code of a declared asset.
    - `realised_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `unrealised_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    """
    return Call(
        name="define_fx",
        api="commands",
        method="POST",
        path="/v1/fx",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.DefineFx(
                functional_currency=functional_currency,
                realised_account_id=realised_account_id,
                unrealised_account_id=unrealised_account_id,
                positions=positions,
            )
        ),
        read=read_as(models.Receipt),
    )


def define_limits(
    *, subject: str, limits: Sequence[models.Limit], idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Set all limits of an account, a customer or a payee.

    - `subject`: Whose payments are counted: an account, a customer, or everybody's to one payee.
    """
    return Call(
        name="define_limits",
        api="commands",
        method="POST",
        path="/v1/limits",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.DefineLimits(subject=subject, limits=limits)),
        read=read_as(models.Receipt),
    )


def define_merchant(
    *,
    merchant_id: str,
    account_id: str,
    payable_account_id: str,
    fee_account_id: str,
    currency: str,
    creditor: models.Party,
    schedule: models.AskedSchedule,
    fees: models.AskedFees,
    reserve_account_id: str | None = None,
    payout_rail: Literal["card_psp", "file", "sct_inst"] = "sct_inst",
    reserve_per_mille: int = 0,
    reserve_days: int = 0,
    minimum_payout_minor: int = 1,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Say on what terms, and to whom, a merchant is paid what it took. The newest definition counts.

    - `merchant_id`: A merchant, named by whoever defines it.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `payable_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `fee_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `reserve_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `currency`: ISO 4217 code, or the code of a declared asset.
    - `minimum_payout_minor`: Amount in minor units, e.g. cents.
    """
    return Call(
        name="define_merchant",
        api="commands",
        method="POST",
        path="/v1/merchants",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.DefineMerchant(
                merchant_id=merchant_id,
                account_id=account_id,
                payable_account_id=payable_account_id,
                fee_account_id=fee_account_id,
                reserve_account_id=reserve_account_id,
                currency=currency,
                payout_rail=payout_rail,
                creditor=creditor,
                schedule=schedule,
                fees=fees,
                reserve_per_mille=reserve_per_mille,
                reserve_days=reserve_days,
                minimum_payout_minor=minimum_payout_minor,
            )
        ),
        read=read_as(models.Receipt),
    )


def define_rail(
    *,
    rail: Literal["card_psp", "file", "sct_inst"],
    currency: str,
    clearing_account_id: str,
    suspense_account_id: str,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Name the clearing and suspense accounts of a rail in one currency.

    - `currency`: ISO 4217 code, or the code of a declared asset.
    - `clearing_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `suspense_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    """
    return Call(
        name="define_rail",
        api="commands",
        method="POST",
        path="/v1/rails",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.DefineRail(
                rail=rail,
                currency=currency,
                clearing_account_id=clearing_account_id,
                suspense_account_id=suspense_account_id,
            )
        ),
        read=read_as(models.Receipt),
    )


def delete_saved_query(name: str) -> Call[None]:
    """Remove one of the tenant's saved queries.

    Needs the scope `sql:run`.

    - `name`: A name of your choice.
    """
    return Call(
        name="delete_saved_query",
        api="queries",
        method="DELETE",
        path=path_of("/v1/saved-queries/{name}", {"name": name}),
        is_repeatable=True,
        read=read_nothing,
    )


def disable_webhook_endpoint(
    endpoint_id: str,
    *,
    cause: Literal["failing", "gone", "requested"] = "requested",
    reason: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Deliver nothing to an endpoint for now.

    - `reason`: Why this is done.
    """
    return Call(
        name="disable_webhook_endpoint",
        api="commands",
        method="POST",
        path=path_of("/v1/webhook-endpoints/{endpoint_id}/disable", {"endpoint_id": endpoint_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Disabling(cause=cause, reason=reason)),
        read=read_as(models.Receipt),
    )


def drop_projection(name: str, *, wait_ms: int | None = None) -> Call[models.OperationView]:
    """Remove a candidate or a retired version.

    Its `state` says when it has not ended within `wait_ms`: see `/v1/projections/operations`. Needs the scope
    `projections:operate`.

    - `name`: As `wallets` or `wallets.v3`.
    - `wait_ms`: How long to wait for what comes of it. (without: 8000)
    """
    return Call(
        name="drop_projection",
        api="queries",
        method="POST",
        path=path_of("/v1/projections/{name}/drop", {"name": name}),
        query=query_of({"wait_ms": wait_ms}),
        is_repeatable=False,
        read=read_as(models.OperationView),
    )


def enable_webhook_endpoint(endpoint_id: str, *, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Deliver to an endpoint again, from now on."""
    return Call(
        name="enable_webhook_endpoint",
        api="commands",
        method="POST",
        path=path_of("/v1/webhook-endpoints/{endpoint_id}/enable", {"endpoint_id": endpoint_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Nothing()),
        read=read_as(models.Receipt),
    )


def erase_customer(customer_id: str, *, reason: str, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Forget a customer. The first person proposes; a second one decides, and the keys of the data are destroyed.

    Refused while an account is open, a case is not decided, or the law wants the data kept.

    - `customer_id`: A customer, named by the position of its application.
    - `reason`: Why this is done.
    """
    return Call(
        name="erase_customer",
        api="commands",
        method="POST",
        path=path_of("/v1/customers/{customer_id}/erase", {"customer_id": customer_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Why(reason=reason)),
        read=read_as(models.Receipt),
    )


def expire_hold(hold_id: str, *, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Give back what is left of a hold whose deadline has passed; refused before."""
    return Call(
        name="expire_hold",
        api="commands",
        method="POST",
        path=path_of("/v1/holds/{hold_id}/expire", {"hold_id": hold_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Nothing()),
        read=read_as(models.Receipt),
    )


def expire_payment(payment_id: str, *, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """End a payment that was not authorised or answered in time."""
    return Call(
        name="expire_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/expire", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Nothing()),
        read=read_as(models.Receipt),
    )


def expire_verification(customer_id: str, *, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Say that a customer has to be verified again; refused before that day.

    - `customer_id`: A customer, named by the position of its application.
    """
    return Call(
        name="expire_verification",
        api="commands",
        method="POST",
        path=path_of("/v1/customers/{customer_id}/expire-verification", {"customer_id": customer_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Nothing()),
        read=read_as(models.Receipt),
    )


def extend_hold(hold_id: str, *, expires_at: dt.datetime, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Move a hold's deadline later.

    - `expires_at`: Instant with a time zone (RFC 3339).
    """
    return Call(
        name="extend_hold",
        api="commands",
        method="POST",
        path=path_of("/v1/holds/{hold_id}/extend", {"hold_id": hold_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Extension(expires_at=expires_at)),
        read=read_as(models.Receipt),
    )


def freeze_account(
    account_id: str, *, reason: str | None = None, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Refuse every movement on an account for now.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `reason`: Why this is done.
    """
    return Call(
        name="freeze_account",
        api="commands",
        method="POST",
        path=path_of("/v1/accounts/{account_id}/freeze", {"account_id": account_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Because(reason=reason)),
        read=read_as(models.Receipt),
    )


def heal_audits() -> Call[models.HealRequested]:
    """Ask the auditor to repair from the book whatever differs.

    One thing at a time where that can be done, else by rebuilding its model. Nothing is repaired while the book
    differs from itself. Needs the scope `projections:operate`.
    """
    return Call(
        name="heal_audits",
        api="queries",
        method="POST",
        path="/v1/audits/heal",
        is_repeatable=False,
        read=read_as(models.HealRequested),
    )


def import_statements(
    *,
    account_id: str,
    format: Literal["camt053", "csv", "mt940"],
    content: bytes,
    description: bytes | None = None,
    bank_statement_id: str | None = None,
) -> Call[models.Receipt]:
    """Import all statements of a camt.053, MT940 or CSV file, in order.

    The content is the key: the same file again gets the same answer, and one that was interrupted goes on where
    it stopped. The answer is the last event of the import.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `bank_statement_id`: The statement's name at the bank.
    """
    return Call(
        name="import_statements",
        api="commands",
        method="POST",
        path="/v1/statements",
        is_repeatable=True,
        body=body_of(
            models.StatementFile(
                account_id=account_id,
                format=format,
                content=content,
                description=description,
                bank_statement_id=bank_statement_id,
            )
        ),
        read=read_as(models.Receipt),
    )


def initiate_payment(
    *,
    instructed_amount: models.InstructedAmount,
    end_to_end_id: str,
    payment_type: Literal[
        "book_transfer", "card_top_up", "credit_transfer", "payment_request", "payout"
    ] = "book_transfer",
    rail: Literal["book", "card_psp", "file", "sct_inst"] | None = None,
    debtor_account_id: str | None = None,
    creditor_account_id: str | None = None,
    debtor: models.Party | None = None,
    creditor: models.Party | None = None,
    remittance_information: str | None = None,
    requested_execution_date: dt.date | None = None,
    quote_id: str | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Pay. A payment that cannot be made exists all the same: RJCT with its reason.

    The answer is the payment's newest event: settled, rejected, or what it waits for.

    - `debtor_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `creditor_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `remittance_information`: The client's own reference.
    """
    return Call(
        name="initiate_payment",
        api="commands",
        method="POST",
        path="/v1/payments",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.InitiatePayment(
                payment_type=payment_type,
                rail=rail,
                debtor_account_id=debtor_account_id,
                creditor_account_id=creditor_account_id,
                debtor=debtor,
                creditor=creditor,
                instructed_amount=instructed_amount,
                end_to_end_id=end_to_end_id,
                remittance_information=remittance_information,
                requested_execution_date=requested_execution_date,
                quote_id=quote_id,
                metadata=metadata,
            )
        ),
        read=read_as(models.Receipt),
    )


def instruct_payment(payment_id: str, *, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Write down that an accepted payment is about to be given to its rail."""
    return Call(
        name="instruct_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/instruct", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Nothing()),
        read=read_as(models.Receipt),
    )


def issue_standing_order(
    standing_order_id: str, *, occurrence_on: dt.date, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Make the payment of a standing order's occurrence whose day has come; each once, in order."""
    return Call(
        name="issue_standing_order",
        api="commands",
        method="POST",
        path=path_of("/v1/standing-orders/{standing_order_id}/issue", {"standing_order_id": standing_order_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Occurrence(occurrence_on=occurrence_on)),
        read=read_as(models.Receipt),
    )


def list_accounts(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    prefix: str | None = None,
    currency: str | None = None,
    account_type: Literal["asset", "equity", "expense", "income", "liability"] | None = None,
    status: Literal["closed", "frozen", "open"] | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.AccountPage, models.AccountLine]:
    """List accounts by id, filtered by prefix, currency, type and status.

    Needs the scope `accounts:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `prefix`: Only accounts whose id begins with this.
    - `currency`: ISO 4217 code, or the code of a declared asset.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_accounts",
        api="queries",
        method="GET",
        path="/v1/accounts",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "prefix": prefix,
                "currency": currency,
                "account_type": account_type,
                "status": status,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.AccountPage),
        items_of=lambda page: page.accounts,
        cursor_of=lambda page: page.next_cursor,
    )


def list_asked(
    *, subject: str | None = None, outcome: str | None = None, limit: int | None = None, cursor: str | None = None
) -> PagedCall[models.AskedPage, models.AskedQuestion]:
    """List the questions that the tenant's people asked, newest first, and how each ended.

    A question without an outcome is running, or its process died. Needs the scope `sql:audit`.

    - `subject`: Only what this subject asked.
    - `outcome`: Only what ended so: answered, or a code.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_asked",
        api="queries",
        method="GET",
        path="/v1/sql/audit",
        query=query_of({"subject": subject, "outcome": outcome, "limit": limit, "cursor": cursor}),
        is_repeatable=True,
        read=read_as(models.AskedPage),
        items_of=lambda page: page.questions,
        cursor_of=lambda page: page.next_cursor,
    )


def list_authentication(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPageAuthenticationData, models.ThingLineAuthenticationData]:
    """List authentication, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_authentication",
        api="queries",
        method="GET",
        path="/v1/authentication",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPageAuthenticationData),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_bank_statements(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPage, models.ThingLine]:
    """List bank statements, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_bank_statements",
        api="queries",
        method="GET",
        path="/v1/bank-statements",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPage),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_breaks(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPage, models.ThingLine]:
    """List breaks, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_breaks",
        api="queries",
        method="GET",
        path="/v1/breaks",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPage),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_cases(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPageCaseData, models.ThingLineCaseData]:
    """List cases, newest first.

    Filters keep what is so now. Needs the scope `customers:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_cases",
        api="queries",
        method="GET",
        path="/v1/cases",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPageCaseData),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_clearing_settlements(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPage, models.ThingLine]:
    """List clearing settlements, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_clearing_settlements",
        api="queries",
        method="GET",
        path="/v1/clearing-settlements",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPage),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_customers(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPageCustomerData, models.ThingLineCustomerData]:
    """List customers, newest first.

    Filters keep what is so now. Needs the scope `customers:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_customers",
        api="queries",
        method="GET",
        path="/v1/customers",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPageCustomerData),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_fees(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPage, models.ThingLine]:
    """List fees, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_fees",
        api="queries",
        method="GET",
        path="/v1/fees",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPage),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_fx_positions(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPage, models.ThingLine]:
    """List fx positions, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_fx_positions",
        api="queries",
        method="GET",
        path="/v1/fx-positions",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPage),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_holds(
    account_id: str,
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.HoldPage, models.HoldLine]:
    """List the open holds that touch an account, oldest first.

    Needs the scope `accounts:read`.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_holds",
        api="queries",
        method="GET",
        path=path_of("/v1/accounts/{account_id}/holds", {"account_id": account_id}),
        query=query_of(
            {"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok, "limit": limit, "cursor": cursor}
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.HoldPage),
        items_of=lambda page: page.holds,
        cursor_of=lambda page: page.next_cursor,
    )


def list_limits(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPageLimitsData, models.ThingLineLimitsData]:
    """List limits, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_limits",
        api="queries",
        method="GET",
        path="/v1/limits",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPageLimitsData),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_matches(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPage, models.ThingLine]:
    """List matches, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_matches",
        api="queries",
        method="GET",
        path="/v1/matches",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPage),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_merchants(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPage, models.ThingLine]:
    """List merchants, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_merchants",
        api="queries",
        method="GET",
        path="/v1/merchants",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPage),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_operations() -> Call[models.OperationsView]:
    """Read what was asked of the read models lately, by whom, and what came of it.

    Needs the scope `projections:read`.
    """
    return Call(
        name="list_operations",
        api="queries",
        method="GET",
        path="/v1/projections/operations",
        is_repeatable=True,
        read=read_as(models.OperationsView),
    )


def list_parked() -> Call[models.ParkedView]:
    """Read which reactions wait for a person, and why; tasks of the same key wait behind each.

    Needs the scope `projections:read`.
    """
    return Call(
        name="list_parked",
        api="queries",
        method="GET",
        path="/v1/projections/parked",
        is_repeatable=True,
        read=read_as(models.ParkedView),
    )


def list_payment_files(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPage, models.ThingLine]:
    """List payment files, newest first.

    Filters keep what is so now. Needs the scope `payments:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_payment_files",
        api="queries",
        method="GET",
        path="/v1/payment-files",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPage),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_payments(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: Literal["ACFC", "ACSC", "ACSP", "ACTC", "CANC", "PDNG", "RCVD", "RJCT"] | None = None,
    rail: Literal["book", "card_psp", "file", "sct_inst"] | None = None,
    payment_type: Literal["book_transfer", "card_top_up", "credit_transfer", "payment_request", "payout"] | None = None,
    customer_id: str | None = None,
    payee_id: str | None = None,
    end_to_end_id: str | None = None,
    queue: Literal["authorisation", "parked", "review"] | None = None,
    parked: bool | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.PaymentPage, models.PaymentLine]:
    """List payments, newest first.

    Filters keep what is so now; several apply together. `queue` is where work waits: `review` (a person decides),
    `authorisation` (the payer has to prove who they are), `parked` (stuck on a rail). Needs the scope
    `payments:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `customer_id`: A customer, named by the position of its application.
    - `payee_id`: Keyed hash of a party outside.
    - `end_to_end_id`: The reference that stays with a payment.
    - `queue`: Only those that wait here now.
    - `parked`: Only those that are, or are not, parked.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_payments",
        api="queries",
        method="GET",
        path="/v1/payments",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "rail": rail,
                "payment_type": payment_type,
                "customer_id": customer_id,
                "payee_id": payee_id,
                "end_to_end_id": end_to_end_id,
                "queue": queue,
                "parked": parked,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.PaymentPage),
        items_of=lambda page: page.payments,
        cursor_of=lambda page: page.next_cursor,
    )


def list_projections() -> Call[models.ProjectionsView]:
    """Read how every version of every read model is.

    Lags are judged here, against the book's head: a projector that hangs does not look healthy. Needs the scope
    `projections:read`.
    """
    return Call(
        name="list_projections",
        api="queries",
        method="GET",
        path="/v1/projections",
        is_repeatable=True,
        read=read_as(models.ProjectionsView),
    )


def list_quotes(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPageQuoteData, models.ThingLineQuoteData]:
    """List quotes, newest first.

    Filters keep what is so now. Needs the scope `payments:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_quotes",
        api="queries",
        method="GET",
        path="/v1/quotes",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPageQuoteData),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_rails(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPageRailData, models.ThingLineRailData]:
    """List rails, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_rails",
        api="queries",
        method="GET",
        path="/v1/rails",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPageRailData),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_rates(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPage, models.ThingLine]:
    """List rates, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_rates",
        api="queries",
        method="GET",
        path="/v1/rates",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPage),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_reports() -> Call[models.ReportCatalogue]:
    """List the reports, their parameters, columns and formats.

    Needs the scope `reports:read`.
    """
    return Call(
        name="list_reports",
        api="queries",
        method="GET",
        path="/v1/reports",
        is_repeatable=True,
        read=read_as(models.ReportCatalogue),
    )


def list_saved_queries() -> Call[models.SavedQueriesView]:
    """List the tenant's saved queries.

    Needs the scope `sql:run`.
    """
    return Call(
        name="list_saved_queries",
        api="queries",
        method="GET",
        path="/v1/saved-queries",
        is_repeatable=True,
        read=read_as(models.SavedQueriesView),
    )


def list_settlements(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPage, models.ThingLine]:
    """List settlements, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_settlements",
        api="queries",
        method="GET",
        path="/v1/settlements",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPage),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_standing_orders(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPage, models.ThingLine]:
    """List standing orders, newest first.

    Filters keep what is so now. Needs the scope `payments:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_standing_orders",
        api="queries",
        method="GET",
        path="/v1/standing-orders",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPage),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def list_suggestions(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    account_id: str | None = None,
    min_score: int | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.SuggestionPage, models.SuggestionLine]:
    """List matches that a person would have to confirm, surest first.

    Each carries the body for `POST /v1/matches` that accepts it. What was matched since it was computed is left
    out. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `min_score`: Only those at least so sure, in permille. (without: 0)
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_suggestions",
        api="queries",
        method="GET",
        path="/v1/matches/suggestions",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "account_id": account_id,
                "min_score": min_score,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.SuggestionPage),
        items_of=lambda page: page.suggestions,
        cursor_of=lambda page: page.next_cursor,
    )


def list_webhook_endpoints(
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    status: str | None = None,
    customer_id: str | None = None,
    account_id: str | None = None,
    merchant_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.ThingPageWebhookEndpointData, models.ThingLineWebhookEndpointData]:
    """List webhook endpoints, newest first.

    Filters keep what is so now. Needs the scope `operations:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `status`: Only those in this status now.
    - `customer_id`: A customer, named by the position of its application.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `merchant_id`: The id of a thing, as its list shows it.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="list_webhook_endpoints",
        api="queries",
        method="GET",
        path="/v1/webhook-endpoints",
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "status": status,
                "customer_id": customer_id,
                "account_id": account_id,
                "merchant_id": merchant_id,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingPageWebhookEndpointData),
        items_of=lambda page: page.things,
        cursor_of=lambda page: page.next_cursor,
    )


def offboard_customer(customer_id: str, *, reason: str, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """End the relation with a customer whose accounts are closed.

    - `customer_id`: A customer, named by the position of its application.
    - `reason`: Why this is done.
    """
    return Call(
        name="offboard_customer",
        api="commands",
        method="POST",
        path=path_of("/v1/customers/{customer_id}/offboard", {"customer_id": customer_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Why(reason=reason)),
        read=read_as(models.Receipt),
    )


def open_account(
    *,
    account_id: str,
    currency: str,
    account_type: Literal["asset", "equity", "expense", "income", "liability"],
    overdraft: Literal["forbidden", "limited", "unlimited"] = "forbidden",
    credit_limit_minor: int = 0,
    max_balance_minor: int | None = None,
    customer_id: str | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Open an account.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `currency`: ISO 4217 code, or the code of a declared asset.
    - `customer_id`: A customer, named by the position of its application.
    """
    return Call(
        name="open_account",
        api="commands",
        method="POST",
        path="/v1/accounts",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.OpenAccount(
                account_id=account_id,
                currency=currency,
                account_type=account_type,
                overdraft=overdraft,
                credit_limit_minor=credit_limit_minor,
                max_balance_minor=max_balance_minor,
                customer_id=customer_id,
                metadata=metadata,
            )
        ),
        read=read_as(models.Receipt),
    )


def open_break(
    *,
    account_id: str,
    kind: Literal[
        "duplicate_line", "merge", "missing_in_book", "missing_in_statement", "split", "unknown", "wrong_amount"
    ],
    line_ids: Sequence[str] = (),
    entries: Sequence[models.GivenEntry] = (),
    like_line_id: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Name lines or entries without a match.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `like_line_id`: A line by its statement and its number there.
    """
    return Call(
        name="open_break",
        api="commands",
        method="POST",
        path="/v1/breaks",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.OpenBreak(
                account_id=account_id, kind=kind, line_ids=line_ids, entries=entries, like_line_id=like_line_id
            )
        ),
        read=read_as(models.Receipt),
    )


def park_payment(payment_id: str, *, reason: str, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Say that a payment waits for an operator.

    - `reason`: Why this is done.
    """
    return Call(
        name="park_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/park", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Why(reason=reason)),
        read=read_as(models.Receipt),
    )


def pause_projection(name: str, *, wait_ms: int | None = None) -> Call[models.OperationView]:
    """Stop keeping a version up; answers from it say how old they are.

    Its `state` says when it has not ended within `wait_ms`: see `/v1/projections/operations`. Needs the scope
    `projections:operate`.

    - `name`: As `wallets` or `wallets.v3`.
    - `wait_ms`: How long to wait for what comes of it. (without: 8000)
    """
    return Call(
        name="pause_projection",
        api="queries",
        method="POST",
        path=path_of("/v1/projections/{name}/pause", {"name": name}),
        query=query_of({"wait_ms": wait_ms}),
        is_repeatable=False,
        read=read_as(models.OperationView),
    )


def place_hold(
    *,
    legs: Sequence[models.HoldLeg],
    expires_at: dt.datetime,
    reference: str | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Reserve money on one or more legs, all or none.

    - `expires_at`: Instant with a time zone (RFC 3339).
    - `reference`: The client's own reference.
    """
    return Call(
        name="place_hold",
        api="commands",
        method="POST",
        path="/v1/holds",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.PlaceHold(legs=legs, expires_at=expires_at, reference=reference, metadata=metadata)),
        read=read_as(models.Receipt),
    )


def post_transfer(
    *,
    postings: Sequence[models.Posting],
    effective_date: dt.date | None = None,
    reference: str | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Book one journal entry of 2 to 100 postings.

    - `reference`: The client's own reference.
    """
    return Call(
        name="post_transfer",
        api="commands",
        method="POST",
        path="/v1/transfers",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.PostTransfer(
                postings=postings, effective_date=effective_date, reference=reference, metadata=metadata
            )
        ),
        read=read_as(models.Receipt),
    )


def promote_projection(name: str, *, wait_ms: int | None = None) -> Call[models.OperationView]:
    """Let the candidate serve; what served until now is kept up for a roll-back.

    Its `state` says when it has not ended within `wait_ms`: see `/v1/projections/operations`. Needs the scope
    `projections:operate`.

    - `name`: As `wallets` or `wallets.v3`.
    - `wait_ms`: How long to wait for what comes of it. (without: 8000)
    """
    return Call(
        name="promote_projection",
        api="queries",
        method="POST",
        path=path_of("/v1/projections/{name}/promote", {"name": name}),
        query=query_of({"wait_ms": wait_ms}),
        is_repeatable=False,
        read=read_as(models.OperationView),
    )


def propose_write_off(
    break_id: str, *, write_off_account_id: str, reason: str, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Propose to book a break's difference; somebody else has to approve it.

    - `write_off_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `reason`: Why this is done.
    """
    return Call(
        name="propose_write_off",
        api="commands",
        method="POST",
        path=path_of("/v1/breaks/{break_id}/propose-write-off", {"break_id": break_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.WriteOff(write_off_account_id=write_off_account_id, reason=reason)),
        read=read_as(models.Receipt),
    )


def publish_rate(
    *,
    base_currency: str,
    counter_currency: str,
    rate: str,
    spread_basis_points: int,
    valid_seconds: int,
    quote_seconds: int = 30,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Publish what a pair of currencies costs from now on; the newest rate counts.

    - `base_currency`: ISO 4217 code, or the code of a declared asset.
    - `counter_currency`: ISO 4217 code, or the code of a declared asset.
    - `rate`: How much of the counter currency one unit of the base currency costs, as decimal text.
    """
    return Call(
        name="publish_rate",
        api="commands",
        method="POST",
        path="/v1/rates",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.PublishRate(
                base_currency=base_currency,
                counter_currency=counter_currency,
                rate=rate,
                spread_basis_points=spread_basis_points,
                valid_seconds=valid_seconds,
                quote_seconds=quote_seconds,
            )
        ),
        read=read_as(models.Receipt),
    )


def read_account(
    account_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.AccountView]:
    """Read an account with its terms and its balance.

    Needs the scope `accounts:read`.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_account",
        api="queries",
        method="GET",
        path=path_of("/v1/accounts/{account_id}", {"account_id": account_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.AccountView),
    )


def read_audits() -> Call[models.AuditsView]:
    """Read how far stream, Redis and lake are proved equal to the book, and every value that is not.

    At most 500 differences are given, newest first; `last_run.differences` counts all. Needs the scope
    `projections:read`.
    """
    return Call(
        name="read_audits",
        api="queries",
        method="GET",
        path="/v1/audits",
        is_repeatable=True,
        read=read_as(models.AuditsView),
    )


def read_authentication(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingViewAuthenticationData]:
    """Read one rule of authentication with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_authentication",
        api="queries",
        method="GET",
        path=path_of("/v1/authentication/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingViewAuthenticationData),
    )


def read_balance(
    account_id: str,
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    at_date: dt.date | None = None,
    at_position: int | None = None,
) -> Call[models.BalanceView]:
    """Read a balance: now, at the end of a past day, or after a past event.

    Now comes from the read model, or from PostgreSQL while Redis is down: `as_of.source` says which. Needs the
    scope `accounts:read`.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `at_date`: Count what had taken effect by the end of this day.
    - `at_position`: Count everything up to this position of the book.
    """
    return Call(
        name="read_balance",
        api="queries",
        method="GET",
        path=path_of("/v1/accounts/{account_id}/balance", {"account_id": account_id}),
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "at_date": at_date,
                "at_position": at_position,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.BalanceView),
    )


def read_bank_statements(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingView]:
    """Read one bank statement with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_bank_statements",
        api="queries",
        method="GET",
        path=path_of("/v1/bank-statements/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingView),
    )


def read_breaks(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingView]:
    """Read one break with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_breaks",
        api="queries",
        method="GET",
        path=path_of("/v1/breaks/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingView),
    )


def read_cases(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingViewCaseData]:
    """Read one case with its newest events.

    Needs the scope `customers:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_cases",
        api="queries",
        method="GET",
        path=path_of("/v1/cases/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingViewCaseData),
    )


def read_catalog() -> Call[models.CatalogView]:
    """List the views with their columns and example questions, and the functions.

    Needs the scope `sql:run`.
    """
    return Call(
        name="read_catalog",
        api="queries",
        method="GET",
        path="/v1/catalog",
        is_repeatable=True,
        read=read_as(models.CatalogView),
    )


def read_clearing_settlements(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingView]:
    """Read one clearing settlement with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_clearing_settlements",
        api="queries",
        method="GET",
        path=path_of("/v1/clearing-settlements/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingView),
    )


def read_comparison(name: str) -> Call[models.ComparisonView]:
    """Read the newest comparison of a model's versions, made by `POST` to the same path.

    Needs the scope `projections:read`.

    - `name`: As `wallets` or `wallets.v3`.
    """
    return Call(
        name="read_comparison",
        api="queries",
        method="GET",
        path=path_of("/v1/projections/{name}/compare", {"name": name}),
        is_repeatable=True,
        read=read_as(models.ComparisonView),
    )


def read_customers(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingViewCustomerData]:
    """Read one customer with its newest events.

    Needs the scope `customers:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_customers",
        api="queries",
        method="GET",
        path=path_of("/v1/customers/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingViewCustomerData),
    )


def read_event(
    position: int, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.EventView]:
    """Read the event at a position, byte for byte, and its hash.

    Needs the scope `accounts:read`.

    - `position`: A position of the book.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_event",
        api="queries",
        method="GET",
        path=path_of("/v1/events/{position}", {"position": position}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.EventView),
    )


def read_export(export_id: str) -> Call[models.ExportView]:
    """Read how far an export is, and its link once it is done.

    Needs the scope `reports:read`.

    - `export_id`: The id of an export.
    """
    return Call(
        name="read_export",
        api="queries",
        method="GET",
        path=path_of("/v1/exports/{export_id}", {"export_id": export_id}),
        is_repeatable=True,
        read=read_as(models.ExportView),
    )


def read_export_file(export_id: str, *, expires: int, signature: str) -> Call[Content]:
    """Fetch the file of an export by its link; the signature stands for the token.

    Needs no token.

    `rendered` gives it as text/csv, application/vnd.apache.parquet, application/vnd.apache.arrow.stream,
    application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.

    - `export_id`: The id of an export.
    - `expires`: Until when the link is good, Unix time in seconds.
    - `signature`: What makes it ours.
    """
    return Call(
        name="read_export_file",
        api="queries",
        method="GET",
        path=path_of("/v1/exports/{export_id}/file", {"export_id": export_id}),
        query=query_of({"expires": expires, "signature": signature}),
        is_repeatable=True,
        read=read_content,
        accept="application/json, text/csv, application/vnd.apache.parquet, application/vnd.apache.arrow.stream, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


def read_fees(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingView]:
    """Read one fee schedule with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_fees",
        api="queries",
        method="GET",
        path=path_of("/v1/fees/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingView),
    )


def read_fx_positions(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingView]:
    """Read one position in a currency with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_fx_positions",
        api="queries",
        method="GET",
        path=path_of("/v1/fx-positions/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingView),
    )


def read_hold(
    hold_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.HoldView]:
    """Read a hold, open or ended, with the events of its life.

    Needs the scope `accounts:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_hold",
        api="queries",
        method="GET",
        path=path_of("/v1/holds/{hold_id}", {"hold_id": hold_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.HoldView),
    )


def read_limits(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingViewLimitsData]:
    """Read one set of limits with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_limits",
        api="queries",
        method="GET",
        path=path_of("/v1/limits/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingViewLimitsData),
    )


def read_matches(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingView]:
    """Read one match with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_matches",
        api="queries",
        method="GET",
        path=path_of("/v1/matches/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingView),
    )


def read_merchants(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingView]:
    """Read one merchant with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_merchants",
        api="queries",
        method="GET",
        path=path_of("/v1/merchants/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingView),
    )


def read_overview(
    *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.Overview]:
    """Read the ledger at one glance: balances, volume, payments, lags, alerts.

    The parts come from several read models, each exact at its own position: `positions` says which. Needs the
    scope `overview:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_overview",
        api="queries",
        method="GET",
        path="/v1/overview",
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.Overview),
    )


def read_payment(
    payment_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.PaymentView]:
    """Read a payment with its status, reason and events.

    Needs the scope `payments:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_payment",
        api="queries",
        method="GET",
        path=path_of("/v1/payments/{payment_id}", {"payment_id": payment_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.PaymentView),
    )


def read_payment_explanation(
    payment_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.PaymentExplanation]:
    """Read why a payment was declined, held or challenged: reasons in words, risk score, entries of lists, limits.

    Needs the scope `payments:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_payment_explanation",
        api="queries",
        method="GET",
        path=path_of("/v1/payments/{payment_id}/explanation", {"payment_id": payment_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.PaymentExplanation),
    )


def read_payment_files(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingView]:
    """Read one payment file with its newest events.

    Needs the scope `payments:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_payment_files",
        api="queries",
        method="GET",
        path=path_of("/v1/payment-files/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingView),
    )


def read_payment_timeline(
    payment_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.PaymentTimeline]:
    """Read all that happened to a payment, in its events' own words: who acted, what was decided, what came back.

    Needs the scope `payments:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_payment_timeline",
        api="queries",
        method="GET",
        path=path_of("/v1/payments/{payment_id}/timeline", {"payment_id": payment_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.PaymentTimeline),
    )


def read_quotes(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingViewQuoteData]:
    """Read one quote with its newest events.

    Needs the scope `payments:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_quotes",
        api="queries",
        method="GET",
        path=path_of("/v1/quotes/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingViewQuoteData),
    )


def read_rails(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingViewRailData]:
    """Read one rail in a currency with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_rails",
        api="queries",
        method="GET",
        path=path_of("/v1/rails/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingViewRailData),
    )


def read_rates(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingView]:
    """Read one exchange rate with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_rates",
        api="queries",
        method="GET",
        path=path_of("/v1/rates/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingView),
    )


def read_report(
    report: str,
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    format: Literal["arrow", "csv", "json", "parquet", "xlsx"] | None = None,
    currency: str | None = None,
    account_id: str | None = None,
    account_group: str | None = None,
    account_type: Literal["asset", "equity", "expense", "income", "liability"] | None = None,
    cash: str | None = None,
    depth: int | None = None,
    customer_id: str | None = None,
    payment_type: Literal["book_transfer", "card_top_up", "credit_transfer", "payment_request", "payout"] | None = None,
    rail: Literal["book", "card_psp", "file", "sct_inst"] | None = None,
    event_type: str | None = None,
    last_event: str | None = None,
    age: str | None = None,
    pending: int | None = None,
    settled_on: dt.date | None = None,
    stage: str | None = None,
    reason_code: str | None = None,
    from_: dt.date | None = None,
    to: dt.date | None = None,
    compare_to: str | None = None,
    days: int | None = None,
    top: int | None = None,
    as_of: dt.date | None = None,
    as_of_date: dt.date | None = None,
    as_of_position: int | None = None,
) -> Call[models.ReportView]:
    """Run a report as of now, a past date or a past position; `format` or `Accept` chooses how it is written.

    The headers `as-of-position` and `as-of-recorded-at` date the answer in every format. With `as_of_position`
    the answer is the same bytes whenever it is asked for. Needs the scope `reports:read`.

    `rendered` gives it as text/csv, application/vnd.apache.parquet, application/vnd.apache.arrow.stream,
    application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.

    - `report`: A name from the catalogue.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `format`: Format of the answer.
    - `currency`: ISO 4217 code, or the code of a declared asset.
    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `account_group`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `cash`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `depth`: Take accounts together by so many first parts.
    - `customer_id`: A customer, named by the position of its application.
    - `event_type`: What booked an entry.
    - `last_event`: What happened to a payment last.
    - `age`: A class of an ageing report.
    - `pending`: 1: what has not ended; 0: what has.
    - `settled_on`: Day of settlement (UTC).
    - `stage`: A stage of the payment funnel.
    - `reason_code`: ISO 20022 reason.
    - `from_`: First effective date.
    - `to`: Last effective date.
    - `compare_to`: A second period (or date, for reports as of one): 2026, 2026-Q1, 2026-03, 2026-03-31,
      2026-01-01..2026-02-15, `previous` or `year-before`.
    - `days`: How many days.
    - `top`: How many.
    - `as_of`: The same as `as_of_date`.
    - `as_of_date`: Only what had taken effect by the end of this day.
    - `as_of_position`: Only events up to this position.
    """
    return Call(
        name="read_report",
        api="queries",
        method="GET",
        path=path_of("/v1/reports/{report}", {"report": report}),
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "format": format,
                "currency": currency,
                "account_id": account_id,
                "account_group": account_group,
                "account_type": account_type,
                "cash": cash,
                "depth": depth,
                "customer_id": customer_id,
                "payment_type": payment_type,
                "rail": rail,
                "event_type": event_type,
                "last_event": last_event,
                "age": age,
                "pending": pending,
                "settled_on": settled_on,
                "stage": stage,
                "reason_code": reason_code,
                "from": from_,
                "to": to,
                "compare_to": compare_to,
                "days": days,
                "top": top,
                "as_of": as_of,
                "as_of_date": as_of_date,
                "as_of_position": as_of_position,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ReportView),
    )


def read_saved_query(name: str) -> Call[models.SavedQueryView]:
    """Read one of the tenant's saved queries.

    Needs the scope `sql:run`.

    - `name`: A name of your choice.
    """
    return Call(
        name="read_saved_query",
        api="queries",
        method="GET",
        path=path_of("/v1/saved-queries/{name}", {"name": name}),
        is_repeatable=True,
        read=read_as(models.SavedQueryView),
    )


def read_settlements(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingView]:
    """Read one settlement with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_settlements",
        api="queries",
        method="GET",
        path=path_of("/v1/settlements/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingView),
    )


def read_standing_orders(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingView]:
    """Read one standing order with its newest events.

    Needs the scope `payments:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_standing_orders",
        api="queries",
        method="GET",
        path=path_of("/v1/standing-orders/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingView),
    )


def read_statement(
    account_id: str,
    *,
    min_position: int | None = None,
    wait_ms: int | None = None,
    stale_ok: bool | None = None,
    from_: dt.date | None = None,
    to: dt.date | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> PagedCall[models.StatementView, models.StatementEntry]:
    """Read an account's entries: the newest first, or those of a period with its opening and closing balance.

    Needs the scope `accounts:read`.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    - `from_`: First effective date.
    - `to`: Last effective date.
    - `limit`: Most items on a page; a page may have fewer. (without: 50)
    - `cursor`: `next_cursor` of the page before.
    """
    return PagedCall(
        name="read_statement",
        api="queries",
        method="GET",
        path=path_of("/v1/accounts/{account_id}/statement", {"account_id": account_id}),
        query=query_of(
            {
                "min_position": min_position,
                "wait_ms": wait_ms,
                "stale_ok": stale_ok,
                "from": from_,
                "to": to,
                "limit": limit,
                "cursor": cursor,
            }
        ),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.StatementView),
        items_of=lambda page: page.entries,
        cursor_of=lambda page: page.next_cursor,
    )


def read_status() -> Call[models.StatusView]:
    """Read the positions of the book, its stream and its read models, and what does not answer.

    Needs the scope `status:read`.
    """
    return Call(
        name="read_status",
        api="queries",
        method="GET",
        path="/v1/status",
        is_repeatable=True,
        read=read_as(models.StatusView),
    )


def read_totals(
    *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.TotalsView]:
    """Read the ledger in figures.

    Needs the scope `reports:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_totals",
        api="queries",
        method="GET",
        path="/v1/totals",
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.TotalsView),
    )


def read_transfer(
    transfer_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.TransferView]:
    """Read a transfer: the event that booked it, byte for byte, and its hash.

    Needs the scope `accounts:read`.

    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_transfer",
        api="queries",
        method="GET",
        path=path_of("/v1/transfers/{transfer_id}", {"transfer_id": transfer_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.TransferView),
    )


def read_webhook_endpoints(
    thing_id: str, *, min_position: int | None = None, wait_ms: int | None = None, stale_ok: bool | None = None
) -> Call[models.ThingViewWebhookEndpointData]:
    """Read one webhook endpoint with its newest events.

    Needs the scope `operations:read`.

    - `thing_id`: The id of a thing, as its list shows it.
    - `min_position`: Answer only from this position of the book on; waits up to `wait_ms`.
    - `wait_ms`: How long to wait for `min_position`. (without: 2000)
    - `stale_ok`: When `min_position` is not reached in time, answer with what there is instead of 503. (without:
      false)
    """
    return Call(
        name="read_webhook_endpoints",
        api="queries",
        method="GET",
        path=path_of("/v1/webhook-endpoints/{thing_id}", {"thing_id": thing_id}),
        query=query_of({"min_position": min_position, "wait_ms": wait_ms, "stale_ok": stale_ok}),
        is_repeatable=True,
        has_min_position=True,
        read=read_as(models.ThingViewWebhookEndpointData),
    )


def rebuild_projection(name: str, *, wait_ms: int | None = None) -> Call[models.OperationView]:
    """Build a new version from the book, beside the one that serves.

    Its `state` says when it has not ended within `wait_ms`: see `/v1/projections/operations`. Needs the scope
    `projections:operate`.

    - `name`: As `wallets` or `wallets.v3`.
    - `wait_ms`: How long to wait for what comes of it. (without: 8000)
    """
    return Call(
        name="rebuild_projection",
        api="queries",
        method="POST",
        path=path_of("/v1/projections/{name}/rebuild", {"name": name}),
        query=query_of({"wait_ms": wait_ms}),
        is_repeatable=False,
        read=read_as(models.OperationView),
    )


def recall_payment(
    payment_id: str,
    *,
    reason: str,
    reason_code: Literal["AC03", "AM09", "CUST", "DUPL", "FRAD", "TECH"] = "CUST",
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Ask the creditor's bank to give a settled instant payment back.

    It may refuse. If it agrees, the money comes as a return.

    - `reason`: Why this is done.
    """
    return Call(
        name="recall_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/recall", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Recall(reason=reason, reason_code=reason_code)),
        read=read_as(models.Receipt),
    )


def record_matches(
    *, account_id: str, matches: Sequence[models.ProposedMatch], idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Record that lines and entries are the same money, all of them or none.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    """
    return Call(
        name="record_matches",
        api="commands",
        method="POST",
        path="/v1/matches",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.RecordMatches(account_id=account_id, matches=matches)),
        read=read_as(models.Receipt),
    )


def record_rail_outcome(
    payment_id: str,
    *,
    instruction_id: str,
    outcome: Literal["accepted", "not_found", "rejected", "unknown"],
    reason_code: str | None = None,
    rail_reference: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Record what a rail says became of an instruction.

    - `reason_code`: ISO 20022 status reason.
    - `rail_reference`: A rail's own reference.
    """
    return Call(
        name="record_rail_outcome",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/outcome", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.RailOutcome(
                instruction_id=instruction_id, outcome=outcome, reason_code=reason_code, rail_reference=rail_reference
            )
        ),
        read=read_as(models.Receipt),
    )


def record_recall_answer(
    payment_id: str,
    *,
    recall_id: str,
    answer: Literal["accepted", "refused"],
    reason_code: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Record what the creditor's bank says to a recall.

    - `reason_code`: ISO 20022 status reason.
    """
    return Call(
        name="record_recall_answer",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/recall-answer", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.RecallAnswer(recall_id=recall_id, answer=answer, reason_code=reason_code)),
        read=read_as(models.Receipt),
    )


def record_refund_outcome(
    payment_id: str,
    *,
    instruction_id: str,
    outcome: Literal["accepted", "rejected"],
    reason_code: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Record what a rail says became of a refund.

    - `instruction_id`: A refund, as its rail is asked for it: the payment and the refund.
    - `reason_code`: ISO 20022 status reason.
    """
    return Call(
        name="record_refund_outcome",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/refund-outcome", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.RefundOutcome(instruction_id=instruction_id, outcome=outcome, reason_code=reason_code)),
        read=read_as(models.Receipt),
    )


def refund_payment(
    payment_id: str, *, amount_minor: int | None = None, reason: str | None = None, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Give back a settled payment, in whole or part.

    A book payment is given back at once. The refund of a card top-up is asked of the processor, with the amount
    held on the account until it answers.

    - `amount_minor`: Amount in minor units, e.g. cents.
    - `reason`: Why this is done.
    """
    return Call(
        name="refund_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/refund", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Refund(amount_minor=amount_minor, reason=reason)),
        read=read_as(models.Receipt),
    )


def reject_write_off(break_id: str, *, reason: str, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Turn a proposed write-off down.

    - `reason`: Why this is done.
    """
    return Call(
        name="reject_write_off",
        api="commands",
        method="POST",
        path=path_of("/v1/breaks/{break_id}/reject-write-off", {"break_id": break_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Why(reason=reason)),
        read=read_as(models.Receipt),
    )


def release_hold(
    hold_id: str, *, reason: str | None = None, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Give back what is left of a hold.

    - `reason`: Why this is done.
    """
    return Call(
        name="release_hold",
        api="commands",
        method="POST",
        path=path_of("/v1/holds/{hold_id}/release", {"hold_id": hold_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Because(reason=reason)),
        read=read_as(models.Receipt),
    )


def reopen_review(customer_id: str, *, reason: str, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Review an expired or restricted customer again.

    - `customer_id`: A customer, named by the position of its application.
    - `reason`: Why this is done.
    """
    return Call(
        name="reopen_review",
        api="commands",
        method="POST",
        path=path_of("/v1/customers/{customer_id}/reopen", {"customer_id": customer_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Why(reason=reason)),
        read=read_as(models.Receipt),
    )


def replay_webhook_deliveries(
    endpoint_id: str, *, from_position: int, to_position: int, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Deliver again what an endpoint hears of a range of the book's past, under the old ids."""
    return Call(
        name="replay_webhook_deliveries",
        api="commands",
        method="POST",
        path=path_of("/v1/webhook-endpoints/{endpoint_id}/replay", {"endpoint_id": endpoint_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Replay(from_position=from_position, to_position=to_position)),
        read=read_as(models.Receipt),
    )


def request_documents(
    customer_id: str,
    *,
    documents: Sequence[
        Literal[
            "articles_of_association",
            "beneficial_owners",
            "identity_card",
            "passport",
            "proof_of_address",
            "register_extract",
            "residence_permit",
            "source_of_funds",
        ]
    ],
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Ask a customer for documents.

    - `customer_id`: A customer, named by the position of its application.
    """
    return Call(
        name="request_documents",
        api="commands",
        method="POST",
        path=path_of("/v1/customers/{customer_id}/documents", {"customer_id": customer_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.WantedDocuments(documents=documents)),
        read=read_as(models.Receipt),
    )


def request_quote(
    *,
    sell_currency: str,
    buy_currency: str,
    sell_minor: int | None = None,
    buy_minor: int | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Ask for a price to sell an amount of one currency for another, or to buy one.

    Name the quote in `quote_id` of one book transfer of exactly `sell_minor`, as the same principal, before it
    expires.

    - `sell_currency`: ISO 4217 code, or the code of a declared asset.
    - `buy_currency`: ISO 4217 code, or the code of a declared asset.
    - `sell_minor`: Amount in minor units, e.g. cents.
    - `buy_minor`: Amount in minor units, e.g. cents.
    """
    return Call(
        name="request_quote",
        api="commands",
        method="POST",
        path="/v1/quotes",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.RequestQuote(
                sell_currency=sell_currency, buy_currency=buy_currency, sell_minor=sell_minor, buy_minor=buy_minor
            )
        ),
        read=read_as(models.Receipt),
    )


def rescreen_customer(customer_id: str, *, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Screen a customer against the lists as they are now; what comes up for the first time opens a case.

    - `customer_id`: A customer, named by the position of its application.
    """
    return Call(
        name="rescreen_customer",
        api="commands",
        method="POST",
        path=path_of("/v1/customers/{customer_id}/rescreen", {"customer_id": customer_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Nothing()),
        read=read_as(models.Receipt),
    )


def resolve_payment(
    payment_id: str,
    *,
    action: Literal["fail", "force_settle", "retry"],
    reason: str,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Ask the rail again, or end a stuck payment as the rail said elsewhere; ending it needs two people.

    - `reason`: Why this is done.
    """
    return Call(
        name="resolve_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/resolve", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Resolution(action=action, reason=reason)),
        read=read_as(models.Receipt),
    )


def restrict_customer(customer_id: str, *, reason: str, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Let a customer pay nothing until a new review has verified them.

    - `customer_id`: A customer, named by the position of its application.
    - `reason`: Why this is done.
    """
    return Call(
        name="restrict_customer",
        api="commands",
        method="POST",
        path=path_of("/v1/customers/{customer_id}/restrict", {"customer_id": customer_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Why(reason=reason)),
        read=read_as(models.Receipt),
    )


def resume_projection(name: str, *, wait_ms: int | None = None) -> Call[models.OperationView]:
    """Go on keeping a version up, from where it stopped.

    Its `state` says when it has not ended within `wait_ms`: see `/v1/projections/operations`. Needs the scope
    `projections:operate`.

    - `name`: As `wallets` or `wallets.v3`.
    - `wait_ms`: How long to wait for what comes of it. (without: 8000)
    """
    return Call(
        name="resume_projection",
        api="queries",
        method="POST",
        path=path_of("/v1/projections/{name}/resume", {"name": name}),
        query=query_of({"wait_ms": wait_ms}),
        is_repeatable=False,
        read=read_as(models.OperationView),
    )


def resume_standing_order(standing_order_id: str, *, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Pay again, from the next occurrence on."""
    return Call(
        name="resume_standing_order",
        api="commands",
        method="POST",
        path=path_of("/v1/standing-orders/{standing_order_id}/resume", {"standing_order_id": standing_order_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Nothing()),
        read=read_as(models.Receipt),
    )


def retry_payout(settlement_id: str, *, reason: str, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Pay again what came back of a settlement, once a second person agrees.

    - `reason`: Why this is done.
    """
    return Call(
        name="retry_payout",
        api="commands",
        method="POST",
        path=path_of("/v1/settlements/{settlement_id}/retry", {"settlement_id": settlement_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Why(reason=reason)),
        read=read_as(models.Receipt),
    )


def return_payment(
    payment_id: str, *, return_id: str, amount_minor: int, reason_code: str, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Book what a rail gives or takes back.

    - `return_id`: A rail's own reference.
    - `amount_minor`: Amount in minor units, e.g. cents.
    - `reason_code`: ISO 20022 status reason.
    """
    return Call(
        name="return_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/return", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.RailReturn(return_id=return_id, amount_minor=amount_minor, reason_code=reason_code)),
        read=read_as(models.Receipt),
    )


def revalue_positions(*, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Book the unrealised result of every position at its current rate."""
    return Call(
        name="revalue_positions",
        api="commands",
        method="POST",
        path="/v1/fx/revalue",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Nothing()),
        read=read_as(models.Receipt),
    )


def reverse_transfer(
    transfer_id: str,
    *,
    postings: Sequence[models.Posting] | None = None,
    effective_date: dt.date | None = None,
    reference: str | None = None,
    reason: str | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Undo what is left of a transfer, or a part of it.

    - `reference`: The client's own reference.
    - `reason`: Why this is done.
    """
    return Call(
        name="reverse_transfer",
        api="commands",
        method="POST",
        path=path_of("/v1/transfers/{transfer_id}/reverse", {"transfer_id": transfer_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.Reversal(
                postings=postings, effective_date=effective_date, reference=reference, reason=reason, metadata=metadata
            )
        ),
        read=read_as(models.Receipt),
    )


def review_case(
    case_id: str, *, decision: Literal["clear", "confirm"], reason: str, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Clear or confirm a case. The first person proposes; a second one who agrees decides.

    - `reason`: Why this is done.
    """
    return Call(
        name="review_case",
        api="commands",
        method="POST",
        path=path_of("/v1/cases/{case_id}/review", {"case_id": case_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.CaseVerdict(decision=decision, reason=reason)),
        read=read_as(models.Receipt),
    )


def review_customer(
    customer_id: str, *, decision: Literal["reject", "verify"], reason: str, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Verify or reject a customer. The first person proposes; a second one who agrees decides.

    - `customer_id`: A customer, named by the position of its application.
    - `reason`: Why this is done.
    """
    return Call(
        name="review_customer",
        api="commands",
        method="POST",
        path=path_of("/v1/customers/{customer_id}/review", {"customer_id": customer_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Verification(decision=decision, reason=reason)),
        read=read_as(models.Receipt),
    )


def review_payment(
    payment_id: str, *, decision: Literal["reject", "release"], reason: str, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Decide on a payment held for review. Never one's own; a listed name needs a second person who agrees.

    - `reason`: Why this is done.
    """
    return Call(
        name="review_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/review", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Review(decision=decision, reason=reason)),
        read=read_as(models.Receipt),
    )


def roll_back_projection(name: str, *, wait_ms: int | None = None) -> Call[models.OperationView]:
    """Let the version serve again that did so before the promotion.

    Its `state` says when it has not ended within `wait_ms`: see `/v1/projections/operations`. Needs the scope
    `projections:operate`.

    - `name`: As `wallets` or `wallets.v3`.
    - `wait_ms`: How long to wait for what comes of it. (without: 8000)
    """
    return Call(
        name="roll_back_projection",
        api="queries",
        method="POST",
        path=path_of("/v1/projections/{name}/roll-back", {"name": name}),
        query=query_of({"wait_ms": wait_ms}),
        is_repeatable=False,
        read=read_as(models.OperationView),
    )


def rotate_webhook_secret(
    endpoint_id: str, *, overlap_hours: int = 24, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Give an endpoint a new secret, shown this once; for a while the old one signs too."""
    return Call(
        name="rotate_webhook_secret",
        api="commands",
        method="POST",
        path=path_of("/v1/webhook-endpoints/{endpoint_id}/rotate-secret", {"endpoint_id": endpoint_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.SecretRotation(overlap_hours=overlap_hours)),
        read=read_as(models.Receipt),
    )


def save_query(name: str, *, sql: str, description: str = "") -> Call[models.SavedQueryView]:
    """Keep a question under a name, in place of what was there.

    It is looked at when it is asked, not when it is saved. Needs the scope `sql:run`.

    - `name`: A name of your choice.
    - `sql`: One SELECT over the catalog's views, in DuckDB's SQL.
    """
    return Call(
        name="save_query",
        api="queries",
        method="PUT",
        path=path_of("/v1/saved-queries/{name}", {"name": name}),
        is_repeatable=True,
        body=body_of(models.SavedQuestion(sql=sql, description=description)),
        read=read_as(models.SavedQueryView),
    )


def send_batch(
    *, commands: Sequence[models.BatchItem], receipts: bool | None = None, atomic: bool = False
) -> Call[models.BatchAnswer]:
    """Send up to 8,192 commands.

    One malformed command refuses the request; a refused one only itself, unless atomic.

    - `receipts`: Whether each result carries its event.
    """
    return Call(
        name="send_batch",
        api="commands",
        method="POST",
        path="/v1/batches",
        query=query_of({"receipts": receipts}),
        is_repeatable=True,
        body=body_of(models.Batch(commands=commands, atomic=atomic)),
        read=read_as(models.BatchAnswer),
    )


def send_payment_file(file: bytes | str, *, idempotency_key: str | None = None) -> Call[Content]:
    """Make the payments of a pain.001 (.03, .09, .11) and answer with the status of each.

    The file is refused as a whole if it is not sound; a transaction that is no payment is rejected in the answer.
    Sent again under the same key, the same file gets the same statuses; another file is refused.
    """
    return Call(
        name="send_payment_file",
        api="commands",
        method="POST",
        path="/v1/payment-files",
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=file_of(file),
        media_type="application/xml",
        read=read_content,
        accept="application/xml",
    )


def set_risk_class(
    customer_id: str, *, risk_class: Literal["high", "low", "medium"], reason: str, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Change a risk class. The first person proposes; a second one who agrees decides.

    - `customer_id`: A customer, named by the position of its application.
    - `reason`: Why this is done.
    """
    return Call(
        name="set_risk_class",
        api="commands",
        method="POST",
        path=path_of("/v1/customers/{customer_id}/risk-class", {"customer_id": customer_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Classification(risk_class=risk_class, reason=reason)),
        read=read_as(models.Receipt),
    )


def settle_clearing(
    rail: Literal["card_psp", "file", "sct_inst"],
    *,
    currency: str,
    reference: str,
    settled_on: dt.date,
    amount_minor: int,
    nostro_account_id: str,
    fee_minor: int = 0,
    fee_account_id: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Book what a rail has settled with us, each reference once: its clearing account goes towards zero.

    - `currency`: ISO 4217 code, or the code of a declared asset.
    - `reference`: A rail's own reference.
    - `amount_minor`: Minor units, above zero for what we are paid, below for what we pay.
    - `nostro_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `fee_account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    """
    return Call(
        name="settle_clearing",
        api="commands",
        method="POST",
        path=path_of("/v1/rails/{rail}/settlements", {"rail": rail}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(
            models.RailSettlement(
                currency=currency,
                reference=reference,
                settled_on=settled_on,
                amount_minor=amount_minor,
                fee_minor=fee_minor,
                nostro_account_id=nostro_account_id,
                fee_account_id=fee_account_id,
            )
        ),
        read=read_as(models.Receipt),
    )


def start_payment(payment_id: str, *, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Begin a scheduled payment whose date has come."""
    return Call(
        name="start_payment",
        api="commands",
        method="POST",
        path=path_of("/v1/payments/{payment_id}/start", {"payment_id": payment_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Nothing()),
        read=read_as(models.Receipt),
    )


def suspend_standing_order(
    standing_order_id: str, *, reason: str | None = None, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Pay nothing until it is resumed; what falls due meanwhile is not made up for.

    - `reason`: Why this is done.
    """
    return Call(
        name="suspend_standing_order",
        api="commands",
        method="POST",
        path=path_of("/v1/standing-orders/{standing_order_id}/suspend", {"standing_order_id": standing_order_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Because(reason=reason)),
        read=read_as(models.Receipt),
    )


def unfreeze_account(
    account_id: str, *, reason: str | None = None, idempotency_key: str | None = None
) -> Call[models.Receipt]:
    """Let a frozen account move again.

    - `account_id`: Hierarchical account id: 1 to 8 segments joined by colons.
    - `reason`: Why this is done.
    """
    return Call(
        name="unfreeze_account",
        api="commands",
        method="POST",
        path=path_of("/v1/accounts/{account_id}/unfreeze", {"account_id": account_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Because(reason=reason)),
        read=read_as(models.Receipt),
    )


def unmatch_line(line_id: str, *, reason: str, idempotency_key: str | None = None) -> Call[models.Receipt]:
    """Undo the match that a line is in.

    - `line_id`: A line by its statement and its number there.
    - `reason`: Why this is done.
    """
    return Call(
        name="unmatch_line",
        api="commands",
        method="POST",
        path=path_of("/v1/statement-lines/{line_id}/unmatch", {"line_id": line_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.Why(reason=reason)),
        read=read_as(models.Receipt),
    )


def update_webhook_endpoint(
    endpoint_id: str,
    *,
    url: str,
    kinds: Sequence[str],
    description: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Receipt]:
    """Say anew where an endpoint is, what it hears and what it is for.

    - `url`: Where events are POSTed to: https, a domain name, port 443 or 8443.
    - `description`: The client's own reference.
    """
    return Call(
        name="update_webhook_endpoint",
        api="commands",
        method="POST",
        path=path_of("/v1/webhook-endpoints/{endpoint_id}/update", {"endpoint_id": endpoint_id}),
        key=key_of(idempotency_key),
        is_repeatable=True,
        body=body_of(models.EndpointChange(url=url, kinds=kinds, description=description)),
        read=read_as(models.Receipt),
    )
