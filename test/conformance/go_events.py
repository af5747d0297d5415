"""What ``go test -json`` tells of its tests, in the form that JUnit made common."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from xml.etree import ElementTree

ENDS = {"pass": "", "fail": "failure", "skip": "skipped"}
# XML has no other characters below the blank.
_FOREIGN = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_of(lines: Iterable[str], root: str) -> ElementTree.Element:
    """From lines of events.  A test is named by its package's path below ``root``,
    with dots; a package that does not build, or ends before its tests do, is a failure
    of a test called ``package``."""
    suite = ElementTree.Element("testsuite")
    words: dict[tuple[str, str], list[str]] = {}
    begun: set[tuple[str, str]] = set()
    failed: set[str] = set()
    for event in _events(lines):
        package, test = str(event.get("Package", "")), str(event.get("Test", ""))
        key, action = (package, test), str(event.get("Action"))
        if action == "output":
            words.setdefault(key, []).append(str(event.get("Output", "")))
        elif action == "run":
            begun.add(key)
        elif action in ENDS:
            begun.discard(key)
            if action == "fail" and test:
                failed.add(package)
            cut_off = any(each[0] == package for each in begun)
            if test or (action == "fail" and (cut_off or package not in failed)):
                place = package.removeprefix(root).strip("/").replace("/", ".")
                case = ElementTree.SubElement(
                    suite, "testcase", classname=place, name=test or "package"
                )
                said = _FOREIGN.sub("?", "".join(words.pop(key, [])))
                if ENDS[action]:
                    ElementTree.SubElement(case, ENDS[action]).text = said
    return suite


def _events(lines: Iterable[str]) -> Iterable[Mapping[str, object]]:
    for line in lines:
        # What the compiler says stands between them as it is.
        if line.startswith("{"):
            yield json.loads(line)
