"""A cloud of identity, images and the ring: what these tests need, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.cli.layout import CloudPlan, LaidOutCloud, lay_out_cloud
from test.functional.compute.house import RunningCloud
from test.functional.harness.ports import free_ports

# Several segments for images of a few MiB; a site on loopback may be downloaded from.
OPTIONS = {
    "segment_bytes": "1 MiB",
    "stores": "ring, file",
    "web_ports": "",
    "web_networks_allowed": "127.0.0.1/32",
}


def lay_out_image_cloud(directory: Path, **options: str) -> LaidOutCloud:
    """Everything in that directory, not started; ``options`` of the image room."""
    port, store_port, node_port = free_ports(3)
    image = {**OPTIONS, "file_directory": str(directory / "files"), **options}
    plan = CloudPlan(
        port,
        store_port,
        node_port,
        roles=("identity", "image"),
        sections={"image": image},
    )
    return lay_out_cloud(directory, plan)


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    place = lay_out_image_cloud(tmp_path_factory.mktemp("images"))
    with place.server(outlives_us=False).running():
        yield RunningCloud(place)
