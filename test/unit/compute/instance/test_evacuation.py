"""Servers of a host that is heard of no more live on elsewhere."""

from __future__ import annotations

from typing import Any

from test.unit.compute.instance.house import House
from test.unit.compute.instance.moving import (
    ADMIN,
    NOTHING,
    SMALL,
    act,
    guests,
    host_of,
    migrations,
    port_hosts,
    silence,
    used,
)


def test_evacuate(wide: House) -> None:
    server_id = wide.boot()
    before = host_of(wide, server_id)
    got = wide.act(server_id, "evacuate", {}, roles=ADMIN)
    assert (got.status, b"still in use" in got.body) == (400, True)
    silence(wide, before)
    assert wide.act(server_id, "evacuate", {}).status == 403
    bad = wide.act(server_id, "evacuate", {"host": before}, roles=ADMIN)
    assert bad.status == 400
    assert wide.act(server_id, "evacuate", {"host": "x"}, roles=ADMIN).status == 404
    got = wide.act(server_id, "evacuate", {}, roles=ADMIN, version="2.94")
    assert (got.status, got.body) == (200, b"")
    assert wide.show(server_id)["status"] == "REBUILD"
    wide.work()
    server = wide.show(server_id)
    after = server["OS-EXT-SRV-ATTR:host"]
    assert (server["status"], after != before) == ("ACTIVE", True)
    assert port_hosts(wide, server_id) == {after}
    # Its guest may still run there, so its place is not given to others yet.
    assert used(wide)[before] == used(wide)[after] == SMALL
    assert set(guests(wide, server_id)) == {before, after}
    wide.agent = wide.new_agent()
    wide.agent.report()
    wide.work()
    assert guests(wide, server_id) == {after: "running"}
    assert used(wide)[before] == NOTHING
    (migration,) = migrations(wide, "?migration_type=evacuation")
    assert migration["status"] == "done"


def test_a_host_that_comes_back_looks_by_itself(wide: House) -> None:
    """Though the job that should remove what is left is lost."""
    server_id = wide.boot()
    before = host_of(wide, server_id)
    silence(wide, before)
    act(wide, server_id, "evacuate", {}, version="2.94")
    wide.work()
    jobs = wide.wiring.stores.jobs

    def lose(connection: Any) -> None:
        for job in jobs.open_of(connection, server_id):
            jobs.abandon(connection, job.id, wide.clock.time(), "lost")

    wide.database.run(lose)
    assert server_id not in wide.instances.known_on(before)
    wide.agent = wide.new_agent()
    wide.agent.report()
    wide.agent.reconcile()
    assert set(guests(wide, server_id)) == {host_of(wide, server_id)}


def test_evacuated_servers_are_stopped_since_2_95(wide: House) -> None:
    server_id = wide.boot()
    silence(wide, host_of(wide, server_id))
    act(wide, server_id, "evacuate", {})
    wide.work()
    assert wide.show(server_id)["status"] == "SHUTOFF"


def test_evacuate_in_older_words(wide: House) -> None:
    server_id = wide.boot()
    before = host_of(wide, server_id)
    services = wide.ok("GET", f"/os-services?host={before}", roles=ADMIN)["services"]
    path = f"/os-services/{services[0]['id']}"
    wide.ok("PUT", path, {"forced_down": True}, roles=ADMIN)
    shared = {"onSharedStorage": True}
    got = wide.act(server_id, "evacuate", shared, roles=ADMIN, version="2.13")
    assert got.status == 400
    own = {"onSharedStorage": False, "adminPass": "secret"}
    got = wide.act(server_id, "evacuate", own, roles=ADMIN, version="2.13")
    assert got.json == {"adminPass": "secret"}
    wide.work()
    assert host_of(wide, server_id) != before


def test_a_host_that_does_not_come_back_can_be_forgotten(wide: House) -> None:
    server_id = wide.boot()
    before = host_of(wide, server_id)
    services = wide.ok("GET", f"/os-services?host={before}", roles=ADMIN)["services"]
    silence(wide, before)
    path = f"/os-services/{services[0]['id']}"
    assert wide.ask("DELETE", path, roles=ADMIN).status == 409
    act(wide, server_id, "evacuate", {})
    wide.work()
    assert wide.ask("DELETE", path, roles=ADMIN).status == 204
    act(wide, server_id, "forceDelete")
    wide.work()
    assert set(used(wide).values()) == {NOTHING}
