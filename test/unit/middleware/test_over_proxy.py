"""The default pipeline around the real proxy, over nodes in memory.

What filters and proxy promise each other: rights asked at the right moment, stored
headers under the names that the filters look for, streamed bodies in both ways.
"""

from __future__ import annotations

import hmac
import io
import json
import tarfile
import time
from importlib.metadata import entry_points
from typing import Any
from urllib.parse import quote

import pytest

from objectstore.middleware.order import DEFAULT_PIPELINE, ENTRY_POINTS
from objectstore.middleware.shortcut import shortened
from test.fakes.swift_app import Client, Got
from test.unit.proxy.cluster import Cluster

USERS = {
    "user_test_tester": "testing .admin",
    "user_test_guest": "guesting",
    "user_test2_other": "othering .admin",
    "user_admin_admin": "admin .admin .reseller_admin",
}
ROOT = "/v1/AUTH_test"
# Larger than what nodes keep inline, so that it is streamed.
LARGE = bytes(range(256)) * 2000


class House:
    def __init__(self) -> None:
        self.cluster = Cluster()
        app: Any = self.cluster.app
        for name in reversed(DEFAULT_PIPELINE):
            (entry,) = entry_points(group=ENTRY_POINTS).select(name=name)
            options = USERS if name == "tempauth" else {}
            app = entry.load()({"cluster_secret": "x"}, **options)(app)
        app = shortened(app)
        self.client = Client(app, self.cluster.app.facts)  # type: ignore[arg-type]
        self.tokens: dict[str, str] = {}

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        user: str = "test:tester",
        **headers: str,
    ) -> Got:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if user:
            named["X-Auth-Token"] = self._token(user)
        if method in ("PUT", "POST") and not body:
            named.setdefault("Content-Length", "0")
        return self.client(method, path, named, body)

    def ok(self, method: str, path: str, body: bytes = b"", **headers: str) -> Got:
        got = self.ask(method, path, body, **headers)
        assert 200 <= got.status < 300, (method, path, got)
        return got

    def _token(self, user: str) -> str:
        if user not in self.tokens:
            key = USERS["user_" + user.replace(":", "_")].split()[0]
            headers = {"X-Auth-User": user, "X-Auth-Key": key}
            got = self.client("GET", "/auth/v1.0", headers)
            self.tokens[user] = got.headers["X-Auth-Token"]
        return self.tokens[user]


@pytest.fixture
def house() -> House:
    made = House()
    made.ok("PUT", f"{ROOT}/c")
    return made


def test_copies(house: House) -> None:
    sent = {"X_Object_Meta_Color": "red", "Content_Type": "a/b"}
    house.ok("PUT", f"{ROOT}/c/o", LARGE, **sent)
    got = house.ok("COPY", f"{ROOT}/c/o", Destination="c/é", X_Object_Meta_New="1")
    assert got.headers["X-Copied-From"] == "c/o"
    got = house.ok("GET", f"{ROOT}/c/é")
    assert got.body == LARGE
    assert got.headers["Content-Type"] == "a/b"
    assert got.headers["X-Object-Meta-Color"] == "red"
    assert got.headers["X-Object-Meta-New"] == "1"
    house.ok("PUT", f"{ROOT}/c/part", X_Copy_From="/c/o", Range="bytes=255-257")
    assert house.ok("GET", f"{ROOT}/c/part").body == LARGE[255:258]
    house.ok("COPY", f"{ROOT}/c/o", Destination="c/o", X_Fresh_Metadata="true")
    assert "X-Object-Meta-Color" not in house.ok("HEAD", f"{ROOT}/c/o").headers
    assert house.ask("COPY", f"{ROOT}/c/none", Destination="c/x").status == 404
    assert house.ask("COPY", f"{ROOT}/c/o", Destination="none/x").status == 404
    got = house.ask("COPY", f"{ROOT}/c/o", Destination="c/x", If_Match="other")
    assert got.status == 412


def test_copies_need_both_rights(house: House) -> None:
    house.ok("PUT", f"{ROOT}/c/o", b"1")
    house.ok("PUT", f"{ROOT}/drop", X_Container_Write="test:guest")

    def copies() -> int:
        made = {"X_Copy_From": "c/o"}
        return house.ask("PUT", f"{ROOT}/drop/o", user="test:guest", **made).status

    assert copies() == 403
    house.ok("POST", f"{ROOT}/c", X_Container_Read="test:guest")
    assert copies() == 201
    house.ok("POST", f"{ROOT}/drop", X_Container_Write="")
    assert copies() == 403


def test_account_acls(house: House) -> None:
    house.ok("PUT", f"{ROOT}/c/o", b"1")
    acl = '{"read-only":["test2"],"admin":["test:guest"]}'
    house.ok("POST", ROOT, X_Account_Access_Control=acl)
    shown = house.ok("HEAD", ROOT).headers
    assert shown["X-Account-Access-Control"] == acl
    assert not any("Sysmeta" in name for name in shown)
    assert house.ask("GET", f"{ROOT}/c/o", user="test2:other").status == 200
    assert house.ask("PUT", f"{ROOT}/c/o", b"2", user="test2:other").status == 403
    other = house.ask("HEAD", ROOT, user="test2:other")
    assert (other.status, "X-Account-Access-Control" in other.headers) == (204, False)
    admin = house.ask("HEAD", ROOT, user="test:guest")
    assert admin.headers["X-Account-Access-Control"] == acl
    house.ok("POST", ROOT, X_Account_Access_Control="")
    assert house.ask("GET", f"{ROOT}/c/o", user="test2:other").status == 403


def test_public_containers(house: House) -> None:
    house.ok("PUT", f"{ROOT}/c/o", b"1")
    got = house.ok("POST", f"{ROOT}/c", X_Container_Read=".ref: *.x.org")
    from_x = {"Referer": "http://a.x.org/"}
    assert house.ask("GET", f"{ROOT}/c/o", user="", **from_x).body == b"1"
    assert house.ask("GET", f"{ROOT}/c", user="", **from_x).status == 401
    assert house.ask("GET", f"{ROOT}/c/o", user="").status == 401
    got = house.ok("HEAD", f"{ROOT}/c")
    assert got.headers["X-Container-Read"] == ".r:.x.org"
    assert house.ask("POST", f"{ROOT}/c", X_Container_Write=".r:*").status == 400


def test_cross_origin_refusals_can_be_read(house: House) -> None:
    house.ok("POST", f"{ROOT}/c", X_Container_Meta_Access_Control_Allow_Origin="*")
    got = house.ask("GET", f"{ROOT}/c/o", user="", Origin="http://x")
    assert (got.status, got.headers["Access-Control-Allow-Origin"]) == (401, "*")


def sign(key: str, *lines: object) -> str:
    text = "\n".join(map(str, lines)).encode()
    return hmac.new(key.encode(), text, "sha256").hexdigest()


def test_signed_urls(house: House) -> None:
    house.ok("POST", f"{ROOT}/c", X_Container_Meta_Temp_URL_Key="secret")
    until = int(time.time()) + 100

    def signed(method: str, path: str, body: bytes = b"") -> Got:
        query = f"temp_url_sig={sign('secret', method, until, path)}"
        target = f"{path}?{query}&temp_url_expires={until}"
        return house.ask(method, target, body, user="")

    assert signed("PUT", f"{ROOT}/c/o", b"abc").status == 201
    got = signed("GET", f"{ROOT}/c/o")
    assert (got.body, "Expires" in got.headers) == (b"abc", True)
    assert signed("DELETE", f"{ROOT}/c/o").status == 204
    assert signed("GET", f"{ROOT}/c/o").status == 404
    assert signed("GET", f"{ROOT}/other/o").status == 401


def test_forms(house: House) -> None:
    house.ok("POST", ROOT, X_Account_Meta_Temp_URL_Key_2="secret")
    until = int(time.time()) + 100
    path = f"{ROOT}/c/up/"

    def post(limit: int) -> Got:
        fields = {
            "max_file_size": limit,
            "max_file_count": 1,
            "expires": until,
            "signature": sign("secret", path, "", limit, 1, until),
        }
        body = b"".join(
            f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
            f"{value}\r\n".encode()
            for name, value in fields.items()
        )
        body += b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n'
        body += LARGE + b"\r\n--B--\r\n"
        content_type = "multipart/form-data; boundary=B"
        return house.ask("POST", path, body, user="", Content_Type=content_type)

    assert post(len(LARGE) - 1).status == 400
    assert house.ask("GET", f"{ROOT}/c/up/x").status == 404
    assert post(len(LARGE)).status == 201
    assert house.ok("GET", f"{ROOT}/c/up/x").body == LARGE


def test_web_sites(house: House) -> None:
    web = {
        "X_Container_Read": ".r:*,.rlistings",
        "X_Container_Meta_Web_Index": "index.html",
        "X_Container_Meta_Web_Listings": "1",
        "X_Container_Meta_Web_Error": "error.html",
    }
    house.ok("POST", f"{ROOT}/c", **web)
    house.ok("PUT", f"{ROOT}/c/index.html", b"front")
    house.ok("PUT", f"{ROOT}/c/sub/file", b"1")
    house.ok("PUT", f"{ROOT}/c/404error.html", b"lost")
    assert house.ask("GET", f"{ROOT}/c/", user="").body == b"front"
    assert house.ask("GET", f"{ROOT}/c", user="").status == 301
    assert house.ask("GET", f"{ROOT}/c/sub", user="").status == 301
    assert b"./file" in house.ask("GET", f"{ROOT}/c/sub/", user="").body
    got = house.ask("GET", f"{ROOT}/c/none", user="")
    assert (got.status, got.body) == (404, b"lost")
    assert house.ok("GET", f"{ROOT}/c?format=json").body.startswith(b"[{")


def test_bulk(house: House) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in (("b1/x", LARGE), ("b2/é", b""), ("c/o", b"1")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    wish = {"Accept": "application/json"}
    target = f"{ROOT}?extract-archive=tar.gz"
    told = json.loads(house.ok("PUT", target, made.getvalue(), **wish).body)
    assert (told["Number Files Created"], told["Errors"]) == (3, [])
    assert house.ok("GET", f"{ROOT}/b1/x").body == LARGE
    told = json.loads(
        house.ask("PUT", target, made.getvalue(), user="test:guest", **wish).body
    )
    assert told["Response Status"] == "400 Bad Request"
    assert {status for _, status in told["Errors"]} == {"403 Forbidden"}
    names = f"b1/x\nb2/{quote('é')}\nb1\nb2\nc".encode()
    wish["Content_Type"] = "text/plain"
    told = json.loads(house.ok("POST", f"{ROOT}?bulk-delete", names, **wish).body)
    assert told["Number Deleted"] == 4
    assert told["Errors"] == [["c", "409 Conflict"]]


def test_quotas(house: House) -> None:
    house.ok("POST", f"{ROOT}/c", X_Container_Meta_Quota_Count="1")
    house.ok("PUT", f"{ROOT}/c/one", b"1")
    house.cluster.clock.ahead += 60  # remembered facts run out
    got = house.ask("PUT", f"{ROOT}/c/two", b"1")
    assert (got.status, got.body) == (413, b"Upload exceeds quota.")
    assert house.ask("PUT", f"{ROOT}/c/two", b"1", user="test:guest").status == 403
    limit = {"X_Account_Meta_Quota_Bytes": "3"}
    assert house.ask("POST", ROOT, **limit).status == 403
    assert house.ask("POST", ROOT, user="admin:admin", **limit).status == 204
    house.ok("PUT", f"{ROOT}/d")
    assert house.ask("PUT", f"{ROOT}/d/o", b"1234").status == 413
    assert house.ask("PUT", f"{ROOT}/d/o", b"1").status == 201


def test_large_objects(house: House) -> None:
    house.ok("PUT", f"{ROOT}/parts")
    for number in range(2):
        house.ok("PUT", f"{ROOT}/parts/p{number}", LARGE)
    manifest = b'[{"path": "/parts/p0"}, {"path": "/parts/p1"}]'
    put = "multipart-manifest=put"
    house.ok("PUT", f"{ROOT}/c/slo?{put}", manifest)
    house.ok("PUT", f"{ROOT}/c/dlo", X_Object_Manifest="parts/p")
    for name in ("slo", "dlo"):
        assert house.ok("GET", f"{ROOT}/c/{name}").body == LARGE * 2
    # Whoever may read the manifest only does not get the parts.
    house.ok("POST", f"{ROOT}/c", X_Container_Read="test:guest")
    assert house.ask("GET", f"{ROOT}/c/slo", user="test:guest").status == 409
    assert house.ask("GET", f"{ROOT}/c/dlo", user="test:guest").status == 403
    listed = house.ask("GET", f"{ROOT}/c/slo?multipart-manifest=get", user="test:guest")
    assert listed.status == 200
    house.ok("POST", f"{ROOT}/parts", X_Container_Read="test:guest")
    for name in ("slo", "dlo"):
        assert house.ask("GET", f"{ROOT}/c/{name}", user="test:guest").status == 200
    # And whoever may write here cannot join, or delete, what he must not touch.
    acls = {"X_Container_Read": "test:guest", "X_Container_Write": "test:guest"}
    house.ok("PUT", f"{ROOT}/drop", **acls)
    house.ok("POST", f"{ROOT}/parts", X_Container_Read="")
    got = house.ask("PUT", f"{ROOT}/drop/x?{put}", manifest, user="test:guest")
    assert (got.status, b"403 Forbidden" in got.body) == (400, True)
    house.ok("COPY", f"{ROOT}/c/slo?multipart-manifest=get", Destination="drop/x")
    target = f"{ROOT}/drop/x?multipart-manifest=delete"
    assert b"403 Forbidden" in house.ask("DELETE", target, user="test:guest").body
    assert house.ok("GET", f"{ROOT}/c/slo").body == LARGE * 2
    for name in dict(house.ok("HEAD", f"{ROOT}/c/slo").headers):
        assert "Sysmeta" not in name and "Backend" not in name


def test_versions_and_links_need_rights(house: House) -> None:
    house.ok("PUT", f"{ROOT}/v", X_Versions_Enabled="true")
    first = house.ok("PUT", f"{ROOT}/v/o", b"1").headers["X-Object-Version-Id"]
    house.ok("PUT", f"{ROOT}/v/o", b"2")
    paths = [f"{ROOT}/v/o", f"{ROOT}/v/o?version-id={first}"]
    for path in paths:
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            assert house.ask(method, path, user="test:guest").status == 403
    assert house.ask("POST", paths[0], user="test:guest").status == 403
    assert house.ask("GET", f"{ROOT}/v?versions", user="test:guest").status == 403
    assert house.ask("DELETE", f"{ROOT}/v", user="test:guest").status == 403
    switch = {"X_Versions_Enabled": "false"}
    assert house.ask("POST", f"{ROOT}/v", user="test:guest", **switch).status == 403
    house.ok("POST", f"{ROOT}/v", X_Container_Read="test:guest")
    # The container's ACL is about what is current; versions are their owner's.
    assert house.ask("GET", paths[0], user="test:guest").body == b"2"
    assert house.ask("GET", paths[1], user="test:guest").status == 403
    assert house.ask("GET", paths[1]).body == b"1"
    house.ok("PUT", f"{ROOT}/v/link", X_Symlink_Target="c/secret")
    house.ok("PUT", f"{ROOT}/c/secret", b"secret")
    assert house.ok("GET", f"{ROOT}/v/link").body == b"secret"
    assert house.ask("GET", f"{ROOT}/v/link", user="test:guest").status == 403


def test_unauthorised_writes_leave_nothing(house: House) -> None:
    for user in ("", "test:guest", "test2:other"):
        status = 403 if user else 401
        assert house.ask("PUT", f"{ROOT}/c/o", b"1", user=user).status == status
        assert house.ask("PUT", f"{ROOT}/new", user=user).status == status
        assert house.ask("POST", ROOT, user=user, X_Account_Meta_A="1").status == status
        assert house.ask("DELETE", f"{ROOT}/c", user=user).status == status
    assert house.ok("GET", ROOT).body == b"c\n"
