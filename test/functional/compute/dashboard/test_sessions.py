"""Sessions that end or change while a page is open."""

from __future__ import annotations

import base64
import re
import time
from html import unescape
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from test.functional.compute.dashboard.conftest import PASSWORD, Shown
from test.functional.compute.dashboard.surfer import Surfer
from test.functional.compute.dashboard.visitor import Visitor

SESSION = "ringstack-session"


@pytest.fixture(scope="module")
def dora(shown: Shown) -> Any:
    """A member of two projects."""
    shown.person("dora")
    admin = shown.cloud.sdk()
    other = admin.identity.create_project(name="second")
    user = admin.identity.find_user("dora")
    role = admin.identity.find_role("member")
    admin.identity.assign_project_role_to_user(other, user, role)
    return other


def test_people_add_devices_and_give_their_passcodes(shown: Shown) -> None:
    shown.person("gwen")
    user = shown.cloud.sdk().identity.find_user("gwen")
    visitor, operator = Visitor(shown.url), Visitor(shown.url)
    visitor.sign_in("gwen", PASSWORD)
    operator.sign_in("admin", shown.cloud.place.admin_password)
    edit = f"/people/{user.id}/edit"
    asking = {"name": "gwen", "enabled": "yes", "passcode": "yes"}
    refused = operator.post(edit, asking)
    assert refused.status == 422 and "has added no device yet" in refused.text
    found = re.search('name="secret" value="([A-Z2-7]+)"', _new_device(visitor))
    assert found
    key = base64.b32decode(found[1])
    device = TOTP(key, 6, SHA1(), 30)
    answer = {"secret": found[1], "passcode": device.generate(1).decode()}
    wrong = visitor.post("/account/device/new", answer)
    assert wrong.status == 422 and f'value="{found[1]}"' in wrong.text
    assert "/account/device/" not in _rows(visitor)
    answer["passcode"] = device.generate(int(time.time())).decode()
    assert visitor.post("/account/device/new", answer).status == 303
    assert "/account/device/" in _rows(visitor)
    assert operator.post(edit, asking).status == 303
    assert "password and totp" in operator.get(f"/people/{user.id}").text
    visitor = Visitor(shown.url)
    values = {"user": "gwen", "password": PASSWORD, "domain": "Default"}
    seen = visitor.send("POST", "/sign-in", values, Origin=visitor.origin)
    assert seen.status == 422 and not visitor.cookies
    code = device.generate(int(time.time())).decode()
    values["passcode"] = f"{code[:3]} {code[3:]}"
    seen = visitor.send("POST", "/sign-in", values, Origin=visitor.origin)
    assert seen.status == 303 and visitor.get("/servers").status == 200


def _new_device(visitor: Visitor) -> str:
    page = visitor.get("/account/device/new").text
    assert '<svg class="qr"' in page
    return page


def _rows(visitor: Visitor) -> str:
    """The devices of the account's page, without the way to a new one."""
    page = visitor.get("/account").text
    return page[page.index('id="devices"') :].replace("/account/device/new", "")


def test_a_tab_of_another_project_makes_nothing(shown: Shown, dora: Any) -> None:
    visitor = Visitor(shown.url)
    visitor.sign_in("dora", PASSWORD)
    old = visitor.csrf
    assert visitor.post("/switch/to", {"project": dora.id}).status == 303
    values = {"csrf": old, "name": "of-the-first", "public": "yes"}
    seen = visitor.send("POST", "/objects/new", values, Origin=visitor.origin)
    assert seen.status == 422 and "Look whether it is what you want" in seen.text
    assert 'value="of-the-first"' in seen.text and "checked" in seen.text
    assert "of-the-first" not in visitor.get("/objects").text
    # What has no form is refused.
    path = "/objects/c/none/delete"
    seen = visitor.send("POST", path, {"csrf": old}, Origin=visitor.origin)
    assert seen.status == 403
    # Once it was looked at, it is made.
    assert visitor.post("/objects/new", {"name": "of-the-first"}).status == 303


def test_answers_outlive_a_session(shown: Shown, dora: Any, surfer: Surfer) -> None:
    surfer.sign_in("dora", PASSWORD)
    surfer.go("/objects/new")
    surfer.fill(name="long-thought-about")
    surfer.call("Network.clearBrowserCookies")
    surfer.send()
    assert "Your session has ended" in surfer.text
    assert not [each for each in surfer.complaints if "401" not in each]
    surfer.complaints.clear()
    visitor = Visitor(shown.url)
    visitor.sign_in("dora", PASSWORD)
    surfer.call(
        "Network.setCookie", name=SESSION, value=visitor.cookies[SESSION],
        url=surfer.base, path="/dashboard", httpOnly=True,
    )  # fmt: skip
    surfer.send()
    assert "nothing was done" in surfer.text
    surfer.complaints.clear()
    surfer.send()
    assert surfer.path == "/objects/c/long-thought-about"


def test_kept_answers_are_neither_passwords_nor_markup(shown: Shown) -> None:
    visitor = Visitor(shown.url)
    evil = '"><script>alert(1)</script>'
    values = {"name": [evil, "two"], "new": "plugh", "csrf": "x", "unkept": "new"}
    path = "/objects/new?prefix=%22%3E%3Cb%3E"
    seen = visitor.send("POST", path, values, Origin=visitor.origin)
    assert seen.status == 401 and "plugh" not in seen.text and evil not in seen.text
    kept = re.findall(r'name="name" value="([^"]*)"', seen.text)
    assert [unescape(each) for each in kept] == [evil, "two"]
    assert seen.headers["cache-control"] == "no-store"
    other = visitor.send("POST", path, values, Origin="http://evil.example")
    assert other.status == 403 and "two" not in other.text
    seen = visitor.send("POST", "/keys/delete?name=x", {}, Origin=visitor.origin)
    assert seen.status == 303


def test_forms_say_which_answers_are_secret(shown: Shown, dora: Any) -> None:
    visitor = Visitor(shown.url)
    visitor.sign_in("dora", PASSWORD)
    form = visitor.get("/account/password").text
    assert set(re.findall(r'name="unkept" value="(\w+)"', form)) == {
        "old",
        "new",
        "again",
    }


def test_scripts_hear_that_a_session_has_ended(shown: Shown) -> None:
    visitor = Visitor(shown.url)
    sent = {"Origin": visitor.origin, "X-CSRF-Token": "x"}
    seen = visitor.send("POST", "/objects/c/a/upload?file=b", b"bytes", **sent)
    assert seen.status == 401 and "go" not in seen.text
    assert seen.headers["content-type"].startswith("application/json")


def test_two_sessions_at_once_are_none(shown: Shown, dora: Any) -> None:
    """A page on another port of the host can set a cookie for a longer path."""
    ours, theirs = Visitor(shown.url), Visitor(shown.url)
    ours.sign_in("dora", PASSWORD)
    theirs.sign_in("dora", PASSWORD)
    both = f"{SESSION}={theirs.cookies[SESSION]}; {SESSION}={ours.cookies[SESSION]}"
    assert ours.get("/servers", Cookie=both).status == 303
    assert ours.get("/servers").status == 200


def test_signing_in_again_ends_the_session_before(shown: Shown, dora: Any) -> None:
    visitor = Visitor(shown.url)
    visitor.sign_in("dora", PASSWORD)
    before = Visitor(shown.url, dict(visitor.cookies))
    values = {"user": "dora", "password": PASSWORD, "domain": "Default"}
    # The form of a tab from before somebody signed in has no token.
    seen = visitor.send("POST", "/sign-in", values, Origin=visitor.origin)
    assert seen.status == 303 and visitor.get("/servers").status == 200
    assert before.get("/servers").status == 303
    again = before.send("POST", "/sign-in", values, Origin=visitor.origin)
    assert again.status == 303 and before.get("/servers").status == 200
