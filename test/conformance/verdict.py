"""Did only those tests fail that may?

The list of exceptions has one test to a line, and after two spaces and a ``#`` why it
may fail.  A name that ends in ``*`` stands for all that begin so.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"(?P<name>\S.*?)\s+#\s+(?P<reason>\S.*)\Z")
_TAGS = re.compile(r"\[[^\[\]]*\]\Z")


class Outcome(enum.Enum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    """A test's end; ``words``: why it failed or was skipped."""

    name: str
    outcome: Outcome
    words: str = ""


@dataclass(frozen=True, slots=True)
class Excepted:
    """A test that may fail, or all whose names begin so."""

    name: str
    reason: str

    def covers(self, test: str) -> bool:
        """Whether this test is meant."""
        if self.name.endswith("*"):
            return test.startswith(self.name[:-1])
        return test == self.name


class BadLine(ValueError):
    """A line of a list of exceptions without a name, or without a reason."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``surprises``: failed and not listed.  ``stale``: listed, yet they passed."""

    passed: int
    skipped: int
    excepted: tuple[Result, ...]
    surprises: tuple[Result, ...]
    stale: tuple[Excepted, ...]

    @property
    def is_good(self) -> bool:
        """Only what may fail has failed, and something ran at all."""
        return not self.surprises and bool(self.passed or self.excepted)


def bare_name(name: str) -> str:
    """Without the tags in brackets that tempest appends to its tests' names."""
    return _TAGS.sub("", name) if "[id-" in name else name


def read_exceptions(path: Path) -> list[Excepted]:
    """The list in that file; none if there is no file."""
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        matched = _LINE.match(line.strip())
        if matched is None:
            raise BadLine(f"{path}:{number}: not 'test id  # reason': {line.strip()}")
        found.append(Excepted(matched["name"], matched["reason"]))
    return found


def judge(results: Iterable[Result], exceptions: list[Excepted]) -> Verdict:
    """Compare how tests ended with what may fail."""
    passed = skipped = 0
    excepted: list[Result] = []
    surprises: list[Result] = []
    good: list[str] = []
    for result in results:
        if result.outcome is Outcome.SKIPPED:
            skipped += 1
        elif result.outcome is Outcome.PASSED:
            passed += 1
            good.append(result.name)
        elif any(each.covers(result.name) for each in exceptions):
            excepted.append(result)
        else:
            surprises.append(result)
    stale = tuple(each for each in exceptions if each.name in good)
    return Verdict(passed, skipped, tuple(excepted), tuple(surprises), stale)
