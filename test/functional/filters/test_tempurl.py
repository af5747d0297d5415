"""Signed URLs, used by clients that have no token."""

from __future__ import annotations

import base64
import hmac
import time
from urllib.parse import quote

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Answer, Client
from test.functional.harness.store import Store

KEY = "a key of the container"


@pytest.fixture
def signed(client: Client, container: str) -> str:
    """A container with a key and the object ``dir/k``."""
    client.ok("POST", container, X_Container_Meta_Temp_Url_Key=KEY)
    client.ok("PUT", container, "dir/k", body="content", Content_Type="a/b")
    return container


def path_of(client: Client, *names: str) -> str:
    return "/".join(["/v1", client.account, *names])


def visit(
    client: Client,
    method: str,
    path: str,
    *,
    text: str = "",
    expires: int = 0,
    digest: str = "sha256",
    key: str = KEY,
    signed_method: str = "",
    more: str = "",
    body: str | None = None,
    headers: dict[str, str] | None = None,
    encoded: bool = False,
) -> Answer:
    """A visit to the signed URL; ``text`` is signed in the path's place."""
    until = expires or int(time.time()) + 60
    message = f"{signed_method or method}\n{until}\n{text or path}"
    raw = hmac.digest(key.encode(), message.encode(), digest)
    signature = raw.hex()
    if encoded:
        signature = quote(f"{digest}:{base64.b64encode(raw).decode()}", safe="")
    target = f"{quote(path)}?temp_url_sig={signature}&temp_url_expires={until}{more}"
    return client.raw(method, target, headers, body)


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
@pytest.mark.parametrize("encoded", [False, True])
def test_reading(
    client: Client, connect: Connect, signed: str, digest: str, encoded: bool
) -> None:
    path = path_of(client, signed, "dir/k")
    answer = visit(connect(None), "GET", path, digest=digest, encoded=encoded)
    assert (answer.status, answer.body) == (200, b"content")
    assert answer.headers["content-type"] == "a/b"
    assert 'filename="k"' in answer.headers["content-disposition"]
    assert "expires" in answer.headers


def test_a_signature_for_one_thing_is_good_for_no_other(
    client: Client, connect: Connect, signed: str
) -> None:
    anybody, path = connect(None), path_of(client, signed, "dir/k")
    other = path_of(client, signed, "other")
    assert visit(anybody, "HEAD", path, signed_method="GET").status == 200
    assert visit(anybody, "PUT", path, signed_method="GET", body="x").status == 401
    assert visit(anybody, "DELETE", path, signed_method="PUT").status == 401
    assert visit(anybody, "GET", other, text=path).status == 401
    assert visit(anybody, "GET", path, key="another").status == 401
    assert visit(anybody, "GET", path, digest="md5").status == 401
    assert visit(anybody, "GET", path, digest="sha1").status == 401, "not by default"
    assert visit(anybody, "GET", path, expires=int(time.time()) - 1).status == 401
    assert client.ok("GET", signed, "dir/k").body == b"content"


def test_writing_and_deleting(client: Client, connect: Connect, signed: str) -> None:
    anybody, path = connect(None), path_of(client, signed, "ü new")
    assert visit(anybody, "PUT", path, body="written").status == 201
    assert client.ok("GET", signed, "ü new").body == b"written"
    assert visit(anybody, "DELETE", path).status == 204
    assert client.call("HEAD", signed, "ü new").status == 404


@pytest.mark.parametrize("header", ["X-Object-Manifest", "X-Symlink-Target"])
def test_a_signed_put_points_to_nothing_else(
    client: Client, connect: Connect, signed: str, header: str
) -> None:
    path = path_of(client, signed, "new")
    headers = {header: f"{signed}/dir/k"}
    assert visit(connect(None), "PUT", path, body="", headers=headers).status == 400
    assert client.call("HEAD", signed, "new").status == 404


def test_a_prefix(client: Client, connect: Connect, signed: str) -> None:
    anybody = connect(None)
    text = f"prefix:{path_of(client, signed, 'dir/')}"
    more = "&temp_url_prefix=dir/"
    path = path_of(client, signed, "dir/k")
    assert visit(anybody, "GET", path, text=text, more=more).body == b"content"
    outside = path_of(client, signed, "k")
    assert visit(anybody, "GET", outside, text=text, more=more).status == 401


@pytest.mark.parametrize(
    ("network", "status"), [("127.0.0.0/8", 200), ("192.0.2.1", 401)]
)
def test_addresses(
    client: Client, connect: Connect, signed: str, network: str, status: int
) -> None:
    anybody, path = connect(None), path_of(client, signed, "dir/k")
    until = int(time.time()) + 60
    message = f"ip={network}\nGET\n{until}\n{path}"
    signature = hmac.digest(KEY.encode(), message.encode(), "sha256").hex()
    query = f"temp_url_sig={signature}&temp_url_expires={until}"
    target = f"{path}?{query}&temp_url_ip_range={quote(network, safe='')}"
    assert anybody.raw("GET", target).status == status


def test_names_of_downloads(client: Client, connect: Connect, signed: str) -> None:
    anybody, path = connect(None), path_of(client, signed, "dir/k")
    named = visit(anybody, "GET", path, more="&filename=%C3%BC%22x.txt")
    assert "filename*=UTF-8''%C3%BC%22x.txt" in named.headers["content-disposition"]
    inline = visit(anybody, "GET", path, more="&inline")
    assert inline.headers["content-disposition"].startswith("inline")


def test_keys_are_changed_without_a_gap(
    client: Client, connect: Connect, signed: str
) -> None:
    anybody, path = connect(None), path_of(client, signed, "dir/k")
    client.ok("POST", signed, X_Container_Meta_Temp_Url_Key_2="second")
    assert visit(anybody, "GET", path, key="second").status == 200
    assert visit(anybody, "GET", path).status == 200
    client.ok("POST", signed, X_Remove_Container_Meta_Temp_Url_Key="x")
    assert visit(anybody, "GET", path).status == 401
    assert visit(anybody, "GET", path, key="second").status == 200


def test_a_new_key_opens_at_every_node_at_once(
    client: Client, connect: Connect, store: Store, container: str
) -> None:
    client.ok("PUT", container, "dir/k", body="x")
    path = path_of(client, container, "dir/k")
    anybody = [connect(None, node=node) for node in range(len(store.plans))]
    for number in range(3):
        # They all know the container as it was before.
        for each in anybody:
            assert visit(each, "GET", path, key=f"key {number}").status == 401
        client.ok("POST", container, X_Container_Meta_Temp_Url_Key=f"key {number}")
        for each in anybody:
            assert visit(each, "GET", path, key=f"key {number}").status == 200
