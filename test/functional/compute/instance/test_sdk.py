"""openstacksdk, unmodified: the whole life of servers, over sockets."""

from __future__ import annotations

import pytest
from openstack import exceptions

from test.functional.compute.house import RunningCloud
from test.functional.compute.instance.conftest import Means


def test_everything_that_can_be_done_with_a_server(
    cloud: RunningCloud, means: Means
) -> None:
    compute = cloud.sdk().compute
    server = compute.create_server(**means.order("sdk", metadata={"a": "b"}))
    server = compute.wait_for_server(server, interval=0.5, wait=60)
    (address,) = server.addresses["instance-net"]
    assert address["OS-EXT-IPS:type"] == "fixed"

    def until(status: str) -> None:
        # As it is now: what the client remembers may be the status of before.
        fresh = compute.get_server(server.id)
        compute.wait_for_server(fresh, status=status, interval=0.5, wait=60)

    for act, status in (
        (compute.stop_server, "SHUTOFF"),
        (compute.start_server, "ACTIVE"),
        (compute.suspend_server, "SUSPENDED"),
        (compute.resume_server, "ACTIVE"),
        (compute.shelve_server, "SHELVED_OFFLOADED"),
        (compute.unshelve_server, "ACTIVE"),
        (compute.rescue_server, "RESCUE"),
        (compute.unrescue_server, "ACTIVE"),
    ):
        act(server)
        until(status)
    compute.reboot_server(server, "HARD")
    until("ACTIVE")
    large = compute.find_flavor("instance.large")
    compute.resize_server(server, large)
    until("VERIFY_RESIZE")
    compute.confirm_server_resize(server)
    until("ACTIVE")
    compute.rebuild_server(server, means.image, name="rebuilt")
    until("ACTIVE")
    assert compute.get_server(server.id).name == "rebuilt"
    compute.set_server_metadata(server, c="d")
    assert compute.get_server_metadata(server).metadata == {"a": "b", "c": "d"}
    compute.create_server_interface(server, net_id=means.network)
    assert len(list(compute.server_interfaces(server))) == 2
    assert compute.get_server_console_output(server)["output"]
    assert [each.action for each in compute.server_actions(server)][-1] == "create"
    compute.delete_server(server)
    compute.wait_for_delete(server, interval=0.5, wait=60)
    with pytest.raises(exceptions.NotFoundException):
        compute.get_server(server.id)


def test_lists_in_pages(cloud: RunningCloud, means: Means) -> None:
    compute = cloud.sdk().compute
    made = [compute.create_server(**means.order(f"page-{n}")) for n in range(3)]
    found = [each.name for each in compute.servers(limit=1, name="page-")]
    assert sorted(found) == ["page-0", "page-1", "page-2"]
    for server in made:
        compute.delete_server(server)
    for server in made:
        compute.wait_for_delete(server, interval=0.5, wait=60)


def test_older_proxies(cloud: RunningCloud, means: Means) -> None:
    compute = cloud.sdk().compute

    def get(path: str, version: str = "2.1") -> int:
        return int(compute.get(path, microversion=version).status_code)

    for path in (
        "/images",
        "/images/detail",
        f"/images/{means.image}",
        "/os-networks",
        "/os-tenant-networks",
        "/os-security-groups",
        "/os-floating-ips",
        "/os-floating-ip-pools",
    ):
        assert get(path) == 200, path
        assert get(path, "2.36") == 404, path
