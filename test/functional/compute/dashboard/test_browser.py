"""The object browser: files dropped on it, what is chosen, searched and looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from test.functional.compute.dashboard.conftest import PASSWORD, Shown
from test.functional.compute.dashboard.furnished import MARKUP
from test.functional.compute.dashboard.surfer import Surfer
from test.functional.compute.dashboard.visitor import Visitor

SECONDS = 20
# Smaller than any: one pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
    "08d763f8ffff3f0005fe02fea735812f0000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def hugo(shown: Shown) -> Any:
    sdk = shown.person("hugo")
    store = sdk.object_store
    store.put("/box")
    for name in ("a.txt", "b.txt", "in/one.txt", "in/two.txt", MARKUP):
        store.put(f"/box/{quote(name)}", data=MARKUP.encode(),
                  headers={"Content-Type": "text/plain"})  # fmt: skip
    store.put("/box/dot.png", data=PIXEL, headers={"Content-Type": "image/png"})
    return sdk


@pytest.fixture
def at_box(hugo: Any, surfer: Surfer) -> Iterator[Surfer]:
    surfer.sign_in("hugo", PASSWORD)
    surfer.go("/objects/c/box")
    yield surfer


def names_in(sdk: Any, prefix: str) -> list[str]:
    found = sdk.object_store.get(f"/box?format=json&prefix={prefix}").json()
    return [each["name"] for each in found]


def test_files_that_are_dropped_go_up(hugo: Any, at_box: Surfer) -> None:
    at_box.leaving(
        lambda: at_box.evaluate(
            """(() => {
              const carried = new DataTransfer();
              carried.items.add(new File(["dropped"], "drop \u2603.txt"));
              for (const kind of ["dragenter", "dragover", "drop"])
                document.querySelector("main").dispatchEvent(new DragEvent(kind,
                  {dataTransfer: carried, bubbles: true, cancelable: true}));
            })()"""
        )
    )
    assert "drop \u2603.txt" in at_box.text
    assert names_in(hugo, "drop") == ["drop \u2603.txt"]


def drop_folder(at_box: Surfer, entries: str) -> None:
    """Drop a folder that has what this array of JavaScript says."""
    at_box.evaluate(
        f"""(() => {{
          const read = (name) => ({{isFile: true, name,
            file: (good) => good(new File(["dropped"], name))}});
          const torn = {{isFile: true, name: "torn", file: (good, bad) => bad()}};
          let left = [{entries}];
          const folder = {{isFile: false, name: "folder", createReader: () => ({{
            readEntries: (good) => good(left.splice(0, 100))}})}};
          const event = new Event("drop", {{bubbles: true, cancelable: true}});
          event.dataTransfer = {{types: ["Files"], items: [
            {{kind: "file", webkitGetAsEntry: () => folder, getAsFile: () => null}}]}};
          document.querySelector("main").dispatchEvent(event);
        }})()"""
    )


def test_what_of_a_drop_stays_behind_is_told(hugo: Any, at_box: Surfer) -> None:
    drop_folder(at_box, "read('whole'), torn")
    said = "document.querySelector('.uploads > .error')?.textContent"
    assert at_box.until(f"{said}?.startsWith('1 could not be read')", SECONDS)
    assert names_in(hugo, "folder/") == ["folder/whole"]
    # Of another session none is taken, and only the first of them is sent.
    at_box.evaluate("document.querySelector('meta[name=csrf]').content = 'old'")
    drop_folder(at_box, "...Array(1005).fill(0).map((_, at) => read(`f${at}`))")
    assert at_box.until(f"{said}?.startsWith('Only 1000 files')", SECONDS)
    lines = (
        "[...document.querySelectorAll('.uploads p span')].map(it => it.textContent)"
    )
    told = at_box.evaluate(lines)[1:]
    assert "another project" in told[0] and set(told[1:]) == {"not sent"}
    assert names_in(hugo, "folder/") == ["folder/whole"]
    assert [each for each in at_box.complaints if "403" in each] == at_box.complaints
    at_box.complaints.clear()


def test_what_is_checked_is_deleted_after_a_question(hugo: Any, at_box: Surfer) -> None:
    button = "document.querySelector('form.choose button')"
    assert at_box.evaluate(f"{button}.disabled")
    for name in ("a.txt", "in/"):
        wanted = f"[name=names][value={json.dumps(name)}]"
        at_box.evaluate(f"document.querySelector({json.dumps(wanted)}).click()")
    assert at_box.evaluate(f"{button}.textContent").endswith("(2)")
    at_box.leaving(lambda: at_box.evaluate(f"{button}.click()"))
    assert names_in(hugo, "in/") and "in/two.txt" in at_box.text
    assert not at_box.faults()
    at_box.send()
    assert "3 objects deleted" in at_box.text
    assert names_in(hugo, "in/") == names_in(hugo, "a") == []
    assert names_in(hugo, "b") == ["b.txt"]


def test_pictures_and_text_are_shown_and_run_nothing(at_box: Surfer) -> None:
    at_box.go("/objects/c/box/file?name=dot.png")
    picture = "document.querySelector('.preview img')"
    at_box.evaluate(f"{picture}.scrollIntoView()")
    assert at_box.until(f"{picture}.complete && {picture}.naturalWidth === 1", SECONDS)
    at_box.go(f"/objects/c/box/file?name={quote(MARKUP)}")
    assert (
        at_box.evaluate("document.querySelector('#preview pre').textContent") == MARKUP
    )


def test_lists_are_searched_by_the_rooms(shown: Shown, hugo: Any) -> None:
    visitor = Visitor(shown.url)
    visitor.sign_in("hugo", PASSWORD)
    found = visitor.get("/objects/c/box?search=b").text
    assert "b.txt" in found and "dot.png" not in found
    assert "Nothing here begins so" in visitor.get("/objects/c/box?search=zz").text
    for path in ("/servers", "/volumes"):
        assert "No " in visitor.get(f"{path}?search={quote('[.*' + MARKUP)}").text
    # Nothing is checked: nothing is done, and it is told.
    told = visitor.post("/objects/c/box/choose?prefix=", {})
    assert told.status == 400 and "Check what is to be deleted" in told.text
