"""Whom suites of clients expect: two users of projects, and administrators.

Their names, and those of the clouds in what clients read (``clouds.yaml``), are
DevStack's: that is where these suites were written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from test.functional.compute.house import RunningCloud

CLOUDS_FILE = "clouds.yaml"
PASSWORD = "a-tester-of-clients"
USERS = ("demo", "alt_demo")
REGION = "RegionOne"
NETWORK, SUBNET, ROUTER = "private", "private-subnet", "router1"
CIDR = "10.77.0.0/24"
# DevStack's, by which tests of ranges count: MiB of memory, GiB of disk, processors.
FLAVORS = {
    "m1.tiny": (512, 1, 1),
    "m1.small": (2048, 20, 1),
    "m1.medium": (4096, 40, 2),
    "m1.large": (8192, 80, 4),
    "m1.xlarge": (16384, 160, 8),
}
IMAGE_BYTES = 1 << 20
IMAGE = "cirros-of-nothing"


@dataclass(frozen=True, slots=True)
class Person:
    """Who signs in, and for what: a project, or the whole system (None)."""

    user: str
    password: str
    project: str | None

    def cloud(self, auth_url: str) -> dict[str, Any]:
        """An entry of ``clouds.yaml``."""
        scope = (
            {"system_scope": "all"}
            if self.project is None
            else {"project_name": self.project, "project_domain_id": "default"}
        )
        return {
            "auth": {
                "auth_url": auth_url,
                "username": self.user,
                "password": self.password,
                "user_domain_id": "default",
                **scope,
            },
            "region_name": REGION,
            "identity_api_version": "3",
            "volume_api_version": "3",
        }


def people(cloud: RunningCloud) -> dict[str, Person]:
    """By the names of their clouds."""
    secret = cloud.place.admin_password
    return {
        "devstack": Person("demo", PASSWORD, "demo"),
        "devstack-alt": Person("alt_demo", PASSWORD, "alt_demo"),
        "devstack-admin": Person("admin", secret, "admin"),
        "devstack-admin-demo": Person("admin", secret, "demo"),
        "devstack-system-admin": Person("admin", secret, None),
    }


def write_clouds(cloud: RunningCloud, directory: Path) -> Path:
    """The file with all of them."""
    auth_url = f"{cloud.url}/identity/v3"
    clouds = {name: each.cloud(auth_url) for name, each in people(cloud).items()}
    path = directory / CLOUDS_FILE
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump({"clouds": clouds}), "utf-8")
    return path


def settle(cloud: RunningCloud, directory: Path) -> None:
    """Make users with their projects, flavors, an image, a network to the outside."""
    connection = cloud.sdk()
    for name in USERS:
        connection.create_project(name, domain_id="default")
        connection.create_user(name, password=PASSWORD, domain_id="default")
        connection.grant_role("member", user=name, project=name)
        connection.grant_role("admin", user="admin", project=name)
    for flavor, (memory, disk, processors) in FLAVORS.items():
        connection.compute.create_flavor(
            name=flavor, ram=memory, vcpus=processors, disk=disk
        )
    content = directory / "nothing.raw"
    content.write_bytes(bytes(IMAGE_BYTES))
    connection.create_image(
        IMAGE,
        filename=str(content),
        disk_format="raw",
        container_format="bare",
        visibility="public",
        wait=True,
    )
    _connect(cloud.sdk(username="demo", password=PASSWORD, project_name="demo"))


def _connect(connection: Any) -> None:
    """A network of the user's own that leads outside."""
    network = connection.network
    external = next(network.networks(is_router_external=True))
    net = network.create_network(name=NETWORK)
    subnet = network.create_subnet(
        name=SUBNET, network_id=net.id, ip_version=4, cidr=CIDR
    )
    router = network.create_router(
        name=ROUTER, external_gateway_info={"network_id": external.id}
    )
    network.add_interface_to_router(router, subnet_id=subnet.id)
