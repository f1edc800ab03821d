"""From an instruction as the book keeps it, sealed, to what a rail is told, in clear. Only here is it opened."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from contracts.card_processor import CardInstruction
from contracts.events.payments import Instruction, PaymentFacts, SealedParty
from contracts.ids import uetr_of
from contracts.iso20022.pacs import CreditTransferInstruction
from runtime.vault import ERASED, Vault

REMITTANCE: Final = "remittance_information"

RailInstruction = CreditTransferInstruction | CardInstruction


class Execution(Struct, frozen=True, kw_only=True):
    """The payload of an ``execute`` task. ``sent_before``: the rail may know the instruction already."""

    payment_id: str
    instruction: Instruction
    facts: PaymentFacts
    sent_before: bool


class Institution(Struct, frozen=True, kw_only=True):
    """In whose name money leaves: the account at the bank that pays for all customers."""

    name: str
    iban: str
    bic: str


class Erased(Exception):
    """The person to be paid was erased; nobody can be told where the money should go."""


async def open_instruction(
    execution: Execution, *, ledger: str, vault: Vault, institution: Institution
) -> RailInstruction:
    """Open what is sealed and say it in the rail's own words. Raises Erased, and what the vault raises."""
    facts, instruction = execution.facts, execution.instruction
    assert facts.currency is not None
    assert facts.amount_minor is not None
    if facts.rail == "card_psp":
        party = instruction.debtor or instruction.creditor
        assert party is not None
        opened = await _opened(vault, party)
        return CardInstruction(
            instruction_id=instruction.instruction_id,
            kind="charge" if instruction.debtor is not None else "payout",
            amount_minor=facts.amount_minor,
            currency=facts.currency,
            card_token=opened["card_token"],
        )
    creditor = instruction.creditor
    assert creditor is not None
    opened = await _opened(vault, creditor)
    return CreditTransferInstruction(
        instruction_id=instruction.instruction_id,
        end_to_end_id=facts.end_to_end_id,
        uetr=uetr_of(ledger, execution.payment_id),
        amount_minor=facts.amount_minor,
        currency=facts.currency,
        scale=instruction.scale,
        debtor_name=institution.name,
        debtor_iban=institution.iban,
        debtor_bic=institution.bic,
        creditor_name=opened["name"],
        creditor_iban=opened["iban"],
        creditor_bic=creditor.bic or institution.bic,
        accepted_at=instruction.instructed_at,
        remittance=await _remittance(vault, instruction),
    )


async def _opened(vault: Vault, party: SealedParty) -> Mapping[str, str]:
    sealed = {name: getattr(party, name) for name in ("name", "iban", "card_token")}
    opened = await vault.open(party.payee_id, {name: text for name, text in sealed.items() if text is not None})
    if any(text is ERASED for text in opened.values()):
        raise Erased(party.payee_id)
    return {name: str(text) for name, text in opened.items()}


async def _remittance(vault: Vault, instruction: Instruction) -> str:
    """The text for the creditor; without it when whoever wrote it was erased."""
    if instruction.remittance_information is None or instruction.subject is None:
        return ""
    opened = await vault.open(instruction.subject, {REMITTANCE: instruction.remittance_information})
    return "" if opened[REMITTANCE] is ERASED else str(opened[REMITTANCE])


def execution_of(payload: object) -> Execution:
    """Read the payload of an ``execute`` task."""
    return msgspec.convert(payload, Execution)
