"""The API page names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "doc" / "api" / "swift.md"


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE.read_text("utf-8"))
    assert len(named) > 80
    missing = [
        f"{file}::{name}"
        for file, name in named
        if f"\ndef {name}(" not in (HERE / file).read_text("utf-8")
    ]
    assert missing == []
