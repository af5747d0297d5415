"""Go's events become results."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from test.conformance.go_events import junit_of
from test.conformance.junit import read_results
from test.conformance.verdict import Outcome

ROOT = "example.org/library/acceptance"


def event(action: str, test: str = "", package: str = "compute/v2", **more: str) -> str:
    told = {"Action": action, "Package": f"{ROOT}/{package}", **more}
    return json.dumps({**told, "Test": test} if test else told)


def results(tmp_path: Path, *lines: str) -> dict[str, tuple[Outcome, str]]:
    path = tmp_path / "results.xml"
    ElementTree.ElementTree(junit_of(lines, ROOT)).write(path)
    return {each.name: (each.outcome, each.words) for each in read_results(path)}


def test_tests_by_their_packages_and_ends(tmp_path: Path) -> None:
    found = results(
        tmp_path,
        "# what the compiler says",
        event("run", "TestOne"),
        event("output", "TestOne", Output="no \x1b[31mluck\n"),
        event("fail", "TestOne"),
        event("run", "TestTwo"),
        event("pass", "TestTwo"),
        event("fail"),
    )
    assert found == {
        "compute.v2.TestOne": (Outcome.FAILED, "no ?[31mluck\n"),
        "compute.v2.TestTwo": (Outcome.PASSED, ""),
    }


def test_who_skips_as_one_user_runs_as_another(tmp_path: Path) -> None:
    again = (event("skip", "TestOne"), event("pass", "TestOne"))
    assert results(tmp_path, *again)["compute.v2.TestOne"][0] is Outcome.PASSED


def test_a_package_that_ends_before_its_tests_has_failed(tmp_path: Path) -> None:
    found = results(
        tmp_path,
        event("run", "TestOne"),
        event("fail", "TestOne"),
        event("run", "TestTwo"),
        event("output", Output="panic: timed out\n"),
        event("fail"),
        event("output", package="identity", Output="[build failed]\n"),
        event("fail", package="identity"),
    )
    failed = {name for name, (end, _) in found.items() if end is Outcome.FAILED}
    assert failed == {"compute.v2.TestOne", "compute.v2.package", "identity.package"}
    assert found["compute.v2.package"][1] == "panic: timed out\n"
