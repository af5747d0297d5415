"""python-swiftclient's command line: a directory tree in, listed, out, gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.tools import Ended, swift
from test.functional.harness.users import COMMANDER
from test.functional.test_objects import INLINE, pattern

FILES = {
    "a.txt": b"text",
    "empty": b"",
    "sub/b c.bin": bytes(range(256)) * 10,
    "sub/größe/日本.dat": pattern(INLINE + 1),
    "sub/größe/🎉 ?#%41.dat": b"odd",
    "sub/deep/er/x": b"x",
}


def write_tree(root: Path) -> None:
    for name, data in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def read_tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


class Swift:
    """The command for one endpoint and one directory."""

    def __init__(self, endpoint: str, directory: Path) -> None:
        self._endpoint = endpoint
        self._directory = directory

    def __call__(self, *arguments: str, expected: int = 0) -> Ended:
        return swift(
            self._endpoint,
            COMMANDER,
            *arguments,
            directory=self._directory,
            expected=expected,
        )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write_tree(tmp_path / "tree")
    return tmp_path


def test_a_tree_goes_in_and_comes_out(store: Store, tree: Path, name: str) -> None:
    run = Swift(store.endpoint(), tree / "tree")
    sent = run("upload", name, "a.txt", "empty", "sub")
    assert sorted(sent.lines)[0] == "a.txt"
    ordered = sorted(FILES, key=lambda each: each.encode())
    assert run("list", name).lines == ordered
    assert run("list", name, "--prefix", "sub/", "--delimiter", "/").lines == [
        "sub/b c.bin",
        "sub/deep/",
        "sub/größe/",
    ]
    assert name in run("list").lines
    total = sum(map(len, FILES.values()))
    assert run("list", name, "--long").lines[-1].split() == [str(total)]
    stamps = timestamps(store, name)
    run("upload", "--skip-identical", name, "sub")
    assert timestamps(store, name) == stamps
    target = tree / "out"
    target.mkdir()
    run("download", name, "--output-dir", str(target))
    assert read_tree(target) == FILES
    one = run("download", name, "a.txt", "--output", "-")
    assert one.output == b"text"
    gone = run("delete", name)
    assert len(gone.lines) >= len(FILES)
    assert name not in run("list").lines
    assert "not found" in run("list", name, expected=1).errors.lower()


def test_stat_post_and_copy(store: Store, tree: Path, name: str) -> None:
    run = Swift(store.endpoint(), tree / "tree")
    run("upload", "--header", "X-Object-Meta-Colour:rot", name, "a.txt")
    shown = run("stat", name, "a.txt").text
    assert "Meta Colour: rot" in shown
    assert "Content Length: 4" in shown
    assert "Content Type: text/plain" in shown
    run("post", "--meta", "Size:groß", name, "a.txt")
    shown = run("stat", name, "a.txt").text
    assert "Meta Size: groß" in shown
    assert "Colour" not in shown
    run("post", "--meta", "Season:fall", "--read-acl", ".r:*,.rlistings", name)
    shown = run("stat", name).text
    assert "Meta Season: fall" in shown
    assert "Read ACL: .r:*,.rlistings" in shown
    assert "Objects: 1" in shown
    run("post", "--meta", "Owner:me")
    assert "Meta Owner: me" in run("stat").text
    run("copy", "--destination", f"/{name}/copy", "--meta", "New:1", name, "a.txt")
    shown = run("stat", name, "copy").text
    assert "Meta New: 1" in shown
    assert "Content Length: 4" in shown
    assert run("list", name).lines == ["a.txt", "copy"]
    run("delete", name, "copy")
    assert run("list", name).lines == ["a.txt"]
    assert "not found" in run("stat", name, "copy", expected=1).errors.lower()
    run("delete", name)


def timestamps(store: Store, container: str) -> dict[str, str]:
    """When each object was written."""
    client = Client(store.endpoint(), COMMANDER)
    listed = client.ok("GET", container, query="format=json").json
    client.close()
    return {entry["name"]: entry["last_modified"] for entry in listed}


def test_only_what_changed_is_sent(store: Store, tree: Path, name: str) -> None:
    run = Swift(store.endpoint(), tree / "tree")
    run("upload", name, ".")
    (tree / "tree" / "a.txt").write_bytes(b"changed")
    before = timestamps(store, name)
    run("upload", "--changed", name, ".")
    after = timestamps(store, name)
    assert {each for each in after if after[each] != before[each]} == {"a.txt"}
    assert run("download", name, "a.txt", "-o", "-").output == b"changed"
    run("delete", name)
