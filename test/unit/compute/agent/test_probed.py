"""What one libvirtd found out, and the next one begins with."""

from __future__ import annotations

import os
from pathlib import Path

from compute.agent.drivers.libvirt.probed import PLACE, seed, share


def test_the_next_begins_with_what_the_first_left(tmp_path: Path) -> None:
    first, shared, second = (str(tmp_path / name) for name in ("a", "shared", "b"))
    seed(first, shared)  # nobody has left anything
    (tmp_path / "a" / PLACE).mkdir(parents=True)
    (tmp_path / "a" / PLACE / "f00.xml").write_text("found out")
    (tmp_path / "a" / PLACE / "f00.xml.new").write_text("hal")
    share(first, shared)
    seed(second, shared)
    found = tmp_path / "b" / PLACE
    assert [path.name for path in found.iterdir()] == ["f00.xml"]
    assert (found / "f00.xml").read_text() == "found out"


def test_what_is_newer_stays(tmp_path: Path) -> None:
    old, new = tmp_path / "shared" / "f00.xml", tmp_path / "a" / PLACE / "f00.xml"
    for path, text, when in ((old, "old", 1), (new, "new", 2)):
        path.parent.mkdir(parents=True)
        path.write_text(text)
        os.utime(path, (when, when))
    seed(str(tmp_path / "a"), str(tmp_path / "shared"))
    assert new.read_text() == "new"
    share(str(tmp_path / "a"), str(tmp_path / "shared"))
    assert old.read_text() == "new"


def test_a_place_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "a" / PLACE).mkdir(parents=True)
    (tmp_path / "a" / PLACE / "f00.xml").write_text("found out")
    share(str(tmp_path / "a"), str(tmp_path / "file" / "shared"))
