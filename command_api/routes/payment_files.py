"""Payment files (pain.001): many payments in ISO 20022's words, answered by a pain.002."""

from typing import Any, Final

from litestar import Response, post
from litestar.di import NamedDependency

from command_api.desk import AnyRequest, Desk, answer_of, unavailable_response
from command_api.files.filing import FILE_BYTES_MAX, Filing
from command_api.keys import read_key
from contracts.iso20022.pacs import MEDIA_TYPE
from ledger.sequencer.queue import Declined, Unavailable
from runtime.auth import Principal

SCOPE: Final = "payments:write"
PATH: Final = "/payment-files"


@post(PATH, status_code=200, request_max_body_size=FILE_BYTES_MAX)
async def send_payment_file(
    request: AnyRequest, desk: NamedDependency[Desk], filing: NamedDependency[Filing]
) -> Response[Any]:
    """Make the payments of a pain.001 (.03, .09, .11) and answer with the status of each.

    The file is refused as a whole if it is not sound; a transaction that is no payment is rejected in the answer. Sent
    again under the same key, the same file gets the same statuses; another file is refused.
    """
    principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # put there by Authenticate
    key = read_key(request)
    try:
        filed = await filing.take(await request.body(), desk, key=key, principal=principal)
    except Unavailable as unavailable:
        return unavailable_response(unavailable)
    if isinstance(filed, Declined):
        return answer_of(filed)
    headers = {"Bursar-Position": str(filed.position)}
    if filed.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(filed.report, status_code=200, headers=headers, media_type=MEDIA_TYPE)


HANDLERS: Final = [send_payment_file]
