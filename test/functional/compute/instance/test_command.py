"""`openstack server ...` and its neighbours, unmodified, over sockets."""

from __future__ import annotations

from test.functional.compute.house import RunningCloud
from test.functional.compute.instance.conftest import Means


def test_a_servers_life(cloud: RunningCloud, means: Means) -> None:
    ask, compute = cloud.openstack, cloud.sdk().compute
    key = cloud.run_openstack("keypair", "create", "cli-key")
    assert "PRIVATE KEY" in key.text
    ask("server", "group", "create", "--policy", "anti-affinity", "cli-group")
    made = ask(
        *("server", "create", "cli", "--flavor", "instance.small"),
        *("--image", "instance-tiny", "--network", "instance-net"),
        *("--key-name", "cli-key", "--property", "role=web", "--wait"),
    )
    assert made["status"] == "ACTIVE", made
    assert "10.77.0." in str(made["addresses"])
    listed = ask("server", "list", "--long")
    assert "cli" in {each["Name"] for each in listed}
    log = cloud.run_openstack("console", "log", "show", "cli", expected=None)
    assert "login:" in log.text, log
    url = ask("console", "url", "show", "--novnc", "cli")
    assert "token" in url["url"]
    for verb in ("stop", "start", "pause", "unpause", "lock", "unlock"):
        ask("server", verb, "cli")
        status = {"stop": "SHUTOFF", "pause": "PAUSED"}.get(verb, "ACTIVE")
        fresh = compute.find_server("cli", ignore_missing=False)
        compute.wait_for_server(fresh, status=status, interval=0.5, wait=60)
    ask("server", "image", "create", "--name", "cli-copy", "--wait", "cli")
    assert ask("image", "show", "cli-copy")["status"] == "active"
    events = ask("server", "event", "list", "cli")
    assert "create" in {each["Action"] for each in events}
    ask("server", "delete", "--wait", "cli")
    ask("image", "delete", "cli-copy")
    left = ask("server", "list") or []
    assert "cli" not in {each["Name"] for each in left}


def test_what_administrators_look_at(cloud: RunningCloud, means: Means) -> None:
    ask = cloud.openstack
    (service, *_) = ask("compute", "service", "list")
    assert service["State"] == "up"
    (hypervisor, *_) = ask("hypervisor", "list")
    assert hypervisor["State"] == "up"
    assert ask("hypervisor", "show", hypervisor["Hypervisor Hostname"])
    assert ask("availability", "zone", "list", "--compute")
    assert ask("limits", "show", "--absolute")
    assert ask("quota", "show", "--compute")
    assert ask("flavor", "show", "instance.small")["ram"] == 512
    ask("aggregate", "create", "--zone", "attic", "upstairs")
    assert ask("aggregate", "show", "upstairs")["availability_zone"] == "attic"
    ask("aggregate", "delete", "upstairs")
