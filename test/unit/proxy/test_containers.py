"""Containers and their listings through the whole proxy."""

from __future__ import annotations

import json

import pytest
from lxml import etree

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Context
from objectstore.policy.policies import Policies, Policy
from objectstore.proxy.known.databases import View
from test.unit.proxy.cluster import Cluster

BOX = "/AUTH_test/box"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def fill(cluster: Cluster, *names: str) -> None:
    cluster.make_container(BOX)
    for name in names:
        assert cluster.put(f"{BOX}/{name}", b"12345").status == 201


def names(cluster: Cluster, query: str = "") -> list[str]:
    answer = cluster.ask("GET", BOX, query=query)
    assert answer.status in (200, 204), answer.body
    return answer.text().splitlines()


def test_life(cluster: Cluster) -> None:
    assert cluster.ask("HEAD", BOX).status == 404
    assert cluster.ask("PUT", BOX).status == 201
    assert cluster.ask("PUT", BOX).status == 202
    empty = cluster.ask("GET", BOX)
    assert (empty.status, empty.body) == (204, b"")
    cluster.put(f"{BOX}/a", b"12345")
    head = cluster.ask("HEAD", BOX)
    assert head.status == 204
    assert head.headers["X-Container-Object-Count"] == "1"
    assert head.headers["X-Container-Bytes-Used"] == "5"
    assert head.headers["X-Storage-Policy"] == "Policy-0"
    assert cluster.ask("DELETE", BOX).status == 409
    cluster.ask("DELETE", f"{BOX}/a")
    gone = cluster.ask("DELETE", BOX)
    assert gone.status == 204
    assert gone.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert cluster.ask("DELETE", BOX).status == 404
    assert cluster.ask("GET", BOX).status == 404
    assert cluster.ask("PUT", BOX).status == 201


def test_last_modified_follows_puts_and_changes(cluster: Cluster) -> None:
    cluster.ask("PUT", BOX)
    shown = {cluster.ask("HEAD", BOX).headers["Last-Modified"]}
    for method in ("POST", "PUT"):
        cluster.clock.ahead += 2
        cluster.ask(method, BOX, {"X-Container-Meta-A": method})
        shown.add(cluster.ask("HEAD", BOX).headers["Last-Modified"])
    assert len(shown) == 3


def test_json_and_xml(cluster: Cluster) -> None:
    fill(cluster, "ä/1", "b")
    answer = cluster.ask("GET", BOX, query="format=json&delimiter=/")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    subdir, entry = json.loads(answer.body)[::-1]
    assert subdir == {"subdir": "ä/"}
    assert entry["name"] == "b"
    assert entry["bytes"] == 5
    assert entry["content_type"] == "application/octet-stream"
    assert entry["hash"] == "827ccb0eea8a706c4c34a16891f84e7b"
    assert len(entry["last_modified"]) == len("2014-02-10T22:42:28.123450")
    for query, accept in (("format=xml", ""), ("", "application/xml")):
        answer = cluster.ask("GET", BOX, {"Accept": accept}, query=query)
        assert answer.headers["Content-Type"] == "application/xml; charset=utf-8"
        root = etree.fromstring(answer.body)
        assert (root.tag, root.get("name")) == ("container", "box")
        assert [node.findtext("name") for node in root] == ["b", "ä/1"]
    assert cluster.ask("GET", BOX, {"Accept": "image/png"}).status == 406


def test_parameters(cluster: Cluster) -> None:
    fill(cluster, "a", "b/1", "b/2", "b/c/3", "d")
    assert names(cluster) == ["a", "b/1", "b/2", "b/c/3", "d"]
    assert names(cluster, "limit=2") == ["a", "b/1"]
    assert names(cluster, "limit=0") == []
    assert names(cluster, "marker=b/1&end_marker=d") == ["b/2", "b/c/3"]
    assert names(cluster, "prefix=b/") == ["b/1", "b/2", "b/c/3"]
    assert names(cluster, "prefix=b/&delimiter=/") == ["b/1", "b/2", "b/c/"]
    assert names(cluster, "delimiter=/") == ["a", "b/", "d"]
    assert names(cluster, "reverse=true&limit=2") == ["d", "b/c/3"]
    assert names(cluster, "path=b") == ["b/1", "b/2"]
    assert names(cluster, "path=") == ["a", "d"]
    cluster.put(f"{BOX}//led")
    assert names(cluster, "path=/") == ["/led"]
    assert names(cluster, "limit=nonsense") == names(cluster)


def test_limit_over_the_largest(cluster: Cluster) -> None:
    fill(cluster)
    answer = cluster.ask("GET", BOX, query="limit=10001")
    assert (answer.status, answer.text()) == (412, "Maximum limit is 10000")


def test_metadata(cluster: Cluster) -> None:
    cluster.ask("PUT", BOX, {"X-Container-Meta-A": "1", "X-Container-Meta-B": "2"})
    cluster.ask("POST", BOX, {"X-Container-Meta-A": "", "X-Container-Meta-C": "ü"})
    assert cluster.ask("POST", BOX, {"X-Remove-Container-Meta-B": "x"}).status == 204
    head = cluster.ask("HEAD", BOX)
    shown = {key for key in head.headers if key.startswith("X-Container-Meta")}
    assert shown == {"X-Container-Meta-C"}
    assert head.headers["X-Container-Meta-C"] == "ü"
    assert cluster.ask("POST", "/AUTH_test/none").status == 404


def test_owners_see_acls(cluster: Cluster) -> None:
    cluster.ask("PUT", BOX, {"X-Container-Read": ".r:*", "X-Container-Write": "a:b"})
    owner = Context(authorize=lambda request, rules: None, is_owner=True)
    guest = Context(authorize=lambda request, rules: None)
    assert cluster.ask("HEAD", BOX, context=owner).headers["X-Container-Read"] == ".r:*"
    seen = cluster.ask("HEAD", BOX, context=guest).headers
    assert "X-Container-Read" not in seen
    assert "X-Container-Write" not in seen
    cluster.ask("POST", BOX, {"X-Container-Read": "all"}, context=guest)
    assert cluster.ask("HEAD", BOX).headers["X-Container-Read"] == ".r:*"


def test_policies() -> None:
    policies = Policies(
        [
            Policy(0, "gold", is_default=True),
            Policy(1, "silver", aliases=("cheap",)),
            Policy(2, "old", is_deprecated=True),
        ]
    )
    cluster = Cluster(policies=policies)
    assert cluster.ask("PUT", BOX, {"X-Storage-Policy": "lead"}).status == 400
    assert cluster.ask("PUT", BOX, {"X-Storage-Policy": "old"}).status == 400
    assert cluster.ask("PUT", BOX, {"X-Storage-Policy": "Cheap"}).status == 201
    assert cluster.ask("PUT", BOX, {"X-Storage-Policy": "gold"}).status == 409
    assert cluster.ask("PUT", BOX).status == 202
    assert cluster.ask("HEAD", BOX).headers["X-Storage-Policy"] == "silver"
    cluster.put(f"{BOX}/a")
    assert cluster.ask("GET", f"{BOX}/a").body == b"hello"
    kinds = {
        (kind, policy)
        for (kind, _, policy), node in cluster.directory.raw.items()
        if kind == "object" and node.objects
    }
    assert kinds == {("object", 1)}


def test_stale_replicas_cannot_hide_what_others_deleted(cluster: Cluster) -> None:
    fill(cluster, "a", "b")
    first, *_ = cluster.primaries("container", BOX)
    cluster.faults("container", first).down = True
    cluster.ask("DELETE", f"{BOX}/a")
    cluster.put(f"{BOX}/c")
    cluster.faults("container", first).down = False
    assert names(cluster) == ["b", "c"]
    assert names(cluster, "reverse=1") == ["c", "b"]
    assert names(cluster, "limit=1") == ["b"]


@pytest.mark.parametrize("missed_by", [0, 1, 2])
def test_a_container_is_empty_whatever_one_replica_missed(
    cluster: Cluster, missed_by: int
) -> None:
    fill(cluster, "a")
    stale = cluster.primaries("container", BOX)[missed_by]
    cluster.faults("container", stale).down = True
    cluster.ask("DELETE", f"{BOX}/a")
    cluster.faults("container", stale).down = False
    assert cluster.ask("DELETE", BOX).status == 204
    assert cluster.ask("HEAD", BOX).status == 404


def test_metadata_that_different_replicas_missed(cluster: Cluster) -> None:
    fill(cluster)
    first, second, _ = cluster.primaries("container", BOX)
    for device, value in ((first, "A"), (second, "B")):
        cluster.faults("container", device).down = True
        header = {f"X-Container-Meta-{value}": value}
        assert cluster.ask("POST", BOX, header).status == 204
        cluster.faults("container", device).down = False
    head = cluster.ask("HEAD", BOX).headers
    assert head["X-Container-Meta-A"] == "A"
    assert head["X-Container-Meta-B"] == "B"


@pytest.mark.parametrize("there", [0, 1, 2])
def test_a_container_is_not_empty_when_two_replicas_missed_what_came(
    cluster: Cluster, there: int
) -> None:
    away = cluster.primaries("container", BOX)
    del away[there]
    for device in away:
        cluster.faults("container", device).down = True
    fill(cluster, "a")
    for device in away:
        cluster.faults("container", device).down = False
    # Now they have it, without its row.
    assert cluster.ask("PUT", BOX).status == 202
    assert cluster.ask("DELETE", BOX).status == 409
    assert cluster.ask("GET", f"{BOX}/a").body == b"12345"


def test_no_container_is_called_absent_while_most_replicas_are_silent(
    cluster: Cluster,
) -> None:
    device, *others = cluster.primaries("container", BOX)
    cluster.set_down(device)
    cluster.make_container(BOX)
    cluster.set_down(device, False)
    for number in range(4):
        cluster.faults("container", number).down = number != device
    assert cluster.ask("DELETE", BOX).status == 503
    for other in others:
        cluster.faults("container", other).down = False
    assert cluster.ask("DELETE", BOX).status == 204


def test_a_deletion_that_most_replicas_refuse_is_taken_back(cluster: Cluster) -> None:
    cluster.ask("PUT", BOX, {"X-Container-Meta-A": "1"})
    _, second, third = cluster.primaries("container", BOX)
    for device in (second, third):
        # As when a row arrives between the look and the deletion.
        refusal = Rejected(409, "not empty")
        cluster.faults("container", device).fail("delete", error=refusal)
    assert cluster.ask("DELETE", BOX).status == 409
    for node in cluster.directory.raw.values():
        for database in getattr(node, "databases", {}).values():
            assert database.info().exists
    assert cluster.ask("HEAD", BOX).headers["X-Container-Meta-A"] == "1"
    assert cluster.put(f"{BOX}/more").status == 201


def test_a_replica_that_goes_while_it_is_asked_is_no_container_that_is_not_there(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cluster, "a")

    def gone(self: object, query: object) -> None:
        raise Rejected(404)

    monkeypatch.setattr(View, "page", gone)
    assert cluster.ask("DELETE", BOX).status == 503
    monkeypatch.undo()
    assert cluster.ask("DELETE", BOX).status == 409
