"""Operators' tools and pages, against stores that run."""

from __future__ import annotations

import urllib.request
from typing import Any
from urllib.error import HTTPError

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from objectstore.app.daemons import DAEMONS
from objectstore.cli.layout import LOOPBACK
from test.functional.harness.http import Client
from test.functional.harness.operator import Operator
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import RESELLER, TESTER
from test.prometheus_rules import series


def page(store: Store, path: str, node: int = 0) -> bytes:
    """A page of a node server, asked without any secret."""
    port = store.plans[node].node_port
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{path}", timeout=30) as reply:
        content: bytes = reply.read()
    return content


def test_metrics_of_all_workers_on_one_page(two_workers: Store) -> None:
    client = Client(two_workers.endpoint(), TESTER)
    client.ok("PUT", "metrics")
    for number in range(20):
        client.ok("PUT", "metrics", f"o{number}", body=b"x")
    text = page(two_workers, "/metrics").decode()
    families = {each.name: each for each in text_string_to_metric_families(text)}
    up = families["ringstack_worker_up"].samples
    assert {(each.labels["worker"], each.value) for each in up} == {("0", 1), ("1", 1)}
    puts = sum(
        sample.value
        for sample in families["ringstack_requests"].samples
        if sample.labels["method"] == "PUT" and sample.labels["server"] == "proxy"
    )
    assert puts >= 21
    served = families["ringstack_device_served"].samples
    assert {each.labels["device"]: each.value for each in served} == dict.fromkeys(
        ("d1", "d2", "d3", "d4"), 1
    )
    for name in (
        "ringstack_request_seconds",
        "ringstack_commit_records",
        "ringstack_commit_seconds",
        "ringstack_waiting",
        "ringstack_quarantined",
        "ringstack_hung_read_bytes",
        "ringstack_audit_oldest_seconds",
        "ringstack_device_bytes",
        "ringstack_replication_partitions",
    ):
        assert families[name].samples, name
    names = {sample.name for each in families.values() for sample in each.samples}
    assert series("ringstack-store") <= names
    assert "ringstack_loop_failing" in names


@pytest.mark.parametrize("path", ["/metrics", "/recon", "/worker", "/admin/daemon/x"])
def test_strangers_learn_nothing(alone: Store, path: str) -> None:
    with pytest.raises(HTTPError) as refused:
        urllib.request.urlopen(alone.endpoint() + path, timeout=30)
    assert refused.value.code in (401, 404, 412)


def test_the_secret_guards_the_admin_pages(alone: Store) -> None:
    with pytest.raises(HTTPError) as refused:
        page(alone, "/admin/object/0/d1/" + "0" * 32)
    assert refused.value.code == 403


def test_recon_page(cluster: Store) -> None:
    told = orjson.loads(page(cluster, "/recon"))
    assert set(told["rings"]) == {"account", "container", "object"}
    assert [each["device"] for each in told["devices"]] == ["d1"]
    assert told["unserved"] == {}
    rooms = {room["room"] for room in told["devices"][0]["rooms"]}
    assert rooms == {"objects", "containers", "accounts"}


def test_recon_compares_the_whole_cluster(fresh_cluster: Store) -> None:
    operator = Operator(fresh_cluster)
    assert operator.json("recon")["problems"] == []
    assert "nothing needs looking at" in operator.run("recon").stdout
    fresh_cluster.kill_node(2)
    (problem,) = operator.json("recon", status=1)["problems"]
    assert "does not answer" in problem


def once_they_agree(operator: Operator, *words: str) -> list[Any]:
    """The primaries, when all have it and say the same of it: an account hears of its
    containers, those of other tests among them, a moment later."""
    found: list[Any] = []

    def agree() -> bool:
        ran = operator.run("info", *words, "--json")
        if ran.exit_code:
            return False
        replicas = orjson.loads(ran.stdout)["replicas"]
        found[:] = [each for each in replicas if "primary" in each["role"]]
        return all(each["state"] and each["state"]["exists"] for each in found)

    wait_for(agree, "the primaries to agree")
    return found


def test_where_things_are(every_store: Store, name: str) -> None:
    client = Client(every_store.endpoint(), TESTER)
    client.ok("PUT", name)
    client.ok("PUT", name, "small", body=b"small")
    client.ok("PUT", name, "large/one", body=b"x" * 3_000_000)
    operator = Operator(every_store)
    account = TESTER.storage_account
    where = operator.json("nodes", account, name, "small")
    assert len(where["primaries"]) == 3
    assert where == operator.json("nodes", f"/{account}/{name}/small")
    for words in (
        ("account", account),
        ("container", account, name),
        ("object", account, name, "small"),
        ("object", f"/{account}/{name}/large/one"),
    ):
        assert len(once_they_agree(operator, *words)) == 3
        ran = operator.run("info", *words)
        assert ("the primaries agree" in ran.stdout) == (ran.exit_code == 0)
    told = operator.json("info", "object", account, name, "large/one")
    assert all("file" in each["where"] for each in told["replicas"][:3])
    told = operator.json("info", "object", account, name, "nothing")
    assert all(each["state"] is None for each in told["replicas"])


def test_differences_are_found(fresh_cluster: Store) -> None:
    client = Client(fresh_cluster.endpoint(), TESTER)
    client.ok("PUT", "box")
    fresh_cluster.kill_node(2)
    client.ok("PUT", "box", "o", body=b"body")
    operator = Operator(fresh_cluster)
    told = operator.json("info", "object", TESTER.storage_account, "box", "o", status=1)
    assert told["differing"] == ["state"]
    assert sum(bool(each["problem"]) for each in told["replicas"][:3]) == 1


def test_verify_and_dispersion(fresh_cluster: Store) -> None:
    client = Client(fresh_cluster.endpoint(), TESTER)
    client.ok("PUT", "box")
    for number in range(30):
        client.ok("PUT", "box", f"o{number}", body=b"%d" % number * 100)
    client.ok("DELETE", "box", "o7")
    operator = Operator(fresh_cluster)
    told = operator.json("verify", "--bodies")
    assert told["objects"] == 29
    assert told["results"]["object"]["complete"] == 30  # one of them a tombstone
    assert told["results"]["listings"]["listed"] == 29
    before = operator.run("dispersion", "report")
    assert before.exit_code == 1
    assert "it was never made" in before.output
    assert operator.run("dispersion", "populate").exit_code == 0
    report = operator.json("dispersion", "report")
    assert {each["percent"] for each in report.values()} == {100.0}
    sampled = operator.json("verify", "--sample", "10")
    assert sampled["problems"] == []


def test_expired_objects_go(fresh_store: Store) -> None:
    client = Client(fresh_store.endpoint(), TESTER)
    client.ok("PUT", "box")
    client.ok("PUT", "box", "gone", body=b"x", X_Delete_After="1")
    client.ok("PUT", "box", "stays", body=b"x", X_Delete_After="1000")
    operator = Operator(fresh_store)
    assert all(not each["problem"] for each in operator.daemon("expirer"))

    def is_gone() -> bool:
        operator.daemon("expirer")
        name = ("object", TESTER.storage_account, "box", "gone")
        told = operator.json("info", *name)
        return not any(each["state"]["exists"] for each in told["replicas"][:3])

    wait_for(is_gone, "the object to be removed everywhere")
    assert client.ok("GET", "box", query="format=json").names == ["stays"]
    assert operator.json("verify")["problems"] == []


def test_a_deleted_account_is_reaped(fresh_store: Store) -> None:
    client = Client(fresh_store.endpoint(), TESTER)
    account = TESTER.storage_account
    for box in ("one", "two"):
        client.ok("PUT", box)
        for number in range(5):
            client.ok("PUT", box, f"o{number}", body=b"x")
    client.ok("PUT", "empty")
    reseller = Client(fresh_store.endpoint(), RESELLER)
    operator = Operator(fresh_store)
    operator.daemon("updater")  # the account hears of its containers' counts
    assert reseller.call("DELETE", account=account).status == 204
    assert reseller.call("GET", account=account).status == 404
    assert reseller.call("PUT", account=account).status == 403

    def is_reaped() -> bool:
        operator.daemon("reaper")
        told = operator.json("info", "account", account)
        return not any(each["state"]["exists"] for each in told["replicas"][:3])

    wait_for(is_reaped, "the account to be deleted for good")
    told = operator.json("verify")
    assert (told["objects"], told["problems"]) == (0, [])
    assert reseller.call("PUT", account=account).status == 201


def test_an_account_comes_back(fresh_store: Store) -> None:
    client = Client(fresh_store.endpoint(), TESTER)
    client.ok("PUT", "box")
    client.ok("PUT", "box", "o", body=b"x")
    operator = Operator(fresh_store)
    account = TESTER.storage_account
    reseller = Client(fresh_store.endpoint(), RESELLER)
    settings = operator.settings
    fresh_store.stop()
    text = settings.read_text("utf-8")
    settings.write_text(f"{text}\n[daemons]\ndelay_reaping = 1 h\n", "utf-8")
    fresh_store.start()
    assert reseller.call("DELETE", account=account).status == 204
    assert client.call("GET", "box", "o").status == 404
    assert operator.run("undelete", account).exit_code == 0
    wait_for(lambda: client.call("GET", "box", "o").status == 200, "it to be back")
    assert operator.run("undelete", account).exit_code == 1


def test_a_daemon_without_a_server(fresh_store: Store) -> None:
    client = Client(fresh_store.endpoint(), TESTER)
    client.ok("PUT", "box")
    client.ok("PUT", "box", "o", body=b"x")
    fresh_store.stop()
    operator = Operator(fresh_store)
    ran = operator.daemon("auditor")
    assert {each["device"] for each in ran} == {"d1", "d2", "d3", "d4"}
    assert not any(each["problem"] for each in ran)
    # One object with three replicas, and one container: in the log and in the index.
    read = [each["counted"] for each in ran if each["loop"] == "object-audit"]
    assert sum(each["items_verified"] for each in read) >= 2 * 3
    assert sum(each["bytes_verified"] for each in read) > 0
    assert not any(each["problems"] for each in read)
    shown = operator.run("daemon", "auditor", "--once", str(operator.settings)).output
    assert "items verified" in shown


def test_daemons_say_what_they_did(two_workers: Store) -> None:
    operator = Operator(two_workers)
    for name in DAEMONS:
        ran = operator.daemon(name)
        # There is no policy of fragments here.
        assert ran or name == "reconstructor"
        assert all(each["counted"] for each in ran), name


def test_a_marked_device_is_served_no_more(fresh_store: Store) -> None:
    operator = Operator(fresh_store)
    run = fresh_store.place.run("store")
    messages = fresh_store.place.directory / "kern.log"
    messages.write_text("", "utf-8")
    found = operator.json("drive-audit", "--log", str(messages))
    assert [each["problem"] for each in found] == [""] * 4
    mark = run / "unserved" / "d2"
    mark.parent.mkdir()
    mark.write_text("too hot", "utf-8")

    def is_away() -> bool:
        told = orjson.loads(page(fresh_store, "/recon"))
        return list(told["unserved"].values()) == ["marked: too hot"]

    wait_for(is_away, "the device to be closed")
    client = Client(fresh_store.endpoint(), TESTER)
    client.ok("PUT", "box")
    client.ok("PUT", "box", "o", body=b"x")
    assert client.ok("GET", "box", "o").body == b"x"
    mark.unlink()
    wait_for(
        lambda: not orjson.loads(page(fresh_store, "/recon"))["unserved"],
        "the device to be opened again",
    )
    assert client.ok("GET", "box", "o").body == b"x"
