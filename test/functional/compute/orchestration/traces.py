"""Stacks by the client, and what they leave in the rooms."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from compute.agent.disks.qcow2 import empty_image
from test.functional.compute.house import RunningCloud

PATIENCE_SECONDS = 60.0
GIB = 1 << 30
# Collections in which a stack may leave something, and the key of their lists.
_WHERE = {
    "/compute/v2.1/servers": "servers",
    "/compute/v2.1/os-keypairs": "keypairs",
    "/compute/v2.1/os-server-groups": "server_groups",
    "/network/v2.0/networks": "networks",
    "/network/v2.0/subnets": "subnets",
    "/network/v2.0/ports": "ports",
    "/network/v2.0/routers": "routers",
    "/network/v2.0/floatingips": "floatingips",
    "/network/v2.0/security-groups": "security_groups",
    "/volume/v3/volumes": "volumes",
    "/image/v2/images": "images",
}
_BALANCERS = {
    "/load-balancer/v2.0/lbaas/loadbalancers": "loadbalancers",
    "/load-balancer/v2.0/lbaas/pools": "pools",
}


def listing(cloud: RunningCloud, *, balancers: bool = False) -> dict[str, list[str]]:
    """What there is, by collections."""
    token = cloud.token()
    where = {**_WHERE, **(_BALANCERS if balancers else {})}
    found = {}
    for path, key in where.items():
        reply = cloud.http("GET", path, token=token)
        assert reply.status == 200, (path, reply)
        entries = [each.get("keypair", each) for each in reply.body[key]]
        found[path] = sorted(each.get("id") or each["name"] for each in entries)
    return found


def wait_gone(
    cloud: RunningCloud, before: dict[str, list[str]], *, balancers: bool = False
) -> None:
    """Until there is nothing else than before."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (now := listing(cloud, balancers=balancers)) != before:
        assert time.monotonic() < deadline, (before, now)
        time.sleep(0.5)


def image_in(cloud: RunningCloud, directory: Path) -> str:
    """The id of an image to boot from, and a flavor ``stack.small``; made once."""
    sdk = cloud.sdk()
    if sdk.get_flavor("stack.small") is None:
        sdk.create_flavor("stack.small", ram=512, vcpus=1, disk=1)
        sdk.create_flavor("stack.large", ram=1024, vcpus=1, disk=1)
    image = sdk.get_image("stack-image")
    if image is None:
        path = directory / "tiny.qcow2"
        path.write_bytes(empty_image(GIB))
        image = sdk.create_image(
            "stack-image",
            filename=str(path),
            disk_format="qcow2",
            container_format="bare",
            wait=True,
        )
    return str(image.id)


def create(
    cloud: RunningCloud,
    directory: Path,
    name: str,
    template: str,
    *more: str,
) -> dict[str, Any]:
    """Make a stack and wait for it, or for its rollback; what is shown of it."""
    path = directory / f"{name}.yaml"
    path.write_text(template)
    cloud.run_openstack(
        "stack",
        "create",
        "--wait",
        "-t",
        str(path),
        *more,
        name,
        expected=None,
    )
    return settled(cloud, name)


def settled(cloud: RunningCloud, name: str) -> dict[str, Any]:
    """A stack once nothing of it is under way: the client waits for no rollback."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (stack := show(cloud, name))["stack_status"].endswith("IN_PROGRESS"):
        assert time.monotonic() < deadline, stack
        time.sleep(0.5)
    return stack


def show(cloud: RunningCloud, name: str) -> dict[str, Any]:
    """A stack as the client shows it."""
    found: dict[str, Any] = cloud.openstack("stack", "show", name)
    return found
