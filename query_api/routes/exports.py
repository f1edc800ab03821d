"""Exports: reports that are made as jobs and fetched by a link."""

from http import HTTPStatus
from typing import Final

from litestar import Response, get, post
from litestar.response import File

from contracts.report_views import ExportAsked, ExportView
from query_api.parameters import AboutExport, AboutExportFile, AnyRequest, FreshQuestion, body_of, question_of
from query_api.refusals import Refusal
from query_api.routes.describing import described
from query_api.routes.parts import parts_of
from query_api.writers import BY_MEDIA_TYPE
from runtime.auth.principal import Principal

SCOPE = "reports:read"
FILE_PATH: Final = r"/v1/exports/[^/]+/file"  # what needs no token: the link is signed

_FILE_HEADERS: Final = {
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@post(
    "/exports",
    status_code=HTTPStatus.ACCEPTED,
    opt=described(
        FreshQuestion,
        ExportView,
        Refusal.INVALID_BODY,
        Refusal.REPORT_NOT_FOUND,
        Refusal.MISSING_PARAMETER,
        Refusal.CONTRADICTING_PARAMETERS,
        takes=ExportAsked,
    ),
)
async def create_export(request: AnyRequest) -> ExportView:
    """Ask for an export: the report as of the position that the lake has now, unless `as_of_position` names one.

    Exports are made one after the other, and deleted when they expire.
    """
    fresh = question_of(request, FreshQuestion).fresh
    asked = body_of(await request.body(), ExportAsked)
    return await parts_of(request).exporting.create(asked, tenant=_tenant(request), fresh=fresh)


@get(
    "/exports/{export_id:str}",
    opt=described(AboutExport, ExportView, Refusal.EXPORT_NOT_FOUND, Refusal.SOURCE_UNAVAILABLE),
)
async def read_export(request: AnyRequest) -> ExportView:
    """Read how far an export is, and its link once it is done."""
    asked = question_of(request, AboutExport)
    return await parts_of(request).exporting.read(asked.export_id, tenant=_tenant(request))


@get(
    "/exports/{export_id:str}/file",
    opt=described(
        AboutExportFile,
        ExportView,
        Refusal.LINK_REFUSED,
        Refusal.LINK_EXPIRED,
        Refusal.EXPORT_NOT_FOUND,
        Refusal.EXPORT_NOT_DONE,
        Refusal.SOURCE_UNAVAILABLE,
        media_types=tuple(BY_MEDIA_TYPE),
        is_public=True,
    ),
)
async def read_export_file(request: AnyRequest) -> Response[bytes] | File:
    """Fetch the file of an export by its link; the signature stands for the token."""
    asked = question_of(request, AboutExportFile)
    found = await parts_of(request).exporting.file(asked.export_id, expires=asked.expires, signature=asked.signature)
    headers = {**_FILE_HEADERS, "as-of-position": str(found.position)}
    return File(found.path, filename=found.name, media_type=found.media_type, headers=headers)


def _tenant(request: AnyRequest) -> str:
    principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # runtime.auth puts it there
    return principal.tenant


ROUTES = (create_export, read_export)
PUBLIC_ROUTES = (read_export_file,)
