"""Quotas of containers, which owners set, and of accounts, which resellers set."""

from __future__ import annotations

import pytest

from test.functional.conftest import Connect
from test.functional.harness.http import Client
from test.functional.harness.users import COMMANDER, RESELLER


def test_a_containers_bytes(client: Client, container: str) -> None:
    client.ok("POST", container, X_Container_Meta_Quota_Bytes="10")
    client.ok("PUT", container, "fits", body="x" * 10)
    refused = client.call("PUT", container, "more", body="x" * 11)
    assert (refused.status, "quota" in refused.text) == (413, True)
    assert client.call("HEAD", container, "more").status == 404
    source = f"{container}-source"
    client.ok("PUT", source)
    client.ok("PUT", source, "big", body="x" * 11)
    copied = client.call("PUT", container, "copy", X_Copy_From=f"{source}/big")
    assert copied.status == 413
    assert client.ok("GET", container).lines == ["fits"]


def test_a_containers_count(client: Client, name: str) -> None:
    client.ok("PUT", name, X_Container_Meta_Quota_Count="0")
    assert client.call("PUT", name, "one", body="x").status == 413
    client.ok("POST", name, X_Remove_Container_Meta_Quota_Count="x")
    client.ok("PUT", name, "one", body="x")
    assert client.ok("GET", name).lines == ["one"]


@pytest.mark.parametrize("value", ["ten", "-1", "1.5"])
def test_quotas_that_are_no_numbers(client: Client, container: str, value: str) -> None:
    answer = client.call("POST", container, X_Container_Meta_Quota_Bytes=value)
    assert answer.status == 400
    headers = client.ok("HEAD", container).headers
    assert "x-container-meta-quota-bytes" not in headers


def test_only_resellers_bound_accounts(connect: Connect, name: str) -> None:
    owner, reseller = connect(COMMANDER), connect(RESELLER)
    assert owner.call("POST", X_Account_Meta_Quota_Bytes="1").status == 403
    account = owner.account
    try:
        reseller.ok("POST", account=account, X_Account_Meta_Quota_Bytes="1")
        owner.ok("PUT", name)
        assert owner.call("PUT", name, "k", body="too much").status == 413
        assert owner.call("POST", X_Remove_Account_Meta_Quota_Bytes="x").status == 403
    finally:
        reseller.ok("POST", account=account, X_Remove_Account_Meta_Quota_Bytes="x")
    assert owner.ok("PUT", name, "k", body="much").status == 201
    assert owner.ok("GET", name, "k").body == b"much"
