"""Groups of volumes: made, filled, copied at one moment, deleted."""

from __future__ import annotations

import re
import time

import pytest

from test.functional.compute.dashboard.conftest import PASSWORD, Shown
from test.functional.compute.dashboard.furnished import MARKUP
from test.functional.compute.dashboard.visitor import Visitor

SECONDS = 30


def settled(visitor: Visitor, path: str) -> str:
    """Once nothing of it is under way."""
    until = time.monotonic() + SECONDS
    while "data-busy" in (text := visitor.get(path).text):
        assert time.monotonic() < until, text
        time.sleep(0.1)
    return text


def made(visitor: Visitor, path: str, **values: object) -> str:
    found = visitor.post(path, values)
    assert found.status == 303, (path, re.findall(r'class="error[^<]*<', found.text))
    return found.headers["location"].removeprefix("/dashboard")


@pytest.fixture(scope="module")
def greta(shown: Shown) -> Visitor:
    """Who has two volumes, of a type, and may make groups of a type."""
    admin = shown.cloud.sdk().block_storage
    admin.create_type(name="plain")
    admin.create_group_type(name=MARKUP)
    mine = shown.person("greta").block_storage
    for name in ("data", "log"):
        volume = mine.create_volume(size=1, name=name, volume_type="plain")
        mine.wait_for_status(volume, "available")
    found = Visitor(shown.url)
    assert found.sign_in("greta", PASSWORD).status == 303
    return found


def test_a_group_is_copied_at_one_moment(greta: Visitor) -> None:
    form = greta.get("/volume-groups/new").text
    kind = re.search(r'<option value="([^"]+)"[^>]*>&lt;script', form)
    plain = re.search(r'value="([^"]+)"[^>]*>[^<]*(?:<[^>]*>)*plain', form)
    assert kind and plain
    group = made(greta, "/volume-groups/new", name=MARKUP, kind=kind[1], types=plain[1])
    settled(greta, group)
    form = greta.get(f"{group}/edit").text
    volumes = re.findall(r'name="volumes" value="([^"]+)"', form)
    assert len(volumes) == 2
    made(greta, f"{group}/edit", name=MARKUP, volumes=volumes)
    page = settled(greta, group)
    assert ">data<" in page and ">log<" in page and MARKUP not in page
    # Whoever saves a form of before puts in what he saw, and nothing of others.
    assert greta.post(f"{group}/edit", {"volumes": ["0" * 8]}).status == 422
    made(greta, f"{group}/snapshot", name="both")
    page = settled(greta, group)
    assert ">both<" in page
    copied = re.search(r"/volume-groups/copy\?snapshot=[0-9a-f-]{36}", page)
    deleted = re.search(r"/volume-group-snapshots/[0-9a-f-]{36}/delete", page)
    assert copied and deleted
    other = made(greta, copied[0], name="again")
    assert settled(greta, other).count("1 GiB") == 2
    refused = greta.post(f"{group}/delete", {"back": f"/dashboard{group}"})
    assert refused.status == 303 and 'class="notice bad"' in greta.get(group).text
    made(greta, deleted[0])
    settled(greta, "/volume-groups")
    for each in (other, group):
        made(greta, f"{each}/delete-all")
    assert "No groups yet" in settled(greta, "/volume-groups")


def test_what_is_no_group_is_told(greta: Visitor) -> None:
    missing = "/volume-groups/00000000-0000-0000-0000-000000000000"
    for path in (missing, f"{missing}/edit", f"{missing}/snapshot"):
        assert greta.get(path).status == 404
    assert greta.get("/volume-groups/copy").status == 400
    assert greta.post("/volume-groups/copy?group=no-id", {"name": "x"}).status == 422
