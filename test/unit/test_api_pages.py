"""The pages of the public APIs name a test in every row, and the tests exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGES = TESTS.parent / "doc" / "api"
FUNCTIONAL = TESTS / "functional"
# What the short names on each page stand for.
FOLDERS = {
    "swift.md": {"": FUNCTIONAL},
    "s3.md": {"f/": FUNCTIONAL / "s3", "u/": TESTS / "unit" / "s3"},
}
NAMED = re.compile(r"`((?:f/|u/)?)([\w/]*test_\w+\.py)::(test_\w+)`")
LEAST = 90


def text_of(page: str) -> str:
    return (PAGES / page).read_text("utf-8")


@pytest.mark.parametrize("page", FOLDERS)
def test_every_test_that_a_page_names_exists(page: str) -> None:
    named = NAMED.findall(text_of(page))
    assert len(named) > LEAST
    missing = [
        f"{file}::{test}"
        for short, file, test in named
        if f"\ndef {test}(" not in (FOLDERS[page][short] / file).read_text("utf-8")
    ]
    assert missing == []


@pytest.mark.parametrize("page", FOLDERS)
def test_every_row_names_a_test(page: str) -> None:
    rows = [line for line in text_of(page).splitlines() if line.startswith("| ")]
    headings = ("| what |", "| limit |", "| What |", "| Operation |")
    bare = [
        row
        for row in rows
        if not row.startswith(headings) and NAMED.search(row) is None
    ]
    assert bare == []
