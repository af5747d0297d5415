"""What everybody may ask: /healthcheck and /info; what stands on every reply."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlsplit

import swiftclient

from test.functional.conftest import Connect
from test.functional.harness.http import Answer, Client
from test.functional.harness.store import Store
from test.functional.harness.tools import SWIFT, curl, run

TRANSACTION = re.compile(r"tx[0-9a-f]{21}-[0-9a-f]{10}\Z")


def test_healthcheck(connect: Connect) -> None:
    client = connect(None)
    answer = client.raw("GET", "/healthcheck")
    assert (answer.status, answer.body) == (200, b"OK")
    assert answer.headers["content-type"].startswith("text/plain")
    answer = client.raw("HEAD", "/healthcheck")
    assert (answer.status, answer.body) == (200, b"")


def test_as_many_headers_are_taken_as_info_says(
    connect: Connect, endpoint: str
) -> None:
    swift = connect(None).raw("GET", "/info").json["swift"]
    most = swift["max_meta_count"] + 36 + swift["extra_header_count"]
    where = urlsplit(endpoint)
    for count, status in ((most, 200), (most + 1, 431)):
        connection = http.client.HTTPConnection(where.netloc, timeout=20)
        connection.putrequest("GET", "/info", skip_accept_encoding=True)
        for number in range(count - 1):  # and Host
            connection.putheader(f"X-Header-{number}", "x")
        connection.endheaders()
        assert connection.getresponse().status == status
        connection.close()


def test_info_names_the_limits(connect: Connect, endpoint: str) -> None:
    client = connect(None)
    answer = client.raw("GET", "/info")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    swift = answer.json["swift"]
    assert swift["max_object_name_length"] == 1024
    assert swift["max_container_name_length"] == 256
    assert swift["max_account_name_length"] == 256
    assert swift["max_meta_name_length"] == 128
    assert swift["max_meta_value_length"] == 256
    assert swift["max_meta_count"] == 90
    assert swift["max_meta_overall_size"] == 4096
    assert swift["max_file_size"] == 5 * 2**30 + 2
    assert swift["container_listing_limit"] == 10_000
    assert swift["account_listing_limit"] == 10_000
    assert [policy["default"] for policy in swift["policies"]] == [True]
    assert "tempauth" in answer.json
    assert client.raw("HEAD", "/info").body == b""
    shown = run([str(SWIFT), "capabilities", endpoint]).text
    assert "max_object_name_length: 1024" in shown
    capabilities = swiftclient.Connection(
        f"{endpoint}/auth/v1.0", "test:tester", "testing"
    ).get_capabilities()
    assert capabilities["swift"]["max_file_size"] == 5 * 2**30 + 2


def test_every_reply_has_a_transaction_id(client: Client, container: str) -> None:
    client.ok("PUT", container, "object", body=b"data")
    seen: list[Answer] = [
        client.call("GET", container, "object"),
        client.call("HEAD", container, "object"),
        client.call("GET", container, "object", Range="bytes=9-"),
        client.call("GET", container, "object", If_None_Match="*"),
        client.call("GET", container, "missing"),
        client.call("GET", container),
        client.call("GET"),
        client.call("PUT", container),
        client.call("DELETE", container),
        client.call("DELETE", container, "missing"),
        client.call("PUT", container, "x" * 1025),
        client.call("PATCH", container, "object"),
        client.call("OPTIONS", container, "object"),
        client.call("COPY", container, "object"),
        client.raw("GET", "/healthcheck"),
        client.raw("GET", "/info"),
        client.raw("GET", "/auth/v1.0"),
        client.raw("GET", "/nothing/here"),
        client.raw("GET", "/"),
        client.raw("GET", "/v1/AUTH_test"),
        client.raw("PUT", "/v1/AUTH_test/%ff/%fe", {"X-Auth-Token": client.token}),
    ]
    for answer in seen:
        identity = answer.headers["x-trans-id"]
        assert TRANSACTION.match(identity), answer
        assert answer.headers["x-openstack-request-id"] == identity
        assert "date" in answer.headers
    identities = [answer.headers["x-trans-id"] for answer in seen]
    assert len(set(identities)) == len(identities)


def test_a_client_may_mark_the_transaction_id(client: Client) -> None:
    answer = client.call("HEAD", X_Trans_Id_Extra="my-batch-7")
    assert answer.headers["x-trans-id"].endswith("-my-batch-7")


def test_even_a_malformed_request_gets_one(store: Store) -> None:
    answer = curl("-si", "-X", "GET", "-H", "Bad Header: x", f"{store.endpoint()}/info")
    assert answer.text.startswith("HTTP/1.1 400 ")
    assert "\r\nX-Trans-Id: tx" in answer.text


def test_internal_headers_neither_come_in_nor_go_out(
    client: Client, container: str
) -> None:
    forged = {
        "X-Object-Sysmeta-Secret": "1",
        "X-Object-Transient-Sysmeta-Secret": "1",
        "X-Container-Sysmeta-Secret": "1",
        "X-Account-Sysmeta-Core-Access-Control": '{"admin":["test:tester3"]}',
        "X-Backend-Storage-Policy-Index": "1",
        "X-Ringstack-Anything": "1",
        "X-Timestamp": "0000000001.00000",
        "X-Object-Meta-Kept": "yes",
    }
    client.send("PUT", container, "object", body=b"x", headers=forged)
    client.send("POST", container, headers=forged)
    client.send("POST", headers=forged)
    for path in ((container, "object"), (container,), ()):
        for method in ("GET", "HEAD"):
            answer = client.ok(method, *path)
            for name in answer.headers:
                assert "sysmeta" not in name, (path, name)
                assert not name.startswith(("x-backend-", "x-ringstack-")), (path, name)
            assert float(answer.headers["x-timestamp"]) > 1_000_000_000
    assert client.ok("GET", container, "object").headers["x-object-meta-kept"] == "yes"
