"""Every relative link of the documentation leads somewhere, and no two decisions have
one number."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "doc").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page: Path) -> None:
    text = FENCED.sub("", page.read_text("utf-8"))
    targets = [
        target.partition("#")[0]
        for target in LINK.findall(text)
        if not re.match(r"[a-z]+:|#", target)
    ]
    assert [each for each in targets if not (page.parent / each).exists()] == []


def test_every_decision_has_a_number_of_its_own() -> None:
    pages = sorted((ROOT / "doc" / "decisions").glob("[0-9]*.md"))
    assert len(pages) >= 30
    numbers = Counter(page.name[:4] for page in pages)
    assert [number for number, count in numbers.items() if count > 1] == []
    for page in pages:
        heading = page.read_text("utf-8").partition("\n")[0]
        assert heading.startswith(f"# {int(page.name[:4])}."), page.name
