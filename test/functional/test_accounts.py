"""Accounts: their coming into being, headers, metadata, counts, deletion."""

from __future__ import annotations

import pytest
import swiftclient

from test.functional.conftest import Connect
from test.functional.harness.http import Client
from test.functional.harness.store import wait_for
from test.functional.harness.users import READER, RESELLER, TESTER


@pytest.fixture
def reseller(connect: Connect) -> Client:
    return connect(RESELLER)


def test_an_account_is_there_for_its_owner_from_the_first_request(
    reseller: Client, name: str
) -> None:
    account = f"AUTH_new-{name}"
    head = reseller.call("HEAD", account=account)
    assert head.status == 204
    assert head.headers["x-account-container-count"] == "0"
    assert reseller.call("GET", account=account).status == 204
    got = reseller.call("GET", account=account, query="format=json")
    assert (got.status, got.json) == (200, [])
    assert reseller.call("POST", account=account, X_Account_Meta_A="1").status == 204
    assert reseller.call("HEAD", account=account).headers["x-account-meta-a"] == "1"


def test_counts_follow(reseller: Client, name: str) -> None:
    account = f"AUTH_counts-{name}"
    for container, sizes in {"a": (1, 2), "b": (30,), "c": ()}.items():
        reseller.ok("PUT", container, account=account)
        for number, size in enumerate(sizes):
            reseller.ok(
                "PUT", container, f"o{number}", body=b"x" * size, account=account
            )
    head = reseller.ok("HEAD", account=account).headers
    assert head["x-account-container-count"] == "3"

    def is_counted() -> bool:
        head = reseller.ok("HEAD", account=account).headers
        counts = head["x-account-object-count"], head["x-account-bytes-used"]
        return counts == ("3", "33")

    wait_for(is_counted, "the account to hear of its objects")
    listed = reseller.ok("GET", account=account, query="format=json").json
    assert [(e["name"], e["count"], e["bytes"]) for e in listed] == [
        ("a", 2, 3),
        ("b", 1, 30),
        ("c", 0, 0),
    ]
    assert all(len(entry["last_modified"]) == 26 for entry in listed)


def test_metadata_is_set_replaced_and_removed(reseller: Client, name: str) -> None:
    account = f"AUTH_meta-{name}"

    def kept() -> dict[str, str]:
        headers = reseller.ok("HEAD", account=account).headers
        return {k[15:]: v for k, v in headers.items() if k.startswith("x-account-meta")}

    reseller.ok("POST", account=account, X_Account_Meta_A="1", X_Account_Meta_B="2")
    assert kept() == {"a": "1", "b": "2"}
    reseller.ok("POST", account=account, X_Account_Meta_A="3")
    assert kept() == {"a": "3", "b": "2"}
    reseller.ok("POST", account=account, X_Remove_Account_Meta_A="x")
    assert kept() == {"b": "2"}
    reseller.ok("POST", account=account, X_Account_Meta_B="")
    assert kept() == {}


def test_only_resellers_create_and_delete_accounts(
    connect: Connect, reseller: Client, name: str
) -> None:
    account = f"AUTH_managed-{name}"
    owner, reader = connect(TESTER), connect(READER)
    assert owner.call("PUT").status == 403
    assert owner.call("DELETE").status == 403
    assert reader.call("PUT", account=account).status == 403
    assert reseller.call("PUT", account=account).status == 201
    assert reseller.call("PUT", account=account).status == 202
    reseller.ok("PUT", "container", account=account)
    assert reseller.call("DELETE", account=account).status == 204
    for method in ("HEAD", "GET", "POST"):
        assert reseller.call(method, account=account).status == 404, method
    assert reseller.call("PUT", "another", account=account).status == 404


def test_a_query_does_not_delete_an_account(reseller: Client, name: str) -> None:
    account = f"AUTH_bulk-{name}"
    reseller.ok("PUT", account=account)
    assert reseller.call("DELETE", account=account, query="what").status == 400
    assert reseller.call("HEAD", account=account).status == 204


def test_a_reader_reads_everything_and_writes_nothing(
    connect: Connect, client: Client, container: str
) -> None:
    client.ok("PUT", container, "object", body=b"data")
    reader = connect(READER)
    own = "AUTH_test"
    assert reader.call("GET", container, "object", account=own).body == b"data"
    assert reader.call("GET", container, account=own).lines == ["object"]
    assert reader.call("HEAD", account=own).status == 204
    assert reader.call("PUT", container, "b", body=b"", account=own).status == 403
    assert reader.call("DELETE", container, "object", account=own).status == 403
    assert reader.call("POST", container, account=own).status == 403


def test_accounts_outside_the_prefix_are_nobodys(reseller: Client) -> None:
    for account in ("OTHER_test", "AUTH_", "AUTH_.internal", "test"):
        assert reseller.call("GET", account=account).status == 403, account


def test_the_client_library_with_accounts(endpoint: str, name: str) -> None:
    connection = swiftclient.Connection(
        f"{endpoint}/auth/v1.0", RESELLER.login, RESELLER.key
    )
    connection.post_account({"X-Account-Meta-Colour": "grün"})
    headers, containers = connection.get_account()
    assert headers["x-account-meta-colour"] == "grün"
    connection.put_container(name)
    headers, containers = connection.get_account(full_listing=True)
    assert name in [each["name"] for each in containers]
    assert int(headers["x-account-container-count"]) == len(containers)
    connection.delete_container(name)
    assert int(connection.head_account()["x-account-container-count"]) == (
        len(containers) - 1
    )
