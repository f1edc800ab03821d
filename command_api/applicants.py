"""Customers at the door: an application is sealed and screened; a customer is opened again to be screened again.

what               from                     without it
----------------   ----------------------   ---------------------------------------------------------
sealed data        runtime/vault            applications are not taken (503)
screening          command_api/screening    applications are taken, and never verified; re-screening is 503
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import asyncpg
import msgspec
from msgspec import Struct

from command_api.screening.entries import born_on
from command_api.screening.names import UnscreenableName
from command_api.screening.screener import Party, Screener, ScreeningResult
from contracts.commands import ApplyCustomer, RescreenCustomer
from contracts.customer_codes import CustomerKind
from contracts.ids import SUBJECT_PREFIX
from ledger.domain.customers.cases import ScreenedCustomer
from ledger.domain.customers.life_cycle import CUSTOMER, Customer, known_customer
from ledger.domain.customers.onboarding import AssessedApplication
from ledger.domain.state import State
from ledger.sequencer.queue import Unavailable
from ledger.store.load import load_records
from runtime.clock import Clock
from runtime.http.framework import ProblemException
from runtime.http.problems import FieldError, problem_of
from runtime.ids import new_opaque_id
from runtime.vault import Vault, VaultError

OLDEST_BIRTH_YEAR: Final = 1900
EVIDENCE: Final = "evidence"
APPLICATION: Final = "application"
PERSONAL: Final = ("name", "birth_date", "registration_number", "email")
NOT_NOW: Final = (VaultError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


def new_subject() -> str:
    """Name a new data subject."""
    return new_opaque_id(SUBJECT_PREFIX.rstrip("_"))


class Sealer(Struct, frozen=True):
    """The vault, or the reason why there is none."""

    vault: Vault | None

    async def seal(self, subject: str, texts: Mapping[str, str]) -> dict[str, str]:
        """Seal the texts of a subject. Raises Unavailable."""
        try:
            return await self.required().seal(subject, texts)
        except NOT_NOW as fault:
            raise Unavailable(f"personal data cannot be sealed now: {fault}", may_have_happened=False) from fault

    def required(self) -> Vault:
        """Give the vault. Raises Unavailable."""
        if self.vault is None:
            raise Unavailable("customers need vault_keys_file to be set", may_have_happened=False)
        return self.vault


class Applicants:
    """What the door finds out about customers."""

    def __init__(
        self,
        book: asyncpg.Pool[Any],
        *,
        vault: Vault | None,
        screener: Screener | None,
        clock: Clock,
        next_subject: Callable[[], str] = new_subject,
    ) -> None:
        self._book = book
        self._sealer = Sealer(vault)
        self._screener = screener
        self._clock = clock
        self._next_subject = next_subject

    async def assess(self, wish: ApplyCustomer) -> AssessedApplication:
        """Screen and seal an application. Raises ProblemException 422, and Unavailable."""
        birth_date = None if wish.birth_date is None else self._checked_birth_date(wish.birth_date)
        screening = await self._screen(wish.kind, wish.name, birth_date, country=wish.country)
        clear = {field: getattr(wish, field) for field in PERSONAL}
        if wish.address is not None:
            clear["address"] = msgspec.json.encode(wish.address).decode()
        if screening is not None and screening.hits:
            clear[EVIDENCE] = evidence_of(screening)
        subject = self._next_subject()
        sealed = await self._sealer.seal(subject, {field: text for field, text in clear.items() if text is not None})
        return AssessedApplication(
            wish=wish,
            subject=subject,
            name=sealed["name"],
            birth_date=sealed.get("birth_date"),
            registration_number=sealed.get("registration_number"),
            address=sealed.get("address"),
            email=sealed.get("email"),
            screening=None if screening is None else screening.summary(),
            evidence=sealed.get(EVIDENCE),
        )

    def digest(self, wish: ApplyCustomer) -> bytes:
        """By what a repeat of an application is recognised: under a key, because who knows a person could guess it."""
        canonical = msgspec.json.encode(wish).decode()
        return bytes.fromhex(self._sealer.required().blind_index(canonical, purpose=APPLICATION))

    async def rescreen(self, command: RescreenCustomer) -> ScreenedCustomer:
        """Screen a customer again; one who is not there or not readable any more is left to the decision.

        Raises Unavailable.
        """
        if self._screener is None:
            raise Unavailable("customers are screened when screening_folder is set", may_have_happened=False)
        try:
            customer = await self._find(command.customer_id)
            opened = {} if customer is None else await self._opened(customer)
        except NOT_NOW as fault:
            raise Unavailable(f"the customer cannot be read now: {fault}", may_have_happened=False) from fault
        if customer is None or "name" not in opened:
            return ScreenedCustomer(command=command)
        birth_date = date.fromisoformat(opened["birth_date"]) if "birth_date" in opened else None
        screening = await self._screen(customer.kind, opened["name"], birth_date, country=customer.country)
        assert screening is not None
        evidence = None
        if screening.hits:
            evidence = (await self._sealer.seal(customer.subject, {EVIDENCE: evidence_of(screening)}))[EVIDENCE]
        return ScreenedCustomer(command=command, screening=screening.summary(), evidence=evidence)

    async def _find(self, customer_id: str) -> Customer | None:
        state = State()
        async with self._book.acquire() as connection:
            await load_records(connection, state, [(CUSTOMER, customer_id)])
        return known_customer(state, customer_id)

    async def _opened(self, customer: Customer) -> dict[str, str]:
        """What of a customer can be read: nothing, once they are erased."""
        sealed = {"name": customer.name, "birth_date": customer.birth_date}
        given = {field: text for field, text in sealed.items() if text is not None}
        opened = await self._sealer.required().open(customer.subject, given)
        return {field: text for field, text in opened.items() if isinstance(text, str)}

    async def _screen(
        self, kind: CustomerKind, name: str, birth_date: date | None, *, country: str
    ) -> ScreeningResult | None:
        if self._screener is None:
            return None
        party = Party(
            name=name,
            kind="person" if kind == "person" else "entity",
            birth_date=None if birth_date is None else born_on(birth_date),
            countries=frozenset({country}),
        )
        try:
            return await self._screener.screen_aside(party)
        except UnscreenableName as fault:
            raise _refused("/name", "name_unscreenable", str(fault)) from None

    def _checked_birth_date(self, text: str) -> date:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise _refused("/birth_date", "birth_date_invalid", "there is no such day") from None
        if day.year < OLDEST_BIRTH_YEAR or day > self._clock.now().date():
            detail = f"a birth date lies between {OLDEST_BIRTH_YEAR} and today"
            raise _refused("/birth_date", "birth_date_invalid", detail)
        return day


def evidence_of(screening: ScreeningResult) -> str:
    """The names that were compared, for the people who decide about the case; to be sealed."""
    return msgspec.json.encode(screening.hits).decode()


def _refused(pointer: str, code: str, detail: str) -> ProblemException:
    return ProblemException(problem_of(422, detail, code=code, errors=(FieldError(pointer, code, detail),)))
