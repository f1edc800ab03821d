"""`bursar identity`: where browsers log in on a developer's machine. `bursar up` starts it."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from cli.options import Failure, data_dir_option


@click.command(name="identity")
@data_dir_option
@click.option("--environment", type=click.Choice(["development", "production"]), default="development",
              show_default=True, help="In production it refuses to start.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65_535), required=True, help="0 chooses a free one.")
def command(data_dir: Path, environment: str, port: int) -> None:
    """Run an identity provider for development, on this machine only: whoever opens its page chooses a role.

    `bursar up` runs one. In production name your own identity provider.
    """
    import uvloop

    from cli.identity.provider import run
    from runtime.server import CannotServe

    try:
        raise SystemExit(uvloop.run(run(port=port, data_dir=data_dir, environment=environment)))
    except (CannotServe, OSError) as error:
        raise Failure(f"the identity provider cannot start: {error}") from error
