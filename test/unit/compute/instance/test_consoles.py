"""Consoles, their output, diagnostics."""

from __future__ import annotations

from compute.agent.runner import Agent
from test.unit.compute.instance.house import House


def test_a_console_is_where_its_host_says(house: House) -> None:
    server_id = house.boot()
    body = {"remote_console": {"protocol": "serial", "type": "serial"}}
    path = f"/servers/{server_id}/remote-consoles"
    at_api = house.ok("POST", path, body)["remote_console"]["url"]
    assert at_api.partition("?")[0].endswith("/console/websockify")
    Agent(
        house.kits,
        house.neighbours,
        house.bus,
        owner="agent",
        console_url="https://alpha.example/console",
    ).report()
    at_host = house.ok("POST", path, body)["remote_console"]["url"]
    assert at_host.startswith("wss://alpha.example/console/websockify?token=")


def test_console_output_and_diagnostics(house: House) -> None:
    server_id = house.boot()
    house.agent.start()
    try:
        got = house.act(server_id, "os-getConsoleOutput", {"length": 10})
        assert "login:" in got.json["output"]
        found = house.ok("GET", f"/servers/{server_id}/diagnostics", roles="admin")
        assert found["num_cpus"] == 1
        refused = house.act(server_id, "changePassword", {"adminPass": "secret"})
        assert refused.status == 409
    finally:
        house.agent.stop()


def test_diagnostics_say_what_nova_says(house: House) -> None:
    """The keys and kinds of 2.48; and only of a guest that runs."""
    server_id = house.boot()
    path = f"/servers/{server_id}/diagnostics"
    house.agent.start()
    try:
        found = house.ok("GET", path, roles="admin", version="2.48")
        assert found["state"] == "running"
        assert found["driver"] == "libvirt"
        assert found["config_drive"] is False
        assert isinstance(found["uptime"], int)
        assert set(found["memory_details"]) == {"maximum", "used"}
        assert [set(each) for each in found["cpu_details"]] == [
            {"id", "time", "utilisation"}
        ]
        disk = {"read_bytes", "read_requests", "write_bytes", "write_requests"}
        assert all(
            set(each) == {*disk, "errors_count"} for each in found["disk_details"]
        )
        counted = ("octets", "packets", "errors", "drop", "rate")
        nic = {f"{way}_{what}" for way in ("rx", "tx") for what in counted}
        assert all(set(each) == {*nic, "mac_address"} for each in found["nic_details"])
        for kind in ("cpus", "nics", "disks"):
            details = found[f"{kind.removesuffix('s')}_details"]
            assert len(details) == found[f"num_{kind}"]
        old = house.ok("GET", path, roles="admin", version="2.47")
        assert {"cpu0_time", "memory"} <= set(old)
        assert house.ask("GET", path).status == 403
        assert house.act(server_id, "os-stop").status == 202
        house.work()
        assert house.ask("GET", path, roles="admin").status == 409
    finally:
        house.agent.stop()


def test_remote_console_token_opens_once_for_the_right_server(house: House) -> None:
    server_id = house.boot()
    body = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    made = house.ok("POST", f"/servers/{server_id}/remote-consoles", body)
    url = made["remote_console"]["url"]
    assert "/console/vnc_lite.html?path=" in url
    token = url.rpartition("token%3D")[2]
    assert house.instances.console(token).server_id == server_id
    house.clock.advance(601)
    got = house.ask("GET", f"/os-console-auth-tokens/{token}", roles="admin")
    assert got.status == 404
