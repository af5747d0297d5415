"""How tests ended, from the XML that JUnit made the field's common form."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from test.conformance.verdict import Outcome, Result, bare_name


class NoResults(Exception):
    """The suite ended without any."""


def read_results(path: Path) -> list[Result]:
    """Each test once; if it is told of twice (a clean-up that failed), the worse."""
    found: dict[str, Result] = {}
    try:
        root = ElementTree.parse(path).getroot()
    except (FileNotFoundError, ElementTree.ParseError) as error:
        raise NoResults(f"the suite left no results in {path} ({error})") from error
    for case in root.iter("testcase"):
        result = _result(case)
        known = found.get(result.name)
        if known is None or known.outcome is not Outcome.FAILED:
            found[result.name] = result
    return list(found.values())


def _result(case: ElementTree.Element) -> Result:
    name = ".".join(
        filter(None, (case.get("classname"), bare_name(case.get("name", ""))))
    )
    for tag, outcome in (
        ("failure", Outcome.FAILED),
        ("error", Outcome.FAILED),
        ("skipped", Outcome.SKIPPED),
    ):
        told = case.find(tag)
        if told is not None:
            return Result(name, outcome, (told.text or told.get("message") or ""))
    return Result(name, Outcome.PASSED)
