"""Where volumes are, as operators are told it."""

from __future__ import annotations

import logging

from test.unit.compute.volume.house import OTHER, OWNER, House


def test_pools_and_what_they_can(house: House) -> None:
    house.upkeep()
    path = "/scheduler-stats/get_pools?detail=true"
    (pool,) = house.ok("GET", path, roles="admin")["pools"]
    told = pool["capabilities"]
    assert told["free_capacity_gb"] > 0
    for name in (pool["name"], "here@files", "here"):
        path = f"/capabilities/{name.replace('#', '%23')}"
        found = house.ok("GET", path, roles="admin")
        for key in ("vendor_name", "volume_backend_name", "storage_protocol"):
            assert found[key] == told[key]
        assert found["namespace"] == f"OS::Storage::Capabilities::{name}"
        assert house.ask("GET", path).status == 403
    assert house.ask("GET", "/capabilities/elsewhere", roles="admin").status == 404


def test_hosts_and_what_is_on_them(house: House) -> None:
    house.upkeep()
    volume_id = house.create(size=2)
    house.snapshot(volume_id)
    house.create(size=1, project=OTHER)
    hosts = house.ok("GET", "/os-hosts", roles="admin")["hosts"]
    assert {each["host_name"] for each in hosts} == {"here"}
    assert {each["service-state"] for each in hosts} == {"enabled"}
    only = house.ok("GET", "/os-hosts?service=cinder-volume", roles="admin")["hosts"]
    assert [each["service"] for each in only] == ["cinder-volume"]
    house.clock.advance(1000.0)
    hosts = house.ok("GET", "/os-hosts", roles="admin")["hosts"]
    assert {each["service-status"] for each in hosts} == {"unavailable"}
    shown = house.ok("GET", "/os-hosts/here", roles="admin")["host"]
    lines = {each["resource"]["project"]: each["resource"] for each in shown}
    assert set(lines) == {"(total)", OWNER, OTHER}
    total, mine = lines["(total)"], lines[OWNER]
    assert (total["volume_count"], total["total_volume_gb"]) == ("2", "3")
    assert (mine["volume_count"], mine["total_snapshot_gb"]) == ("1", "2")
    assert house.ask("GET", "/os-hosts").status == 403
    assert house.ask("GET", "/os-hosts/there", roles="admin").status == 404


def test_new_things_are_shown_plainly(house: House) -> None:
    """What extensions tell is told when a thing is shown."""
    made = house.ok("POST", "/volumes", {"volume": {"size": 1}}, roles="admin")
    key = made["volume"]["id"]
    house.work()
    added = "os-vol-tenant-attr:tenant_id"
    renamed = house.ok("PUT", f"/volumes/{key}", {"volume": {"name": "n"}})
    assert added not in made["volume"] and added not in renamed["volume"]
    assert "os-vol-host-attr:host" not in made["volume"]
    assert house.volume(key)[added] == OWNER
    body = {"snapshot": {"volume_id": key}}
    snapshot = house.ok("POST", "/snapshots", body)["snapshot"]
    progress = "os-extended-snapshot-attributes:progress"
    assert progress not in snapshot
    house.work()
    assert house.show("snapshot", snapshot["id"])[progress] == "100%"
    assert (
        house.ask("POST", "/snapshots", {"snapshot": {"volume_id": None}}).status == 404
    )
    created = house.ok("POST", "/types", {"volume_type": {"name": "t"}}, roles="admin")
    assert "qos_specs_id" not in created["volume_type"]
    path = f"/types/{created['volume_type']['id']}"
    changed = house.ok("PUT", path, {"volume_type": {"name": "u"}}, roles="admin")
    assert "os-volume-type-access:is_public" not in changed["volume_type"]
    shown = house.ok("GET", path, roles="admin")["volume_type"]
    assert {"qos_specs_id", "os-volume-type-access:is_public"} <= set(shown)


def test_who_takes_a_snapshot_tells_how_it_goes(house: House) -> None:
    snapshot_id = house.snapshot(house.create())
    path = f"/snapshots/{snapshot_id}/action"

    def tell(status: str, progress: str = "80%") -> int:
        told = {"status": status, "progress": progress}
        return house.ask("POST", path, {"os-update_snapshot_status": told}).status

    assert tell("error") == 400
    taking = {"os-reset_status": {"status": "creating"}}
    house.ok("POST", path, taking, roles="admin")
    assert tell("deleting") == tell("error", "most") == 400
    assert tell("error") == 202
    snapshot = house.show("snapshot", snapshot_id)
    assert snapshot["status"] == "error"
    assert snapshot["os-extended-snapshot-attributes:progress"] == "80%"


def test_how_much_the_host_says(house: House) -> None:
    path = "/os-services/{}-log"
    assert house.ask("PUT", path.format("get"), {}).status == 403

    def levels(**asked: str) -> dict[str, str]:
        got = house.ok("PUT", path.format("get"), asked, roles="admin")
        found: dict[str, str] = got["log_levels"][0]["levels"]
        return found

    name = "compute.volume"
    try:
        body = {"level": "debug", "prefix": name, "binary": "cinder-volume"}
        house.ok("PUT", path.format("set"), body, roles="admin")
        assert levels(binary="*")[name] == "DEBUG"
        assert all(each.startswith(name) for each in levels())
        # Nobody else's loggers.
        assert levels(prefix="compute.identity") == levels(prefix="sqlalchemy") == {}
        for wrong in ({"level": "loud"}, {}, {"level": "INFO", "binary": "sshd"}):
            got = house.ask("PUT", path.format("set"), wrong, roles="admin")
            assert got.status == 400
    finally:
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_there_are_no_clusters(house: House) -> None:
    assert house.ok("GET", "/clusters", roles="admin") == {"clusters": []}
    assert house.ask("GET", "/clusters").status == 403
    assert house.ask("GET", "/clusters/c", roles="admin").status == 404
    cleaned = house.ok("POST", "/workers/cleanup", {}, roles="admin")
    assert cleaned == {"cleaning": [], "unavailable": []}
