"""`bursar token`: a token for the local stack, signed by the key in its folder."""

from __future__ import annotations

import json
from pathlib import Path

import rich_click as click

from cli.options import Failure, data_dir_option, json_option

DAY_S = 86_400
STRONG = "sca"


@click.command(name="token")
@data_dir_option
@click.option("--subject", default="you", show_default=True, help="Who acts.")
@click.option("--tenant", default="local", show_default=True, help="Whose data may be seen.")
@click.option("--scope", "scopes", multiple=True, help="What may be done; repeat for more. Without it: everything.")
@click.option("--lifetime-s", type=click.IntRange(1, DAY_S), default=DAY_S, show_default=True, help="Validity.")
@click.option("--acr", help="How the subject has authenticated just now; `sca` is strong customer authentication.")
@json_option
def command(  # noqa: PLR0913 - one parameter per option
    data_dir: Path,
    subject: str,
    tenant: str,
    scopes: tuple[str, ...],
    lifetime_s: int,
    acr: str | None,
    as_json: bool,
) -> None:
    """Print a token for the local stack. Production tokens come from your own identity provider."""
    from cli.devstack.identity import SCOPES, issue_token
    from cli.devstack.state import DataDir
    from contracts.payment_codes import SCA_ACR

    data = DataDir(data_dir)
    if not data.issuer.exists():
        raise Failure(f"{data.path} is not a stack's folder; start one with `bursar up` first")
    token = issue_token(
        data,
        subject=subject,
        tenant=tenant,
        scopes=scopes or SCOPES,
        lifetime_s=lifetime_s,
        acr=SCA_ACR if acr == STRONG else acr,
    )
    click.echo(json.dumps({"token": token, "lifetime_s": lifetime_s}) if as_json else token)
