"""What a dashboard must not let happen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.functional.compute.dashboard.conftest import PASSWORD, Shown
from test.functional.compute.dashboard.visitor import Visitor
from test.functional.compute.house import running_cloud

SESSION = "ringstack-session"
WRONG = "That did not work"


@pytest.fixture
def visitor(shown: Shown, ann: Any) -> Visitor:
    found = Visitor(shown.url)
    assert found.sign_in("ann", PASSWORD).status == 303
    return found


@pytest.fixture
def stopped(ann: Any) -> Iterator[Any]:
    """A key of ann's that nobody may delete."""
    key = ann.compute.create_keypair(name="kept")
    yield key
    ann.compute.delete_keypair(key, ignore_missing=True)


def test_wrong_sign_ins_tell_nothing(shown: Shown, ann: Any) -> None:
    visitor = Visitor(shown.url)
    told = set()
    for user, password, domain in (
        ("ann", "xyzzy", "Default"),
        ("nobody", PASSWORD, "Default"),
        ("ann", PASSWORD, "nowhere"),
        ("\u0000", "plugh", "Default"),
    ):
        seen = visitor.sign_in(user, password, domain)
        assert seen.status == 422 and WRONG in seen.text and not visitor.cookies
        told.add(re.sub(r'value="[^"]*"', "", seen.text))
        assert password not in re.sub(r'value="[^"]*"', "", seen.text)
    assert len(told) == 1


def test_many_failures_have_to_wait(tmp_path: Path) -> None:
    """In a cloud of its own, for they count by address; and one of two rooms."""
    sections = {"dashboard": {"sign_in_failures": "3"}}
    roles = ("identity", "dashboard")
    with running_cloud(tmp_path / "c", sections, roles=roles) as cloud:
        visitor = Visitor(f"{cloud.url}/dashboard")
        seen = [visitor.sign_in("admin", "wrong").text for _ in range(4)]
        assert all(WRONG in each for each in seen[:3])
        assert "Too many tries" in seen[3]
        right = visitor.sign_in("admin", cloud.place.admin_password)
        assert "Too many tries" in right.text and not visitor.cookies


def test_a_session_is_sealed_and_ends(shown: Shown, visitor: Visitor) -> None:
    token_free = visitor.cookies[SESSION]
    assert len(token_free) < 4000
    changed = Visitor(shown.url, {SESSION: token_free[:-4] + "AAAA"})
    seen = changed.get("/servers")
    assert seen.status == 303
    assert seen.headers["location"] == "/dashboard/sign-in?next=%2Fservers"
    stolen = Visitor(shown.url, dict(visitor.cookies))
    assert stolen.get("/servers").status == 200
    out = visitor.post("/sign-out")
    assert out.status == 303 and SESSION not in visitor.cookies
    # Its token has ended in identity: a copy of the cookie is worth nothing.
    assert stolen.get("/servers").status == 303


def test_cookies_are_for_us_alone(shown: Shown, ann: Any) -> None:
    visitor = Visitor(shown.url)
    (cookie,) = visitor.sign_in("ann", PASSWORD).cookies
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert "Path=/dashboard" in cookie and "Secure" not in cookie
    seconds = int(re.search(r"Max-Age=(\d+)", cookie)[1])  # type: ignore[index]
    assert 3000 < seconds <= 3600
    values = {"user": "ann", "password": PASSWORD, "domain": "Default"}
    behind_tls = Visitor(shown.url).post(
        "/sign-in", values, **{"X-Forwarded-Proto": "https"}
    )
    assert "Secure" in behind_tls.cookies[0]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Referer": "http://evil.example/"},
        {},
    ],
)
def test_forms_of_other_sites(
    visitor: Visitor, ann: Any, stopped: Any, headers: dict[str, str]
) -> None:
    values = {"csrf": visitor.csrf}
    seen = visitor.send("POST", "/keys/delete?name=kept", values, **headers)
    assert seen.status == 403
    assert ann.compute.find_keypair("kept")


@pytest.mark.parametrize("csrf", ["", "x", "é"])
def test_forms_without_the_sessions_token(
    visitor: Visitor, ann: Any, stopped: Any, csrf: str
) -> None:
    origin = {"Origin": visitor.origin}
    path = "/keys/delete?name=kept"
    assert visitor.send("POST", path, {"csrf": csrf}, **origin).status == 403
    assert visitor.send("POST", path, {}, **origin).status == 403
    sent = {**origin, "X-CSRF-Token": csrf.encode().decode("latin-1")}
    seen = visitor.send("POST", "/images/new?file=a", b"x", **sent)
    assert seen.status in (400, 403, 422) and not list(ann.image.images(name="a"))
    assert ann.compute.find_keypair("kept")


def test_nothing_changes_by_looking(visitor: Visitor, ann: Any, stopped: Any) -> None:
    seen = visitor.get("/keys/delete?name=kept")
    assert seen.status == 200 and "Delete this key?" in seen.text
    assert ann.compute.find_keypair("kept")
    assert visitor.get("/sign-out").status == 405
    assert visitor.send("PUT", "/servers").status == 405


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"],
)
def test_no_way_leads_out(shown: Shown, ann: Any, target: str) -> None:
    visitor = Visitor(shown.url)
    values = {"user": "ann", "password": PASSWORD, "domain": "Default"}
    seen = visitor.send(
        "POST", f"/sign-in?next={target}", values, Origin=visitor.origin
    )
    assert seen.status == 303 and seen.headers["location"] == "/dashboard/"
    ended = visitor.post("/keys/delete?name=none", {"back": target})
    assert "evil" not in ended.headers.get("location", "")


def test_what_belongs_to_others_is_not_there(
    shown: Shown, ann: Any, visitor: Visitor
) -> None:
    admin = shown.cloud.sdk()
    volume = admin.block_storage.create_volume(size=1, name="hidden")
    network = admin.network.create_network(name="hidden")
    for path in (f"/volumes/{volume.id}", f"/networks/{network.id}",
                 f"/servers/{network.id}", f"/images/{network.id}",
                 f"/ports/{network.id}", f"/groups/{network.id}",
                 "/objects/c/nothing", "/nowhere"):  # fmt: skip
        assert visitor.get(path).status == 404, path
    assert visitor.post(f"/volumes/{volume.id}/delete").status == 404
    for path in ("/projects", "/people", "/hosts"):
        assert visitor.get(path).status == 403, path
        assert f'href="/dashboard{path}"' not in visitor.get("/").text


def test_downloads_run_nothing(ann: Any, visitor: Visitor) -> None:
    page = b"<script>alert(document.cookie)</script>"
    ann.object_store.put("/files")
    for name, kind in (("evil.html", "text/html"), ("evil.svg", "image/svg+xml")):
        ann.object_store.put(
            f"/files/{name}", data=page, headers={"Content-Type": kind}
        )
        seen = visitor.get(f"/objects/c/files/download?name={name}")
        assert seen.status == 200 and seen.text.encode() == page
        assert seen.headers["content-type"] == "application/octet-stream"
        assert seen.headers["content-disposition"].startswith("attachment;")
        assert "sandbox" in seen.headers["content-security-policy"]
    part = visitor.get("/objects/c/files/download?name=evil.html", Range="bytes=1-6")
    assert part.status == 206 and part.text == "script"


def test_a_page_frames_its_own_console_and_nothing_else(
    shown: Shown, ann: Any, visitor: Visitor
) -> None:
    server = ann.compute.create_server(
        name="framed",
        image_id=ann.image.find_image("tiny").id,
        flavor_id=ann.compute.find_flavor("m1.small").id,
        networks="none",
    )
    ann.compute.wait_for_server(server)
    seen = visitor.post(f"/servers/{server.id}/console/vnc")
    frame = re.search(r'<iframe[^>]* src="([^"?]+)[^"]*token', seen.text)
    assert seen.status == 200 and frame
    assert frame[1].startswith(f"{shown.cloud.url}/console/")
    policy = seen.headers["content-security-policy"]
    assert f"frame-src {frame[1]}" in policy and "token" not in policy
    assert visitor.post(f"/servers/{server.id}/console/other").status == 404
    other = visitor.get(f"/servers/{server.id}")
    assert "frame-src" not in other.headers["content-security-policy"]
    ann.compute.delete_server(server)
    ann.compute.wait_for_delete(server)


def test_forms_are_bounded(visitor: Visitor) -> None:
    origin = {"Origin": visitor.origin}
    many = "&".join(f"f{each}=1" for each in range(2000))
    kind = {"Content-Type": "application/x-www-form-urlencoded", **origin}
    assert visitor.send("POST", "/keys/new", many, **kind).status == 400
    large = "name=" + "x" * (3 << 20)
    assert visitor.send("POST", "/keys/new", large, **kind).status == 413
    json = {"Content-Type": "application/json", **origin}
    assert visitor.send("POST", "/keys/new", "{}", **json).status == 400
    assert visitor.get("/", Cookie="a=" + "b" * 9000).status == 303


def test_static_files_are_kept_for_ever(visitor: Visitor) -> None:
    page = visitor.get("/").text
    for path in re.findall(r'"/dashboard(/static/[^"#]+)', page):
        seen = visitor.get(path)
        assert seen.status == 200
        assert "immutable" in seen.headers["cache-control"]
        again = visitor.get(path, **{"If-None-Match": seen.headers["etag"]})
        assert again.status == 304 and not again.text
        assert visitor.get(path.replace("/static/", "/static/0")).status == 404


def test_browsers_are_shown_the_dashboard(shown: Shown) -> None:
    seen = shown.cloud.http("GET", "/", headers={"Accept": "text/html,*/*"})
    assert seen.status == 303 and seen.headers["location"] == "/dashboard/"
    other = shown.cloud.http("GET", "/", headers={"Accept": "application/json"})
    assert "identity" in other.body["services"]


def test_nothing_secret_is_logged(shown: Shown, visitor: Visitor) -> None:
    visitor.get("/servers?marker=nonsense")
    log = shown.cloud.place.log.read_text("utf-8", "replace")
    assert PASSWORD not in log and visitor.cookies[SESSION][:40] not in log
    assert "gAAAA" not in log
