"""What the door finds out about a command before it is decided, and what of it may be kept.

A payment's party is checked, sealed and screened, and the payment scored, beside the client's own words; the decision
itself is made in the commit, from what is found out here and from the book. Commands that need none of this pass.

    what              from                          without it
    ---------------   ---------------------------   --------------------------------------------------------------
    sealed party      runtime/vault                 payments with personal data are not taken (503)
    screening         command_api/screening         parties are not screened; the event says so by having no result
    risk score        command_api/risk              payments are not scored; Redis down is a policy, never "allow"
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import Struct

from command_api.applicants import Applicants
from command_api.holders import AccountHolders
from command_api.parties import checked_iban, checked_party, hashed, iban_id_of, payee_of, sealed_party
from command_api.risk.lag import HeadWatch
from command_api.risk.scorer import Scorer
from command_api.screening.names import UnscreenableName
from command_api.screening.parties import roles_to_screen
from command_api.screening.screener import Party as ScreenedParty
from command_api.screening.screener import Screener
from contracts.assessment import Assessment
from contracts.commands import (
    ApplyCustomer,
    AssignIban,
    AuthorisePayment,
    AuthoriseStandingOrder,
    Command,
    CreateStandingOrder,
    DefineMerchant,
    InitiatePayment,
    Party,
    RescreenCustomer,
)
from contracts.currencies import SCALE_OF_CURRENCY
from contracts.events.payments import SealedParty
from contracts.events.webhooks import SECRET_FIELD, WEBHOOK_SECRETS
from contracts.iban import mask_iban
from contracts.money import AmountOutOfRange, WrongScale, minor_of
from contracts.payment_codes import RailName
from contracts.risk import RiskAssessment, RiskContext
from contracts.risk_features import risk_subjects
from contracts.screening import PartyRole, ScreeningMode, ScreeningSummary
from ledger.domain.payment_files import SealedIban
from ledger.domain.payments.authorisation import ProvenAuthorisation
from ledger.domain.payments.initiation import AssessedPayment
from ledger.domain.settlement.terms import AssessedMerchant
from ledger.domain.standing_orders.creation import AssessedOrder, ProvenSeries
from ledger.sequencer.queue import Unavailable, Wish, assessed_wish_of, wish_of
from runtime.auth import Principal
from runtime.http.framework import ProblemException
from runtime.http.problems import FieldError, problem_of
from runtime.vault import SubjectErased, Vault, VaultError

ASSESSED: Final = (InitiatePayment, AuthorisePayment, DefineMerchant)
AT_ONCE_MAX: Final = 64  # of one batch; each may wait for Redis
REMITTANCE: Final = "remittance_information"
IBAN: Final = "iban"


class KeyedCommand(NamedTuple):
    """A command under its idempotency key."""

    command: Command
    key: str


class Inspectors(Struct, frozen=True, kw_only=True):
    """Whom the door asks. ``screening_modes``: by rail, see command_api/screening/parties.py."""

    holders: AccountHolders
    applicants: Applicants
    vault: Vault | None = None
    screener: Screener | None = None
    scorer: Scorer | None = None
    head: HeadWatch | None = None  # what the scorer goes by
    screening_modes: dict[RailName, ScreeningMode] = {}


class LineSealer(Protocol):
    """What the import of statements asks of the door's vault."""

    def token_of(self, identity: str) -> str:
        """Give the keyed hash of a counterparty. Raises Unavailable without a vault."""

    async def seal(self, subject: str, fields: Mapping[str, str]) -> dict[str, str]:
        """Seal texts for a data subject; nothing for one that is forgotten. Raises Unavailable."""


class Assessor:
    """Turns commands into wishes."""

    def __init__(self, inspectors: Inspectors) -> None:
        self._ask = inspectors

    async def wishes_for(self, commands: Sequence[KeyedCommand], principal: Principal) -> list[Wish]:
        """Give the wishes for the commands of a batch, in order."""
        if not any(isinstance(keyed.command, ASSESSED) for keyed in commands):
            return [wish_of(keyed.command, key=keyed.key, tenant=principal.tenant) for keyed in commands]
        wishes: list[Wish] = []
        for start in range(0, len(commands), AT_ONCE_MAX):
            part = commands[start : start + AT_ONCE_MAX]
            wishes += await asyncio.gather(
                *(self.wish_for(keyed.command, key=keyed.key, principal=principal) for keyed in part)
            )
        return wishes

    async def wish_for(self, command: Command, *, key: str, principal: Principal) -> Wish:
        """Give the wish for a command.

        Raises ProblemException 422 for a party that cannot be, Unavailable when personal data cannot be sealed now.
        """
        if isinstance(command, ApplyCustomer | RescreenCustomer):
            return await self._wish_about_customer(command, key=key, tenant=principal.tenant)
        found = await self._found_out(command, principal)
        if found is None:
            return wish_of(command, key=key, tenant=principal.tenant)
        assessed, stored = found
        return assessed_wish_of(command, assessed=assessed, stored=stored, key=key, tenant=principal.tenant)

    async def _found_out(self, command: Command, principal: Principal) -> tuple[Any, Command] | None:
        """What is decided in the command's place, and the command as it may be kept; None where there is nothing."""
        match command:
            case InitiatePayment():
                assessed = await self.assess(command, principal)
                return assessed, without_personal_data(command, assessed)
            case CreateStandingOrder():
                assessed = await self.assess(command.payment, principal)
                order = AssessedOrder(
                    command=command,
                    creditor=assessed.creditor,
                    remittance_information=assessed.remittance_information,
                    subject=assessed.subject,
                    assessment=assessed.assessment,
                )
                return order, without_personal_data(command, assessed)
            case AuthorisePayment() | AuthoriseStandingOrder():
                payee_id = self._payee_id(command.payee)
                stored = msgspec.structs.replace(command, payee=payee_id)
                if isinstance(command, AuthorisePayment):
                    return ProvenAuthorisation(command=command, payee_id=payee_id, acr=principal.acr), stored
                return ProvenSeries(command=command, payee_id=payee_id, acr=principal.acr), stored
            case AssignIban():
                assigned = await self._seal_iban(command)
                return assigned, msgspec.structs.replace(command, iban=assigned.iban)
            case DefineMerchant():
                merchant = await self._assess_merchant(command)
                return merchant, msgspec.structs.replace(command, creditor=_sealed(command.creditor, merchant.creditor))
            case _:
                return None

    async def _wish_about_customer(self, command: ApplyCustomer | RescreenCustomer, *, key: str, tenant: str) -> Wish:
        if isinstance(command, RescreenCustomer):
            screened = await self._ask.applicants.rescreen(command)
            return assessed_wish_of(command, assessed=screened, stored=command, key=key, tenant=tenant)
        applied = await self._ask.applicants.assess(command)
        sealed = msgspec.structs.replace(
            command,
            name=applied.name,
            birth_date=applied.birth_date,
            registration_number=applied.registration_number,
            address=None,
            email=applied.email,
        )
        digest = self._ask.applicants.digest(command)
        return assessed_wish_of(command, assessed=applied, stored=sealed, key=key, tenant=tenant, digest=digest)

    async def seal_secret(self, secret: str) -> str:
        """Seal the secret of a webhook endpoint. Raises Unavailable when that cannot be done now."""
        if self._ask.vault is None:
            raise Unavailable("webhook endpoints need vault_keys_file to be set", may_have_happened=False)
        try:
            return (await self._ask.vault.seal(WEBHOOK_SECRETS, {SECRET_FIELD: secret}))[SECRET_FIELD]
        except (VaultError, OSError) as fault:
            raise Unavailable(f"the secret cannot be sealed now: {fault}", may_have_happened=False) from fault

    async def assess(self, wish: InitiatePayment, principal: Principal) -> AssessedPayment:
        """Find out what can be known about a payment before it is decided."""
        outside = await self._seal_party(wish)
        inside = wish.debtor_account_id or wish.creditor_account_id
        assert inside is not None
        customer_id = await self._ask.holders.customer_of(inside)
        subject, remittance = await self._seal_remittance(wish, customer_id or f"acct:{inside}")
        risk = await self._score(wish, principal, outside=outside, customer_id=customer_id)
        return AssessedPayment(
            wish=wish,
            debtor=outside if wish.debtor is not None else None,
            creditor=outside if wish.creditor is not None else None,
            remittance_information=remittance,
            subject=subject,
            assessment=Assessment(screening=await self._screen(wish), risk=risk),
        )

    def token_of(self, identity: str) -> str:
        """Give the keyed hash of somebody outside, the same as a payment's payee has."""
        return hashed(identity, self._vault())

    async def seal(self, subject: str, fields: Mapping[str, str]) -> dict[str, str]:
        """Seal texts for a data subject. Of somebody who is forgotten nothing is kept any more: no text comes back."""
        try:
            return await self._vault().seal(subject, fields)
        except SubjectErased:
            return {}
        except (VaultError, OSError) as fault:
            raise Unavailable(f"personal data cannot be sealed now: {fault}", may_have_happened=False) from fault

    async def _assess_merchant(self, command: DefineMerchant) -> AssessedMerchant:
        """Seal whom a merchant's payouts go to, and screen the name: every payout carries what was found."""
        return AssessedMerchant(
            command=command,
            creditor=await self._seal("creditor", command.creditor),
            assessment=Assessment(screening=await self._screen_party("creditor", command.creditor)),
        )

    async def _seal_party(self, wish: InitiatePayment) -> SealedParty | None:
        role: PartyRole = "creditor" if wish.creditor is not None else "debtor"
        party = wish.creditor or wish.debtor
        return None if party is None else await self._seal(role, party)

    async def _seal(self, role: PartyRole, party: Party) -> SealedParty:
        party = checked_party(party, pointer=f"/{role}")
        try:
            return await sealed_party(party, self._vault())
        except SubjectErased:
            detail = f"the {role} has asked to be forgotten; they are paid under other details, or not at all"
            error = FieldError(f"/{role}", "party_erased", detail)
            raise ProblemException(problem_of(422, detail, code="party_erased", errors=(error,))) from None
        except (VaultError, OSError) as fault:
            raise Unavailable(f"personal data cannot be sealed now: {fault}", may_have_happened=False) from fault

    async def _seal_remittance(self, wish: InitiatePayment, subject: str) -> tuple[str | None, str | None]:
        if wish.remittance_information is None:
            return None, None
        try:
            sealed = await self._vault().seal(subject, {REMITTANCE: wish.remittance_information})
        except SubjectErased:
            detail = "the customer of this account has been forgotten; nothing is paid for them any more"
            raise ProblemException(problem_of(422, detail, code="customer_erased")) from None
        except (VaultError, OSError) as fault:
            raise Unavailable(f"personal data cannot be sealed now: {fault}", may_have_happened=False) from fault
        return subject, sealed[REMITTANCE]

    async def _seal_iban(self, command: AssignIban) -> SealedIban:
        """Check an IBAN of this institution, and seal it for whoever has the account."""
        iban = checked_iban(command.iban, pointer="/iban")
        customer_id = await self._ask.holders.customer_of(command.account_id)
        subject = customer_id or f"acct:{command.account_id}"
        try:
            sealed = await self._vault().seal(subject, {IBAN: iban})
        except (VaultError, OSError) as fault:
            raise Unavailable(f"personal data cannot be sealed now: {fault}", may_have_happened=False) from fault
        return SealedIban(
            command=command,
            iban_id=iban_id_of(iban, self._vault()),
            iban=sealed[IBAN],
            iban_masked=mask_iban(iban),
            subject=subject,
        )

    async def _screen(self, wish: InitiatePayment) -> ScreeningSummary | None:
        party = wish.creditor or wish.debtor
        if party is None:
            return None
        role: PartyRole = "creditor" if wish.creditor is not None else "debtor"
        mode = self._ask.screening_modes.get(wish.chosen_rail, "per_transaction")
        if not roles_to_screen(wish.chosen_rail, mode, roles=(role,)):
            return None
        return await self._screen_party(role, party)

    async def _screen_party(self, role: PartyRole, party: Party) -> ScreeningSummary | None:
        if self._ask.screener is None:
            return None
        countries = frozenset() if party.address is None else frozenset({party.address.country})
        try:
            result = await self._ask.screener.screen_aside(ScreenedParty(name=party.name, countries=countries))
        except UnscreenableName as wrong:
            error = FieldError(f"/{role}/name", "name_unscreenable", str(wrong))
            raise ProblemException(problem_of(422, str(wrong), code="name_unscreenable", errors=(error,))) from None
        return result.summary()

    async def _score(
        self, wish: InitiatePayment, principal: Principal, *, outside: SealedParty | None, customer_id: str | None
    ) -> RiskAssessment | None:
        if self._ask.scorer is None:
            return None
        amount = wish.instructed_amount
        scale = SCALE_OF_CURRENCY.get(amount.currency)
        if scale is None:
            return None  # a declared asset: no rule knows its worth
        try:
            amount_minor = minor_of(amount.value, scale=scale)
        except (WrongScale, AmountOutOfRange):
            return None  # the decision refuses it
        account_id = wish.debtor_account_id or wish.creditor_account_id
        assert account_id is not None
        customer, payee = risk_subjects(
            customer_id=customer_id if wish.debtor_account_id is not None else None,  # as the event will say it
            debtor_account_id=wish.debtor_account_id,
            creditor_account_id=wish.creditor_account_id,
            party_id=outside.payee_id if outside is not None else None,
        )
        context = RiskContext(
            customer_id=customer,
            account_id=account_id,
            payee_id=payee,
            device_id=principal.device,
            amount_minor=amount_minor,
            currency=amount.currency,
            scale=scale,
            payment_type=wish.payment_type,
            rail=wish.chosen_rail,
        )
        return await self._ask.scorer.assess(context)

    def _payee_id(self, payee: str) -> str:
        """The id of a payee named in an authorisation: of an account here, or the keyed hash of one outside."""
        vault = self._ask.vault
        return payee if vault is None else payee_of(payee, vault)

    def _vault(self) -> Vault:
        if self._ask.vault is None:
            raise Unavailable("payments with personal data need vault_keys_file to be set", may_have_happened=False)
        return self._ask.vault


W = TypeVar("W", InitiatePayment, CreateStandingOrder)


def without_personal_data(command: W, assessed: AssessedPayment) -> W:
    """The command as a refusal keeps it: what is personal, sealed."""
    changes: dict[str, object] = {REMITTANCE: assessed.remittance_information}
    for role in ("debtor", "creditor"):
        party, sealed = getattr(command, role, None), getattr(assessed, role)
        if party is not None:
            changes[role] = _sealed(party, sealed)
    return msgspec.structs.replace(command, **changes)


def _sealed(party: Party, sealed: SealedParty) -> Party:
    """The party as a refusal keeps it."""
    return msgspec.structs.replace(
        party,
        name=sealed.name,
        iban=sealed.iban,
        card_token=sealed.card_token,
        address=sealed.address,
    )
