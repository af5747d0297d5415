"""Tokens: how they are got, what they open, when they end."""

from __future__ import annotations

import pytest
import swiftclient

from test.functional.conftest import Connect
from test.functional.harness.http import Client
from test.functional.harness.store import Store, wait_for
from test.functional.harness.tools import curl
from test.functional.harness.users import GUEST, LINES, STRANGER, TESTER


def test_a_good_key_gets_a_token_and_the_storage_url(
    connect: Connect, endpoint: str
) -> None:
    client = connect(None)
    answer = client.log_in(TESTER)
    headers = answer.headers
    assert headers["x-storage-url"] == f"{endpoint}/v1/AUTH_test"
    assert headers["x-auth-token"] == headers["x-storage-token"]
    assert headers["x-auth-token"].startswith("AUTH_tk")
    assert 0 < int(headers["x-auth-token-expires"]) <= 86_400
    assert client.raw("GET", "/v1/AUTH_test").status == 401
    for name in ("X-Auth-Token", "X-Storage-Token"):
        token = {name: headers["x-auth-token"]}
        assert client.raw("HEAD", "/v1/AUTH_test", token).status in (200, 204)


@pytest.mark.parametrize(
    ("target", "user", "key"),
    [
        ("/auth/v1.0", "X-Auth-User", "X-Auth-Key"),
        ("/auth/v1.0", "X-Storage-User", "X-Storage-Pass"),
        ("/auth/v1", "X-Auth-User", "X-Auth-Key"),
        ("/auth/auth", "X-Auth-User", "X-Auth-Key"),
        ("/auth/v1/test/auth", "X-Auth-User", "X-Auth-Key"),
    ],
)
def test_every_way_to_ask(alone: Store, target: str, user: str, key: str) -> None:
    client = Client(alone.endpoint())
    answer = client.raw("GET", target, {user: TESTER.login, key: TESTER.key})
    assert answer.status == 200
    assert answer.headers["x-auth-token"]


def test_bad_credentials_are_refused_alike(connect: Connect) -> None:
    client = connect(None)
    wrong = [
        {"X-Auth-User": "test:tester", "X-Auth-Key": "guess"},
        {"X-Auth-User": "test:nobody", "X-Auth-Key": "testing"},
        {"X-Auth-User": "nowhere:tester", "X-Auth-Key": "testing"},
        {"X-Auth-User": "test2:tester", "X-Auth-Key": "testing"},
        {"X-Auth-User": "tester", "X-Auth-Key": "testing"},
        {"X-Auth-User": "test:tester"},
        {"X-Auth-Key": "testing"},
        {},
    ]
    for headers in wrong:
        answer = client.raw("GET", "/auth/v1.0", headers)
        assert answer.status == 401, headers
        assert answer.headers["www-authenticate"].startswith("Swift realm=")
        assert "x-auth-token" not in answer.headers
    assert client.raw("GET", "/auth/v9", wrong[0]).status == 400


def test_tokens_that_are_not_ours(connect: Connect, container: str) -> None:
    nobody = connect(None)
    good = connect(TESTER).token
    middle = len(good) // 2
    changed = good[:middle] + ("A" if good[middle] != "A" else "B") + good[middle + 1 :]
    for token in ("AUTH_tk0123456789abcdef", changed, good[:-10], "x" * 3000, "é"):
        target = f"/v1/AUTH_test/{container}"
        answer = nobody.raw("GET", target, {"X-Auth-Token": token})
        assert answer.status == 401, token
        assert "www-authenticate" in answer.headers


def test_who_may_not_gets_403(connect: Connect, container: str) -> None:
    for user in (GUEST, STRANGER):
        other = connect(user)
        for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
            for path in ((), (container,), (container, "object")):
                answer = other.call(method, *path, account="AUTH_test")
                assert answer.status == 403, (user.login, method, path)


def test_a_token_is_good_at_every_node_and_worker(
    cluster: Store, two_workers: Store
) -> None:
    token = Client(cluster.endpoint(0), TESTER).token
    for node in range(3):
        client = Client(cluster.endpoint(node))
        answer = client.raw("HEAD", "/v1/AUTH_test", {"X-Auth-Token": token})
        assert answer.status == 204
    token = Client(two_workers.endpoint(), TESTER).token
    for _ in range(10):  # new connections, spread over both workers
        client = Client(two_workers.endpoint())
        answer = client.raw("HEAD", "/v1/AUTH_test", {"X-Auth-Token": token})
        assert answer.status == 204
        client.close()


def test_a_token_ends(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store.alone(
        tmp_path_factory.mktemp("short"), users=f"token_life = 2\n{LINES}"
    )
    try:
        store.start()
        client = Client(store.endpoint(), TESTER)
        assert client.call("HEAD").status == 204
        wait_for(lambda: client.call("HEAD").status == 401, "the token to end", 10)
        # A stock client gets itself a new one and does not notice.
        connection = swiftclient.Connection(
            f"{store.endpoint()}/auth/v1.0", TESTER.login, TESTER.key
        )
        connection.head_account()
        stale = connection.token

        def is_renewed() -> bool:
            connection.head_account()
            return bool(connection.token != stale)

        wait_for(is_renewed, "the client to get a new token", 10)
    finally:
        store.stop()


def test_curl_logs_in_as_the_manual_says(endpoint: str) -> None:
    login = ["-H", "X-Auth-User: test:tester", "-H", "X-Auth-Key: testing"]
    head = curl("-i", *login, f"{endpoint}/auth/v1.0").text
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    values = dict(
        line.split(": ", 1) for line in head.splitlines() if line.startswith("X-")
    )
    token = f"X-Auth-Token: {values['X-Auth-Token']}"
    status = curl(
        "-o", "/dev/null", "-w", "%{http_code}", "-H", token, values["X-Storage-Url"]
    )
    assert status.text in ("200", "204")


def test_the_client_library_says_401(endpoint: str) -> None:
    with pytest.raises(swiftclient.ClientException) as error:
        swiftclient.get_auth(f"{endpoint}/auth/v1.0", "test:tester", "wrong")
    assert error.value.http_status == 401
