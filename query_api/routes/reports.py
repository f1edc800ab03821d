"""Reports and totals: figures about the whole ledger."""

from litestar import Response, get

from contracts.read_models import LAKE
from contracts.views import ReportCatalogue, ReportView, TotalsView
from query_api.negotiation import choose_media_type
from query_api.parameters import AboutReport, AnyRequest, FreshQuestion, Question, given_parameters, question_of
from query_api.refusals import ReadRefused, Refusal
from query_api.rendering import RENDERERS
from query_api.routes.describing import described
from query_api.routes.parts import parts_of

SCOPE = "reports:read"
MODEL = LAKE
MEDIA_TYPES = tuple(RENDERERS)


@get("/totals", opt=described(FreshQuestion, TotalsView))
async def read_totals(request: AnyRequest) -> TotalsView:
    """Read the ledger in figures."""
    return await parts_of(request).reads.totals(question_of(request, FreshQuestion).fresh)


@get("/reports", opt=described(Question, ReportCatalogue))
async def list_reports(request: AnyRequest) -> ReportCatalogue:
    """List the reports, their parameters, columns and media types."""
    question_of(request, Question)
    return ReportCatalogue(reports=parts_of(request).reporting.descriptions, media_types=MEDIA_TYPES)


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
    """Run a report as of now, a past date or a past position; `Accept` chooses JSON, CSV, Parquet or Arrow.

    The headers `as-of-position` and `as-of-recorded-at` date the answer in every format.
    """
    asked = question_of(request, AboutReport)
    media_type = choose_media_type(request.headers.get("accept"), MEDIA_TYPES)
    if asked.first_day is not None and asked.last_day is not None and asked.last_day < asked.first_day:
        raise ReadRefused(
            Refusal.CONTRADICTING_PARAMETERS,
            f"`to` ({asked.last_day}) is before `from` ({asked.first_day})",
            parameter="to",
        )
    given = {name: value for name, value in given_parameters(asked).items() if name not in _NOT_THE_REPORTS}
    rendered = await parts_of(request).reporting.run(asked.report, given, media_type=media_type, fresh=asked.fresh)
    headers = {"vary": "accept", "as-of-position": str(rendered.as_of.position)}
    if rendered.as_of.recorded_at is not None:
        headers["as-of-recorded-at"] = rendered.as_of.recorded_at.isoformat()
    return Response(rendered.body, media_type=media_type, headers=headers)


_NOT_THE_REPORTS = {"report", *FreshQuestion.__struct_encode_fields__}

ROUTES = (read_totals, list_reports, read_report)
