"""Names of every kind go in and come out unchanged, by every client."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import swiftclient

from test.functional.harness.http import Client
from test.functional.harness.tools import curl

ODD = (
    "simple",
    "with space",
    " leading and trailing ",
    "trailing/",
    "a//b",
    "a///",
    "../up",
    "a/../b",
    "./here",
    ".",
    "..",
    "...",
    ".hidden",
    "per%cent",
    "%41",
    "%2F%00",
    "100%",
    "plus+and&and=and?and#",
    "semi;colon,comma",
    'quo"te',
    "apo'strophe",
    "back\\slash",
    "<tag>&amp;",
    "tab\there",
    "line\nfeed",
    "return\rhere",
    "control\x01\x1f\x7f",
    "umläut/ß",
    "e\u0301 is not é",
    "日本語/ファイル",
    "🎉/👩‍👩‍👧‍👦",
    "עברית",
    "\u202eright to left",
    "\u00a0",
    "\ufffd",
    "\U0010ffff",
    "~tilde*star(paren)[bracket]{brace}|pipe^caret`tick$dollar!bang@at:colon",
)


def test_objects(client: Client, container: str) -> None:
    for number, name in enumerate(ODD):
        answer = client.call("PUT", container, name, body=b"%d" % number)
        assert answer.status == 201, name
    ordered = sorted(ODD, key=lambda name: name.encode())
    assert client.ok("GET", container, query="format=json").names == ordered
    for number, name in enumerate(ODD):
        assert client.ok("GET", container, name).body == b"%d" % number, name
        assert client.ok("HEAD", container, name).headers["content-length"]
        only = client.ok(
            "GET", container, query=f"format=json&prefix={quote(name, safe='')}"
        )
        assert name in only.names
        copy = quote(f"{container}/copy of {name}")
        assert client.call("COPY", container, name, Destination=copy).status == 201
        assert client.ok("GET", container, f"copy of {name}").body == b"%d" % number
        client.ok("POST", container, name, X_Object_Meta_A="1")
        assert client.call("DELETE", container, name).status == 204
        assert client.call("GET", container, name).status == 404
    assert len(client.ok("GET", container, query="format=json").names) == len(ODD)


def test_containers(client: Client, name: str) -> None:
    made = [f"{name} {odd}" for odd in ODD if "/" not in odd]
    for each in made:
        assert client.call("PUT", each).status == 201, each
        client.ok("PUT", each, "object", body=each.encode())
        assert client.ok("GET", each, "object").body == each.encode()
    # A space in a query is a plus or %20; quote() makes the latter.
    listed = client.ok("GET", query=f"format=json&prefix={quote(name + ' ')}").names
    assert listed == sorted(made, key=lambda each: each.encode())
    for each in made:
        client.ok("DELETE", each, "object")
        assert client.call("DELETE", each).status == 204, each


def test_metadata_in_utf8(client: Client, container: str) -> None:
    values = ["größe", "日本語", "🎉", "a  b", 'quo"te', "100%", "a=b;c,d", "ünï" * 30]
    headers = {f"X-Object-Meta-M{n}": value for n, value in enumerate(values)}
    client.send("PUT", container, "object", body=b"", headers=headers)
    got = client.ok("HEAD", container, "object").headers
    assert [got[f"x-object-meta-m{n}"] for n in range(len(values))] == values
    headers = {f"X-Container-Meta-M{n}": value for n, value in enumerate(values)}
    client.send("POST", container, headers=headers)
    got = client.ok("HEAD", container).headers
    assert [got[f"x-container-meta-m{n}"] for n in range(len(values))] == values


def test_names_of_metadata_in_utf8(
    endpoint: str, client: Client, container: str
) -> None:
    """The library sends them as they are and decodes what it is answered."""
    connection = swiftclient.Connection(
        f"{endpoint}/auth/v1.0", "test:tester", "testing"
    )
    connection.put_object(container, "o", b"", headers={"X-Object-Meta-Größe": "ü"})
    assert connection.head_object(container, "o")["x-object-meta-größe"] == "ü"
    connection.post_object(container, "o", {"X-Object-Meta-日本": "2"})
    assert connection.head_object(container, "o")["x-object-meta-日本"] == "2"
    connection.post_container(container, {"X-Container-Meta-Größe": "3"})
    assert connection.head_container(container)["x-container-meta-größe"] == "3"
    got = client.ok("HEAD", container).headers
    assert got["x-container-meta-gr%c3%b6%c3%9fe"] == "3", "HTTP has ASCII names only"
    connection.post_container(container, {"X-Container-Meta-Größe": ""})
    assert "x-container-meta-größe" not in connection.head_container(container)


@pytest.mark.parametrize("kind", ["Container", "Object"])
def test_metadata_that_is_not_utf8(client: Client, container: str, kind: str) -> None:
    client.ok("PUT", container, "o", body=b"")
    names = (container, "o") if kind == "Object" else (container,)
    path = "/".join(["/v1", client.account, *names])
    headers = {"X-Auth-Token": client.token, f"X-{kind}-Meta-A": "\udce4"}
    answer = client.raw("POST", path, headers)
    assert answer.status == 400
    assert "must be valid UTF-8" in answer.body.decode()


def test_the_client_library(endpoint: str, container: str) -> None:
    connection = swiftclient.Connection(
        f"{endpoint}/auth/v1.0", "test:tester", "testing"
    )
    # The library's HTTP layer removes dot segments, as browsers do.
    names = [name for name in ODD if not {".", ".."} & set(name.split("/"))]
    for name in names:
        connection.put_object(container, name, name.encode())
    _, entries = connection.get_container(container, full_listing=True, limit=5)
    assert [e["name"] for e in entries] == sorted(names, key=lambda n: n.encode())
    for name in names:
        assert connection.get_object(container, name)[1] == name.encode(), name


def test_curl(endpoint: str, client: Client, container: str) -> None:
    token = f"X-Auth-Token: {client.token}"
    for name in ("a b", "../up", "a//b", "🎉", "100%", "trailing/"):
        url = f"{endpoint}/v1/AUTH_test/{container}/{quote(name)}"
        curl("--path-as-is", "-f", "-H", token, "-T", "-", url, stdin=name.encode())
        got = curl("--path-as-is", "-f", "-H", token, url).output
        assert got == name.encode(), name
        assert client.ok("GET", container, name).body == name.encode()
