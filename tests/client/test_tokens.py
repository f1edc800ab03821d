"""Where tokens come from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from bursar_client import TokenFile
from bursar_client.errors import TokenUnavailable
from bursar_client.tokens import TOKEN_BYTES_MAX, source_of


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first\n")
    token = source_of(path)
    assert (token(), token()) == ("first", "first")
    (tmp_path / "next").write_text("second\n")
    os.replace(tmp_path / "next", path)
    assert token() == "second"


def test_a_text_and_a_function_are_what_they_say() -> None:
    assert source_of("text")() == "text"
    assert source_of(lambda: "made")() == "made"


@pytest.mark.parametrize("content", [None, "", " \n", "x" * (TOKEN_BYTES_MAX + 1), "ä"])
def test_a_file_without_a_token_is_said_so(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(TokenUnavailable, match="token"):
        TokenFile(path)()
