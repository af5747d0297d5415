"""What the documentation names is there: linked pages and sections, files and tests.
And no two decisions have one number, and each is listed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "doc").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
FILE = re.compile(r"`((?:bin|compute|doc|etc|objectstore|ring|test)/[a-z0-9_./-]+)`")
NAMED_TEST = re.compile(r"\b(test_[a-z0-9_]+)(\.py)?(?:::(test_[a-z0-9_]+)(\*?))?")


every_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: str(page.relative_to(ROOT))
)


@pytest.fixture(scope="session")
def tests() -> dict[str, str]:
    """The text of each file of tests, by its name, one after the other."""
    texts: dict[str, str] = {}
    for path in (ROOT / "test").rglob("*.py"):
        texts[path.stem] = texts.get(path.stem, "") + path.read_text("utf-8")
    return texts


def section(heading: str) -> str:
    """The name by which a link calls it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@every_page
def test_relative_links_resolve(page: Path) -> None:
    text = FENCED.sub("", page.read_text("utf-8"))
    targets = [
        target.partition("#")[0]
        for target in LINK.findall(text)
        if not re.match(r"[a-z]+:|#", target)
    ]
    assert [each for each in targets if not (page.parent / each).exists()] == []


@every_page
def test_linked_sections_are_there(page: Path) -> None:
    text = FENCED.sub("", page.read_text("utf-8"))
    targets = [each.partition("#") for each in LINK.findall(text) if "#" in each]
    for path, _, name in targets:
        if not re.match(r"[a-z]+:", path):
            target = page.parent / path if path else page
            headings = HEADING.findall(target.read_text("utf-8"))
            assert name in [section(each) for each in headings], (path, name)


@every_page
def test_named_files_are_there(page: Path) -> None:
    named = FILE.findall(page.read_text("utf-8"))
    missing = [
        each
        for each in named
        if not (ROOT / each).exists() and not (ROOT / f"{each}.py").exists()
    ]
    assert missing == []


@every_page
def test_named_tests_are_there(page: Path, tests: dict[str, str]) -> None:
    everything = "".join(tests.values())
    for file, ending, name, more in NAMED_TEST.findall(page.read_text("utf-8")):
        if name:
            begun = f"def {name}" if more else f"def {name}("
            assert begun in tests.get(file, ""), (file, name)
        else:
            assert file in tests or (not ending and f"def {file}" in everything), file


def test_every_decision_has_a_number_of_its_own() -> None:
    pages = sorted((ROOT / "doc" / "decisions").glob("[0-9]*.md"))
    assert len(pages) >= 30
    numbers = Counter(page.name[:4] for page in pages)
    assert [number for number, count in numbers.items() if count > 1] == []
    for page in pages:
        heading = page.read_text("utf-8").partition("\n")[0]
        assert heading.startswith(f"# {int(page.name[:4])}."), page.name


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "doc" / "decisions" / "README.md").read_text("utf-8")
    pages = (ROOT / "doc" / "decisions").glob("[0-9]*.md")
    assert [page.name for page in pages if f"]({page.name})" not in listed] == []
