"""Restarts: a zone at a time, and only of a whole store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.deploy.model import Host, Part
from compute.deploy.plan import Change
from compute.deploy.rolling import batches
from compute.deploy.wholeness import missing
from test.unit.compute.deploy.inventories import Sections, inventory

SECOND: Sections = {
    "host:delta": {
        "address": "10.0.0.4",
        "zone": "1",
        "roles": "store",
        "devices": "d1 100",
    }
}


def titles(
    found: Any, kind: str, replicas: int = 3, *, at_once: bool = False
) -> list[str]:
    changes: Mapping[Host, list[Change]] = {
        host: [Change(kind, name, {}) for name in names(host)] for host in found.hosts
    }
    nodes = found.playing(Part.STORE)
    batched = batches(changes, nodes, replicas, at_once=at_once)
    assert all(batch.interrupts == at_once for batch in batched)
    return [batch.title for batch in batched]


def names(host: Host) -> list[str]:
    return ["agent", "cloud", "store"] if host.plays(Part.CONTROL) else ["store"]


def test_what_does_not_run_is_started_at_once_the_store_first() -> None:
    assert titles(inventory(SECOND), "start") == [
        "start store",
        "start cloud",
        "start agent",
    ]


def test_what_runs_is_restarted_zone_by_zone() -> None:
    assert titles(inventory(SECOND), "restart") == [
        "restart store in zone 1 of region 1: alpha, delta",
        "restart store in zone 2 of region 1: beta",
        "restart store in zone 3 of region 1: gamma",
        "restart cloud in zone 3 of region 1: gamma",
        "restart agent in zone 3 of region 1: gamma",
    ]


def test_what_cannot_speak_with_the_others_is_restarted_everywhere() -> None:
    assert titles(inventory(SECOND), "restart", at_once=True) == [
        "restart store everywhere",
        "restart cloud everywhere",
        "restart agent everywhere",
    ]


def test_what_does_not_answer_is_replaced_zone_by_zone_too() -> None:
    """Two zones that were only slow to answer are not ended at once."""
    assert titles(inventory(SECOND), "replace")[:3] == [
        "replace store in zone 1 of region 1: alpha, delta",
        "replace store in zone 2 of region 1: beta",
        "replace store in zone 3 of region 1: gamma",
    ]


def test_where_zones_are_few_one_host_is_restarted_at_a_time() -> None:
    found = inventory(
        {**SECOND, "host:beta": {"zone": "1"}, "host:gamma": {"zone": "1"}}
    )
    stores = [each for each in titles(found, "restart") if "store" in each]
    assert [each.rpartition(" ")[2] for each in stores] == [
        "alpha",
        "beta",
        "delta",
        "gamma",
    ]


def recon(**changes: Any) -> dict[str, Any]:
    room = {
        "room": "objects",
        "policy": 0,
        "quarantined": 0,
        "replication": {"copies_owed": 0, "age_seconds": 3.0},
        **changes.pop("room", {}),
    }
    page = {
        "uptime_seconds": 10.0,
        "workers_silent": [],
        "unserved": {},
        "devices": [{"device": "d1", "rooms": [room]}],
        **changes,
    }
    return {"servers": {"10.0.0.1:6200": page}}


def test_a_whole_store_misses_nothing() -> None:
    assert missing(recon()) == []


def test_what_moved_a_moment_ago_has_not_arrived() -> None:
    """So no second replica of a partition moves, even if partitions need not rest."""
    (reason,) = missing(recon(), rings_seconds=17.0)
    assert "has not levelled" in reason
    assert missing(recon(), rings_seconds=19.0) == []


def test_what_is_missing_is_named() -> None:
    stale = {"replication": {"copies_owed": 0, "age_seconds": 11.0}}
    never = {"replication": {"copies_owed": 0, "age_seconds": None}}
    owed = {"replication": {"copies_owed": 2, "age_seconds": 3.0}}
    for changes, words in (
        ({"room": stale}, "has not levelled"),
        ({"room": never}, "has not levelled"),
        ({"room": owed}, "2 copies wait"),
        ({"room": {"quarantined": 1}}, "1 bad copies"),
        ({"unserved": {"d2": "away"}}, "d2 is not served: away"),
        ({"workers_silent": [1]}, "a worker does not answer"),
    ):
        (reason,) = missing(recon(**changes))
        assert words in reason
    away = recon()
    away["servers"]["10.0.0.2:6200"] = {"problem": "refused"}
    assert missing(away) == ["10.0.0.2:6200 does not answer: refused"]


def test_a_policy_that_not_all_know_yet_is_not_waited_for_between_restarts() -> None:
    """Who restarts next has nothing of it; where all know it, it counts."""
    never = {"copies_owed": 0, "age_seconds": None}
    knows, knows_not = recon(), recon()["servers"]["10.0.0.1:6200"]
    (device,) = knows["servers"]["10.0.0.1:6200"]["devices"]
    for room in ("objects", "fragments"):
        new = {**device["rooms"][0], "room": room, "policy": 1, "replication": never}
        device["rooms"].append(new)
    knows["servers"]["10.0.0.2:6200"] = knows_not
    # Serves accounts alone: says nothing of policies.
    other = recon(room={"room": "accounts"})["servers"]["10.0.0.1:6200"]
    knows["servers"]["10.0.0.3:6200"] = other
    assert missing(knows, rolling=True) == []
    assert len(missing(knows)) == 2
    knows_not["devices"].extend(knows["servers"]["10.0.0.1:6200"]["devices"])
    assert len(missing(knows, rolling=True)) == 4
    # What was known before counts whatever else is new.
    knows_not["devices"].pop()
    knows_not["devices"][0]["rooms"][0]["quarantined"] = 1
    (reason,) = missing(knows, rolling=True)
    assert "1 bad copies" in reason


def test_the_first_of_several_clouds_starts_alone() -> None:
    """It makes the tables, and the keys that the others get."""
    several: Sections = {
        "cloud": {
            "database": "postgresql+psycopg2://10.0.0.9/ringstack?sslmode=verify-full"
        },
        "host:alpha": {"roles": "store, proxy, control"},
        "host:beta": {"roles": "store, proxy, control"},
    }
    found = inventory(several)
    changes = {host: [Change("start", "cloud", {})] for host in found.hosts}
    batched = batches(changes, found.playing(Part.STORE), 3)
    assert [[host.name for host, _ in batch.acts] for batch in batched] == [
        ["alpha"],
        ["beta", "gamma"],
    ]
    assert all(batch.touches_cloud for batch in batched)
