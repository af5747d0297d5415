"""Whether what rings moved may have arrived: asked of hosts, not of when they moved."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from compute.deploy.draining import devices_left, store_missing
from compute.deploy.fleet import Fleet
from compute.deploy.model import Host
from compute.deploy.remote import ring_files
from compute.deploy.rings import first_ring, ring_names
from compute.deploy.site import Site
from ring.device import Device
from ring.file import save_builder, save_ring
from test.unit.compute.deploy.inventories import inventory
from test.unit.compute.deploy.test_rolling import recon


def test_rings_are_told_with_when_a_running_store_was_brought_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring_files, "SETTINGS", str(tmp_path))
    builder = first_ring(inventory())
    path = tmp_path / "object.ring.gz"
    save_ring(builder.ring(), path)
    services = {"pid": os.getpid()}
    monkeypatch.setattr(ring_files, "running", lambda *_: services)

    def brought(seconds_ago: float) -> Any:
        os.utime(path, (0, time.time() - seconds_ago))
        found = ring_files.rings({})
        assert found["versions"] == {"object": builder.version}
        return found["brought_seconds"]

    assert brought(10_000_000) is None
    assert brought(-60) == 0.0
    services["pid"] = 0
    assert brought(-60) is None
    assert 0.0 < ring_files.process_seconds(os.getpid()) < 10_000_000.0
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert ring_files.process_seconds(child.pid) == 0.0


def test_a_host_that_was_brought_them_late_is_waited_for(tmp_path: Path) -> None:
    """Though partitions moved long ago: it was away, or a run was killed between."""
    wished, site = inventory(), Site(tmp_path)
    for name in ring_names(wished):
        save_builder(first_ring(wished), site.builder(name))
    late, version = wished.hosts[1], first_ring(wished).version
    there: dict[str, Any] = {"brought_seconds": None}
    there["versions"] = dict.fromkeys(ring_names(wished), version)

    class Asked(Fleet):
        answers: dict[Host, Any] = dict.fromkeys(wished.hosts, there)

        def ask(self, host: Host, request: Any) -> Any:
            return recon() if request["verb"] == "recon" else self.answers[host]

    fleet = Asked()
    fleet.connections = dict.fromkeys(wished.hosts)  # type: ignore[assignment]
    assert store_missing(fleet, wished, site) == []
    emptied = inventory({"host:gamma": {"devices": "d1 100, d2 100, d3 100 drained"}})
    for name in ring_names(emptied):
        builder = first_ring(emptied)
        builder.add(Device(0, 1, 3, "10.0.0.3", 6200, "d3", 0.0, meta="gamma"))
        save_builder(builder, site.builder(name))
        there["versions"][name] = builder.version
    assert devices_left(fleet, emptied, site) == (
        [],
        ["gamma/d3 is empty: it may go from the inventory, but its host keeps volumes"],
    )
    fleet.answers[late] = {**there, "brought_seconds": 5.0}
    assert "waits until all that it held" in devices_left(fleet, emptied, site)[0][0]
    assert "has not levelled" in store_missing(fleet, wished, site)[0]
    fleet.answers[late] = {**there, "versions": {}}
    assert store_missing(fleet, wished, site)[0] == (
        "beta has not got the account ring of the site"
    )
