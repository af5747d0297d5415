"""What servers are made of, once for all tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compute.agent.disks.qcow2 import empty_image
from test.functional.compute.house import RunningCloud

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Means:
    flavor: str
    image: str
    network: str

    def order(self, name: str, **more: Any) -> dict[str, Any]:
        return {
            "name": name,
            "flavor_id": self.flavor,
            "image_id": self.image,
            "networks": [{"uuid": self.network}],
            **more,
        }


@pytest.fixture(scope="session")
def means(cloud: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Means:
    sdk = cloud.sdk()
    path: Path = tmp_path_factory.mktemp("image") / "tiny.qcow2"
    path.write_bytes(empty_image(GIB))
    flavor = sdk.create_flavor("instance.small", ram=512, vcpus=1, disk=1)
    sdk.create_flavor("instance.large", ram=1024, vcpus=2, disk=2)
    image = sdk.create_image(
        "instance-tiny",
        filename=str(path),
        disk_format="qcow2",
        container_format="bare",
        wait=True,
    )
    network = sdk.network.create_network(name="instance-net")
    sdk.network.create_subnet(
        network_id=network.id, cidr="10.77.0.0/24", ip_version=4, name="instance-sub"
    )
    return Means(flavor.id, image.id, network.id)
