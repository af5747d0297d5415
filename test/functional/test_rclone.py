"""rclone with its Swift backend: copy, sync, check, list, delete, purge."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from test.functional.harness.store import Store
from test.functional.harness.tools import Rclone, needs
from test.functional.harness.users import RECLONER
from test.functional.test_objects import INLINE, pattern

FILES = {
    "plain.txt": b"plain",
    "empty": b"",
    "with space/and more": b"1",
    "größe/ß.txt": b"2",
    "日本/東京/🎉.txt": b"3",
    'odd/quo\'te "double".txt': b"4",
    "odd/per%41cent#hash?mark.txt": b"5",
    "odd/[brackets]{braces}.txt": b"6",
    "odd/trailing ": b"7",
    "odd/ leading": b"8",
    "odd/back\\slash": b"9",
    "deep/1/2/3/4/5/6/file": b"10",
    "large/one.bin": pattern(INLINE + 17),
    "large/two.bin": pattern(3 * 2**20),
}


@pytest.fixture(autouse=True)
def _installed() -> None:
    needs("rclone")


@pytest.fixture
def rclone(store: Store) -> Rclone:
    return Rclone(store.endpoint(), RECLONER)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name, data in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def listed(rclone: Rclone, remote: str) -> dict[str, int]:
    entries = json.loads(rclone("lsjson", "-R", "--files-only", remote).output)
    return {entry["Path"]: entry["Size"] for entry in entries}


def test_a_trees_life(rclone: Rclone, tree: Path, tmp_path: Path, name: str) -> None:
    remote = f"ring:{name}"
    rclone("copy", str(tree), remote)
    assert listed(rclone, remote) == {name: len(data) for name, data in FILES.items()}
    # By size and MD5, then byte by byte.
    rclone("check", str(tree), remote)
    rclone("check", "--download", str(tree), remote)

    # What is there already is not sent again: modification times came along.
    again = rclone("copy", "-v", str(tree), remote)
    assert "Copied" not in again.errors, again.errors

    (tree / "plain.txt").write_bytes(b"changed")
    (tree / "new file").write_bytes(b"new")
    shutil.rmtree(tree / "odd")
    rclone("sync", str(tree), remote)
    rclone("check", "--download", str(tree), remote)
    assert not [each for each in listed(rclone, remote) if each.startswith("odd/")]

    back = tmp_path / "back"
    rclone("copy", remote, str(back))
    rclone("check", str(tree), str(back))
    assert rclone("cat", f"{remote}/plain.txt").output == b"changed"
    part = rclone("cat", "--offset", "5", "--count", "10", f"{remote}/large/two.bin")
    assert part.output == pattern(3 * 2**20)[5:15]

    # Within the store, by the store.
    rclone("copyto", f"{remote}/plain.txt", f"{remote}/copy of plain.txt")
    rclone("moveto", f"{remote}/new file", f"{remote}/moved")
    names = listed(rclone, remote)
    assert "copy of plain.txt" in names
    assert "moved" in names
    assert "new file" not in names

    rclone("deletefile", f"{remote}/moved")
    rclone("delete", f"{remote}/large")
    assert not [n for n in listed(rclone, remote) if n == "moved" or "large/" in n]
    rclone("purge", remote)
    assert name not in rclone("lsd", "ring:").text


def test_containers_and_streams(rclone: Rclone, name: str) -> None:
    rclone("mkdir", f"ring:{name}")
    assert name in rclone("lsd", "ring:").text
    # More of unknown length than this, rclone sends in segments.
    data = pattern(100_000)
    rclone("rcat", f"ring:{name}/streamed", stdin=data)
    assert rclone("cat", f"ring:{name}/streamed").output == data
    about = rclone("size", "--json", f"ring:{name}")
    assert json.loads(about.output)["bytes"] == len(data)
    assert rclone("rmdir", f"ring:{name}", expected=None).status != 0
    rclone("delete", f"ring:{name}")
    rclone("rmdir", f"ring:{name}")
    assert name not in rclone("lsd", "ring:").text
