"""Settings: where values come from, and that every mistake stops the start with a useful sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest

from runtime.settings import SettingsError, describe_settings, load_settings


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a process that exists only here."""

    database_url: Annotated[str, msgspec.Meta(description="Where the rows are.", min_length=1)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 8000
    environment: Literal["production", "development"] = "production"
    waived: bool = False
    wait_s: float = 1.5
    peers: tuple[str, ...] = ()
    jwks_file: str | None = None

    def __post_init__(self) -> None:
        if self.waived and self.environment == "production":
            raise ValueError("waived needs environment=development")


def _load(environ: dict[str, str]) -> Settings:
    return load_settings(Settings, environ, prefix="TEST_API_")


def _mistakes(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        _load(environ)
    return refused.value.mistakes


def test_values_come_from_the_environment_with_their_types() -> None:
    """Text becomes what the field says; other programs' variables are not looked at."""
    settings = _load(
        {
            "TEST_API_DATABASE_URL": "postgresql://a",
            "TEST_API_PORT": "81",
            "TEST_API_ENVIRONMENT": "development",
            "TEST_API_WAIVED": "true",
            "TEST_API_WAIT_S": "0.25",
            "TEST_API_PEERS": "a, b,c",
            "OTHER_PORT": "x",
        }
    )

    assert settings == Settings(
        database_url="postgresql://a",
        port=81,
        environment="development",
        waived=True,
        wait_s=0.25,
        peers=("a", "b", "c"),
    )


def test_a_toml_file_fills_in_what_the_environment_does_not_say(tmp_path: Path) -> None:
    """The environment wins over the file, the file over the default."""
    path = tmp_path / "settings.toml"
    path.write_text('database_url = "from-file"\nport = 81\npeers = ["x"]\n')
    settings = _load({"TEST_API_SETTINGS_FILE": str(path), "TEST_API_PORT": "82"})

    assert (settings.database_url, settings.port, settings.peers) == ("from-file", 82, ("x",))


def test_a_secret_is_read_from_the_file_its_variable_names(tmp_path: Path) -> None:
    """The trailing newline of an editor is not part of the secret."""
    path = tmp_path / "secret"
    path.write_text("postgresql://u:p@h/d\n")

    assert _load({"TEST_API_DATABASE_URL_FILE": str(path)}).database_url == "postgresql://u:p@h/d"


def test_a_field_that_ends_in_file_is_itself_and_not_a_secret(tmp_path: Path) -> None:
    """`JWKS_FILE` sets `jwks_file`; nothing is read."""
    settings = _load({"TEST_API_DATABASE_URL": "x", "TEST_API_JWKS_FILE": "/no/such/keys.json"})

    assert settings.jwks_file == "/no/such/keys.json"


def test_a_misspelled_variable_stops_the_start_and_is_told_the_nearest_name() -> None:
    """Silence would run the process with a default nobody wanted."""
    mistakes = _mistakes({"TEST_API_DATABASE_URL": "x", "TEST_API_PROT": "81"})

    assert mistakes == ["TEST_API_PROT: no such setting; did you mean TEST_API_PORT?"]


def test_a_name_like_nothing_is_told_every_valid_name() -> None:
    """Without a near name the whole list is the remedy."""
    (mistake,) = _mistakes({"TEST_API_DATABASE_URL": "x", "TEST_API_QQQQQQ": "1"})

    assert "valid names: TEST_API_DATABASE_URL, TEST_API_ENVIRONMENT" in mistake


def test_a_misspelled_line_in_the_file_names_the_file(tmp_path: Path) -> None:
    """Operators with both sources must know which one to mend."""
    path = tmp_path / "settings.toml"
    path.write_text('database_url = "x"\nprot = 1\n')

    assert _mistakes({"TEST_API_SETTINGS_FILE": str(path)}) == [
        f"prot (in {path}): no such setting; did you mean port?"
    ]


def test_every_mistake_is_told_at_once() -> None:
    """A start should not fail three times for three typos."""
    mistakes = _mistakes({"TEST_API_PORT": "0", "TEST_API_WAIT_S": "soon", "TEST_API_WAIVD": "1"})

    assert [mistake.split(":")[0] for mistake in mistakes] == [
        "TEST_API_PORT",
        "TEST_API_WAIT_S",
        "TEST_API_WAIVD",
        "TEST_API_DATABASE_URL",
    ]
    assert "Expected `int` >= 1" in mistakes[0]


def test_a_bad_value_is_never_repeated() -> None:
    """It may be a secret that landed in the wrong variable."""
    mistakes = _mistakes({"TEST_API_DATABASE_URL": "x", "TEST_API_ENVIRONMENT": "hunter2", "TEST_API_PORT": "hunter2"})

    assert "hunter2" not in " ".join(mistakes)
    assert mistakes[0] == "TEST_API_ENVIRONMENT: Expected one of production | development"


def test_a_rule_between_settings_stops_the_start() -> None:
    """The struct's own check speaks through the same error."""
    assert _mistakes({"TEST_API_DATABASE_URL": "x", "TEST_API_WAIVED": "1"}) == [
        "TEST_API_*: waived needs environment=development"
    ]


def test_a_value_and_its_file_together_are_refused(tmp_path: Path) -> None:
    """Which of the two counts must not be a guess."""
    (mistake,) = _mistakes({"TEST_API_DATABASE_URL": "x", "TEST_API_DATABASE_URL_FILE": str(tmp_path)})

    assert mistake.endswith("TEST_API_DATABASE_URL is set as well; keep one of the two")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot read"), (b"x" * 70_000, "larger than 65536 bytes"), (b"\xff\xfe", "is not UTF-8 text")],
)
def test_a_secret_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    """Missing, huge and binary files each have a reason."""
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    mistakes = _mistakes({"TEST_API_DATABASE_URL_FILE": str(path)})

    assert complaint in mistakes[0]
    assert len(mistakes) == 1


@pytest.mark.parametrize(("content", "complaint"), [(None, "cannot read"), ("port = = 1", "is not TOML")])
def test_a_settings_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None, complaint: str) -> None:
    """A named file that is not there is a mistake, not an empty file."""
    path = tmp_path / "settings.toml"
    if content is not None:
        path.write_text(content)

    assert complaint in _mistakes({"TEST_API_SETTINGS_FILE": str(path), "TEST_API_DATABASE_URL": "x"})[0]


def test_settings_describe_themselves() -> None:
    """Name, type with bounds, default and sentence, for --help and the docs."""
    lines = {line.env_name: line[1:] for line in describe_settings(Settings, "TEST_API_")}

    assert lines["TEST_API_DATABASE_URL"] == ("str length >= 1", "required", "Where the rows are.")
    assert lines["TEST_API_PORT"] == ("int >= 1, <= 65535", "8000", "")
    assert lines["TEST_API_ENVIRONMENT"] == ("production | development", "production", "")
    assert lines["TEST_API_PEERS"][0] == "str, comma-separated"
    assert lines["TEST_API_JWKS_FILE"] == ("str (optional)", "", "")
