"""Accounts through the whole proxy."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from lxml import etree

from objectstore.kernel.access import AccessRules, Identity
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Context, Request
from test.unit.proxy.cluster import IMPATIENT, Cluster

ACCOUNT = "/AUTH_test"


def allow(request: Request, rules: AccessRules) -> None:
    """Everybody may."""


GUEST = Context(authorize=allow, identity=Identity("other:guest"))
OWNER = Context(authorize=allow, identity=Identity("test:me"), is_owner=True)
ADMIN = Context(
    authorize=allow, identity=Identity("a:b", is_reseller_admin=True), is_owner=True
)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def test_comes_into_being_for_its_owner(cluster: Cluster) -> None:
    assert cluster.ask("GET", ACCOUNT, context=GUEST).status == 404
    shown = cluster.ask("GET", ACCOUNT, context=OWNER)
    assert shown.status == 204
    assert shown.headers["X-Account-Container-Count"] == "0"
    assert cluster.ask("PUT", f"{ACCOUNT}/box", context=GUEST).status == 404
    assert cluster.ask("PUT", f"{ACCOUNT}/box", context=OWNER).status == 201
    assert cluster.ask("HEAD", ACCOUNT, context=GUEST).status == 204


def test_post_creates(cluster: Cluster) -> None:
    header = {"X-Account-Meta-Temp-URL-Key": "secret", "X-Account-Meta-A": "1"}
    assert cluster.ask("POST", ACCOUNT, header).status == 204
    shown = cluster.ask("HEAD", ACCOUNT, context=OWNER).headers
    assert shown["X-Account-Meta-Temp-Url-Key"] == "secret"
    hidden = cluster.ask("HEAD", ACCOUNT, context=GUEST).headers
    assert "X-Account-Meta-Temp-Url-Key" not in hidden
    assert hidden["X-Account-Meta-A"] == "1"
    cluster.ask("POST", ACCOUNT, {"X-Remove-Account-Meta-A": "x"})
    assert "X-Account-Meta-A" not in cluster.ask("HEAD", ACCOUNT).headers


def test_the_one_policy_has_everything(cluster: Cluster) -> None:
    for name in ("a", "b"):
        cluster.ask("PUT", f"{ACCOUNT}/{name}")
    headers = cluster.ask("HEAD", ACCOUNT).headers
    prefix = "X-Account-Storage-Policy-Policy-0"
    assert headers[f"{prefix}-Container-Count"] == "2"
    assert headers[f"{prefix}-Object-Count"] == "0"
    assert headers[f"{prefix}-Bytes-Used"] == "0"


def test_listing(cluster: Cluster) -> None:
    for name in ("a", "b", "ü"):
        cluster.ask("PUT", f"{ACCOUNT}/{name}")
    assert cluster.ask("GET", ACCOUNT).text() == "a\nb\nü\n"
    assert cluster.ask("GET", ACCOUNT, query="limit=1&marker=a").text() == "b\n"
    # What follows "b" directly: a listing that is turned round begins with "b".
    query = "reverse=on&marker=b%00"
    assert cluster.ask("GET", ACCOUNT, query=query).text() == "b\na\n"
    listed = json.loads(cluster.ask("GET", ACCOUNT, query="format=json").body)
    assert {entry["storage_policy"] for entry in listed} == {"Policy-0"}
    entries = json.loads(cluster.ask("GET", ACCOUNT, query="format=json").body)
    assert [entry["name"] for entry in entries] == ["a", "b", "ü"]
    assert entries[0]["count"] == entries[0]["bytes"] == 0
    assert "last_modified" in entries[0]
    answer = cluster.ask("GET", ACCOUNT, query="format=xml")
    root = etree.fromstring(answer.body)
    assert root.tag == "account"
    assert [node.findtext("name") for node in root] == ["a", "b", "ü"]
    cluster.ask("DELETE", f"{ACCOUNT}/b")
    assert cluster.ask("GET", ACCOUNT).text() == "a\nü\n"
    assert cluster.ask("HEAD", ACCOUNT).headers["X-Account-Container-Count"] == "2"


def test_management_is_for_reseller_admins(cluster: Cluster) -> None:
    assert cluster.ask("PUT", ACCOUNT, context=OWNER).status == 403
    assert cluster.ask("DELETE", ACCOUNT, context=OWNER).status == 403
    assert cluster.ask("PUT", ACCOUNT, context=ADMIN).status == 201
    assert cluster.ask("PUT", ACCOUNT, context=ADMIN).status == 202
    assert cluster.ask("DELETE", ACCOUNT, query="x=1", context=ADMIN).status == 400
    assert cluster.ask("DELETE", ACCOUNT, context=ADMIN).status == 204
    # A deleted account does not come back by itself.
    assert cluster.ask("GET", ACCOUNT, context=OWNER).status == 404
    assert cluster.ask("PUT", f"{ACCOUNT}/box", context=OWNER).status == 404


@pytest.mark.parametrize("there", [0, 1, 2])
def test_an_account_is_not_empty_when_two_replicas_missed_what_came(
    cluster: Cluster, there: int
) -> None:
    assert cluster.ask("POST", ACCOUNT, context=OWNER).status == 204
    away = cluster.primaries("account", ACCOUNT)
    del away[there]
    for device in away:
        cluster.faults("account", device).down = True
    assert cluster.ask("PUT", f"{ACCOUNT}/box", context=OWNER).status == 201
    for device in away:
        cluster.faults("account", device).down = False
    assert cluster.ask("DELETE", ACCOUNT, context=ADMIN).status == 204
    # What is in it still has to be removed.
    assert cluster.ask("PUT", ACCOUNT, context=ADMIN).status == 403


def test_management_switched_off() -> None:
    cluster = Cluster(settings=replace(IMPATIENT, allow_account_management=False))
    answer = cluster.ask("PUT", ACCOUNT, context=ADMIN)
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"


def test_autocreate_switched_off() -> None:
    cluster = Cluster(settings=replace(IMPATIENT, account_autocreate=False))
    assert cluster.ask("PUT", f"{ACCOUNT}/box").status == 404
    assert cluster.ask("PUT", ACCOUNT).status == 201
    assert cluster.ask("PUT", f"{ACCOUNT}/box").status == 201


def test_acls_reach_the_authoriser(cluster: Cluster) -> None:
    account_acl = {"X-Account-Sysmeta-Core-Access-Control": '{"admin": ["x"]}'}
    cluster.ask("POST", ACCOUNT, account_acl)
    acls = {"X-Container-Read": "readers", "X-Container-Write": "writers"}
    cluster.ask("PUT", f"{ACCOUNT}/box", acls)
    seen: list[AccessRules] = []

    def look(request: Request, rules: AccessRules) -> None:
        seen.append(rules)
        raise Rejected(403)

    context = Context(authorize=look)
    for method, path, acl in (
        ("GET", "/box", "readers"),
        ("HEAD", "/box", "readers"),
        ("PUT", "/box", ""),
        ("POST", "/box", ""),
        ("DELETE", "/box", ""),
        ("GET", "/box/o", "readers"),
        ("HEAD", "/box/o", "readers"),
        ("PUT", "/box/o", "writers"),
        ("POST", "/box/o", "writers"),
        ("DELETE", "/box/o", "writers"),
        ("GET", "/none/o", ""),
        ("GET", "", ""),
        ("PUT", "", ""),
    ):
        answer = cluster.ask(method, ACCOUNT + path, {}, b"", context=context)
        assert answer.status == 403, (method, path)
        assert seen.pop() == AccessRules(acl, '{"admin": ["x"]}')
