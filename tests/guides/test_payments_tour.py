"""docs/guides/payments-tour.md and the README's short form of it are typed into a shell, and answer what they say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from cli.demo.people import speaking
from cli.demo.seed import seed
from cli.devstack import BURSAR_PROCESSES, DevStack
from cli.devstack.processes import SIMULATORS
from tests.guides.typed import ROOT, blocks_of, type_guide, unsaid

README: Final = ROOT / "README.md"
GUIDE: Final = ROOT / "docs" / "guides" / "payments-tour.md"
SCRIPT_WITHIN_S: Final = 120
LAKE_IS_THERE: Final = (
    "for _ in {1..200}; do ask reports/trial-balance | grep -q customers:zora:eur && break; sleep 0.1; done"
)

# What the output of a section's blocks must contain, in this order.
SAID: Final = {
    "1. Know the customer": [
        '"type":"evidence_added"',
        '"code":"four_eyes_required"',
        '"type":"verification_proposed"',
        '"type":"customer_verified"',
    ],
    "2. Open her account": ['"type":"account_opened"', '"customer_id":"cust_'],
    "3. Top up from a card": ["is ACSC"],
    "4. Pay a friend": ["is ACSC"],
    "5. Pay somebody at another bank": [
        '"type":"payment_authorisation_requested"',
        '"code":"insufficient_user_authentication"',
        '"code":"authorisation_differs"',
        '"type":"payment_accepted"',
        "is ACSC",
    ],
    "6. See what happened": ["payment_authorised", "payment_settled"],
    "7. Ask to be paid": ['"type":"payment_settled"', "is ACSC"],
    "8. Give something back": [
        '"type":"payment_refunded"',
        '"refunded_minor":600',
        '"type":"payment_refund_requested"',
        '"refunded_minor":5000',
    ],
    "9. Pay out": ["is ACSP"],
    # 400.00 - 12.00 - 150.00 - 0.28 - 8.00 + 6.00 - 50.00 = 185.72, of which 50.00 are held
    "10. Look at the books": [
        '"posted_minor":18572,"held_minor":5000,"available_minor":13572',
        "customers:zora:eur",
        '"total","EUR",2',
        ",0\n",
    ],
}

SAID_IN_FIVE_MINUTES: Final = {
    "Five minutes: from onboarding to payout": [
        '"type":"evidence_added"',
        '"type":"verification_proposed"',
        '"type":"customer_verified"',
        '"type":"account_opened"',
        '"type":"payment_accepted"',
        '"type":"payment_accepted"',
        "payment_authorised",
        '"type":"payment_refunded"',
        '"type":"payment_accepted"',
        "customers:mia:eur",
        '"total","EUR",2',
    ]
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DevStack]:
    """What `bursar up` runs, seeded, without traffic."""
    async with DevStack(
        tmp_path_factory.mktemp("tour") / "stack", processes=(*SIMULATORS, *BURSAR_PROCESSES)
    ) as running:
        async with speaking(running.url("command-api"), running.servers.data) as people:
            await seed(people)
        yield running


async def test_every_block_answers_what_the_tour_says(stack: DevStack) -> None:
    first = {"10. Look at the books": LAKE_IS_THERE}
    outputs = await type_guide(GUIDE, stack.servers.data.path, first=first, within_s=SCRIPT_WITHIN_S)
    assert unsaid(outputs, SAID) == []


async def test_the_readmes_five_minutes(stack: DevStack) -> None:
    outputs = await type_guide(README, stack.servers.data.path, first={}, within_s=SCRIPT_WITHIN_S)
    assert unsaid(outputs, SAID_IN_FIVE_MINUTES) == []


def test_every_section_with_requests_is_checked() -> None:
    titles = {title for title, _ in blocks_of(GUIDE.read_text(encoding="utf-8")) if title}
    assert titles == set(SAID)
