"""Which failures may be, and which may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from test.conformance.junit import NoResults, read_results
from test.conformance.suites import all_suites
from test.conformance.verdict import (
    BadLine,
    Excepted,
    Outcome,
    Result,
    judge,
    read_exceptions,
)

FAILED, PASSED, SKIPPED = Outcome.FAILED, Outcome.PASSED, Outcome.SKIPPED


def test_failures_that_are_listed_are_excepted() -> None:
    results = [
        Result("a.B.test_c", FAILED),
        Result("a.B.test_d", PASSED),
        Result("a.E.test_f", FAILED),
        Result("a.E.test_g", SKIPPED),
    ]
    listed = [Excepted("a.B.test_c", "why"), Excepted("a.E.*", "why")]
    verdict = judge(results, listed)
    assert verdict.is_good
    assert (verdict.passed, verdict.skipped, len(verdict.excepted)) == (1, 1, 2)


def test_others_are_surprises() -> None:
    verdict = judge([Result("a", PASSED), Result("ab", FAILED)], [Excepted("a", "?")])
    assert not verdict.is_good
    assert [each.name for each in verdict.surprises] == ["ab"]


def test_what_passes_again_is_told() -> None:
    listed = [Excepted("a", "why")]
    verdict = judge([Result("a", PASSED)], listed)
    assert verdict.is_good
    assert list(verdict.stale) == listed


def test_a_run_of_nothing_is_not_good() -> None:
    assert not judge([], []).is_good
    assert not judge([Result("a", SKIPPED)], []).is_good


def test_lines_have_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("# a comment\n\nsetUpClass (a.B)  # why\na.B.*  # as # is\n")
    assert read_exceptions(path) == [
        Excepted("setUpClass (a.B)", "why"),
        Excepted("a.B.*", "as # is"),
    ]
    path.write_text("a.B.test_c\n")
    with pytest.raises(BadLine, match=r"list\.txt:1: "):
        read_exceptions(path)
    assert read_exceptions(tmp_path / "none.txt") == []


def test_each_test_counts_once_by_its_worst_end(tmp_path: Path) -> None:
    path = tmp_path / "results.xml"
    path.write_text(
        """<testsuites><testsuite>
        <testcase classname="a.B" name="test_c[id-1-2,smoke]"/>
        <testcase classname="a.B" name="test_c[id-1-2,smoke]">
            <error>bad</error></testcase>
        <testcase classname="a.B" name="test_c[id-1-2,smoke]"/>
        <testcase classname="" name="setUpClass (a.E)"><skipped>off</skipped></testcase>
        <testcase classname="a" name="test_f[1]"><failure message="no"/></testcase>
        </testsuite></testsuites>"""
    )
    assert read_results(path) == [
        Result("a.B.test_c", FAILED, "bad"),
        Result("setUpClass (a.E)", SKIPPED, "off"),
        Result("a.test_f[1]", FAILED, "no"),
    ]


def test_lists_of_exceptions_can_be_read() -> None:
    directory = Path(__file__).parents[2] / "conformance" / "exceptions"
    lists = {path.stem: read_exceptions(path) for path in directory.glob("*.txt")}
    assert set(lists) <= set(all_suites())


def test_a_suite_without_results_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoResults, match="left no results"):
        read_results(tmp_path / "results.xml")
