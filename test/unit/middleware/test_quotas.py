"""Quotas of containers and accounts, and who sets them."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel.access import AccessRules, Identity
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.middleware.account_quotas import AccountQuotas
from objectstore.middleware.container_quotas import ContainerQuotas
from test.fakes.swift_app import Answer, Client, KnownFacts, SwiftApp

RESELLER = Identity("admin:admin", is_reseller_admin=True)


def container_client(size: int, count: int, quota: dict[str, str]) -> Client:
    metadata = {f"X-Container-Meta-Quota-{k.title()}": v for k, v in quota.items()}
    facts = KnownFacts(containers={("a", "c"): metadata})
    facts.used["a", "c"], facts.count["a", "c"] = size, count
    return Client(ContainerQuotas(SwiftApp()), facts)


@pytest.mark.parametrize(
    ("size", "count", "quota", "allowed"),
    [
        (0, 0, {}, True),
        (95, 0, {"bytes": "100"}, True),
        (96, 0, {"bytes": "100"}, False),
        (0, 1, {"count": "2"}, True),
        (0, 2, {"count": "2"}, False),
        (999, 9, {"bytes": "junk", "count": ""}, True),
    ],
)
def test_container_quotas(
    size: int, count: int, quota: dict[str, str], allowed: bool
) -> None:
    client = container_client(size, count, quota)
    if allowed:
        assert client("PUT", "/v1/a/c/o", body=b"12345").status == 200
    else:
        with pytest.raises(Rejected, match="413 Upload exceeds quota"):
            client("PUT", "/v1/a/c/o", body=b"12345")
    assert client("DELETE", "/v1/a/c/o").status == 200
    assert client("PUT", "/v1/a/missing/o", body=b"12345").status == 200


def test_strangers_do_not_learn_of_quotas() -> None:
    def refuse(request: Any, rules: AccessRules) -> None:
        raise Rejected(401)

    client = container_client(0, 2, {"count": "2"})
    context = Context(facts=client.facts, authorize=refuse)
    with pytest.raises(Rejected, match="401"):
        client("PUT", "/v1/a/c/o", **{CONTEXT_KEY: context})


def test_container_quotas_must_be_numbers() -> None:
    client = container_client(0, 0, {})
    for name, text in (("Bytes", "bytes"), ("Count", "count")):
        header = {f"X-Container-Meta-Quota-{name}": "-1"}
        with pytest.raises(Rejected, match=f"400 Invalid {text} quota"):
            client("POST", "/v1/a/c", header)
    assert client("PUT", "/v1/a/c", {"X-Container-Meta-Quota-Bytes": ""}).status == 200


def account_client(size: int, count: int, metadata: dict[str, str]) -> Client:
    facts = KnownFacts({"a": metadata})
    facts.used["a"], facts.count["a"] = size, count
    return Client(AccountQuotas(SwiftApp()), facts)


def test_account_quotas() -> None:
    client = account_client(10, 3, {"X-Account-Meta-Quota-Bytes": "12"})
    assert client("PUT", "/v1/a/c/o", body=b"12").status == 200
    assert client("PUT", "/v1/a/c").status == 200
    with pytest.raises(Rejected, match="413 Upload exceeds quota"):
        client("PUT", "/v1/a/c/o", body=b"123")
    context = Context(facts=client.facts, identity=RESELLER)
    got = client("PUT", "/v1/a/c/o", body=b"123", **{CONTEXT_KEY: context})
    assert got.status == 200
    client = account_client(10, 3, {"X-Account-Sysmeta-Quota-Count": "3"})
    with pytest.raises(Rejected, match="413"):
        client("PUT", "/v1/a/c/o")
    client = account_client(10, 3, {})
    assert client("PUT", "/v1/a/c/o").status == 200


@pytest.mark.parametrize(
    "header",
    [
        "X-Account-Meta-Quota-Bytes",
        "X-Account-Quota-Bytes",
        "X-Account-Quota-Count",
        "X-Remove-Account-Meta-Quota-Bytes",
        "X-Remove-Account-Quota-Bytes",
    ],
)
def test_only_resellers_set_account_quotas(header: str) -> None:
    client = account_client(0, 0, {})
    with pytest.raises(Rejected, match="403"):
        client("POST", "/v1/a", {header: "5"})
    context = Context(identity=RESELLER)
    assert (
        client("POST", "/v1/a", {header: "5"}, **{CONTEXT_KEY: context}).status == 200
    )
    if "Remove" not in header:
        with pytest.raises(Rejected, match="400"):
            context = Context(identity=RESELLER)
            client("POST", "/v1/a", {header: "five"}, **{CONTEXT_KEY: context})


def test_the_count_quota_is_system_metadata() -> None:
    server = SwiftApp()
    server.default = Answer(200, [("X-Account-Sysmeta-Quota-Count", "5")])
    client = Client(AccountQuotas(server))
    context = Context(identity=RESELLER)
    header = {"X-Account-Quota-Count": "5"}
    got = client("POST", "/v1/a", header, **{CONTEXT_KEY: context})
    assert server.last.headers["X-Account-Sysmeta-Quota-Count"] == "5"
    assert got.headers["X-Account-Quota-Count"] == "5"


def test_the_quota_of_bytes_has_two_names() -> None:
    server = SwiftApp()
    server.default = Answer(200, [("X-Account-Meta-Quota-Bytes", "5")])
    client = Client(AccountQuotas(server))
    context = Context(identity=RESELLER)
    header = {"X-Account-Quota-Bytes": "5"}
    got = client("POST", "/v1/a", header, **{CONTEXT_KEY: context})
    assert server.last.headers["X-Account-Meta-Quota-Bytes"] == "5"
    assert got.headers["X-Account-Quota-Bytes"] == "5"
    assert got.headers["X-Account-Meta-Quota-Bytes"] == "5"


def test_no_quotas_of_single_policies() -> None:
    client = account_client(0, 0, {})
    header = {"X-Account-Quota-Bytes-Policy-Gold": "5"}
    with pytest.raises(Rejected, match="403"):
        client("POST", "/v1/a", header)
    context = Context(identity=RESELLER)
    with pytest.raises(Rejected, match="501"):
        client("POST", "/v1/a", header, **{CONTEXT_KEY: context})
