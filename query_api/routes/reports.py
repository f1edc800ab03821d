"""Reports and totals: figures about the whole ledger."""

from litestar import Response, get

from contracts.read_models import LAKE
from contracts.report_views import ReportCatalogue, ReportFormat, ReportView
from contracts.views import TotalsView
from query_api.formats import Format
from query_api.negotiation import choose_media_type
from query_api.parameters import AboutReport, AnyRequest, FreshQuestion, Question, question_of, report_parameters
from query_api.refusals import Refusal
from query_api.routes.describing import described
from query_api.routes.parts import parts_of
from query_api.writers import BY_MEDIA_TYPE, FORMATS

SCOPE = "reports:read"
MODEL = LAKE
MEDIA_TYPES = tuple(BY_MEDIA_TYPE)


@get("/totals", opt=described(FreshQuestion, TotalsView))
async def read_totals(request: AnyRequest) -> TotalsView:
    """Read the ledger in figures."""
    return await parts_of(request).reads.totals(question_of(request, FreshQuestion).fresh)


@get("/reports", opt=described(Question, ReportCatalogue))
async def list_reports(request: AnyRequest) -> ReportCatalogue:
    """List the reports, their parameters, columns and formats."""
    question_of(request, Question)
    return ReportCatalogue(
        reports=parts_of(request).reporting.descriptions,
        media_types=MEDIA_TYPES,
        formats=tuple(ReportFormat(name=one.name, media_type=one.media_type) for one in FORMATS.values()),
    )


@get(
    "/reports/{report:str}",
    opt=described(
        AboutReport,
        ReportView,
        Refusal.REPORT_NOT_FOUND,
        Refusal.MISSING_PARAMETER,
        Refusal.CONTRADICTING_PARAMETERS,
        Refusal.REPORT_TOO_LARGE,
        Refusal.NOT_ACCEPTABLE,
        Refusal.TOO_BUSY,
        Refusal.QUERY_TIMEOUT,
        media_types=MEDIA_TYPES[1:],
    ),
)
async def read_report(request: AnyRequest) -> Response[bytes]:
    """Run a report as of now, a past date or a past position; `format` or `Accept` chooses how it is written.

    The headers `as-of-position` and `as-of-recorded-at` date the answer in every format. With `as_of_position` the
    answer is the same bytes whenever it is asked for.
    """
    asked = question_of(request, AboutReport)
    chosen = _format_of(request, asked)
    rendered = await parts_of(request).reporting.run(
        asked.report, report_parameters(asked), written_as=chosen, fresh=asked.fresh
    )
    headers = {"vary": "accept", "as-of-position": str(rendered.as_of.position)}
    if rendered.as_of.recorded_at is not None:
        headers["as-of-recorded-at"] = rendered.as_of.recorded_at.isoformat()
    if chosen.name != "json":
        headers["content-disposition"] = f'attachment; filename="{asked.report}.{chosen.ending}"'
    return Response(rendered.body, media_type=chosen.media_type, headers=headers)


def _format_of(request: AnyRequest, asked: AboutReport) -> Format:
    if asked.format is not None:
        return FORMATS[asked.format]
    return BY_MEDIA_TYPE[choose_media_type(request.headers.get("accept"), MEDIA_TYPES)]


ROUTES = (read_totals, list_reports, read_report)
