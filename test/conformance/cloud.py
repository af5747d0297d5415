"""The cloud under test: all of it in one process, on free ports of loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from test.conformance.guest import build_guest
from test.functional.compute.house import RunningCloud, Sections, laid_out
from test.unit.compute.core.disk_inspection import headers

HOME = Path(__file__).resolve().parents[2]
GUEST_MEMORY_MIB = 160
# Whom the object store lets into every account.
RESELLER_ROLE = "ResellerAdmin"
IMAGES = ("guest", "other-guest")
FLAVORS = ("small", "larger")
SHARED_TYPE = "shared"
SIMULATED_IMAGE_BYTES = 1 << 20
WEB_CONTAINER = "web"
# Servers move from one to another, and groups keep them apart.
SIMULATED_HOSTS = 4
REAL_GUESTS: Sections = {
    "agent": {"hypervisor": "libvirt", "ends_with_us": "yes"},
    "volume": {"driver": "files", "ends_with_us": "yes"},
    "balancer-agent": {"driver": "haproxy"},
}
SIMULATED: Sections = {
    "agent": {
        "hypervisor": "sim",
        "ends_with_us": "yes",
        "simulated_hosts": str(SIMULATED_HOSTS),
    },
    "volume": {"driver": "memory", "ends_with_us": "yes"},
    "network-agent": {"driver": "sim"},
    "balancer-agent": {"driver": "sim"},
}
# The store keeps containers in step with others of its own, as if it were two.
REALMS_FILE = "container-sync-realms.conf"
REALMS = """
[realm1]
key = {key}
cluster_name1 = http://127.0.0.1:{port}/v1/
"""


@contextmanager
def conformance_cloud(
    directory: Path, sections: Sections, *, is_real: bool
) -> Iterator[RunningCloud]:
    """A new cloud in that directory (what was there is removed), while it is used."""
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    base = REAL_GUESTS if is_real else SIMULATED
    merged = {
        name: {**base.get(name, {}), **sections.get(name, {})}
        for name in {*base, *sections}
    }
    # Two stores, for tests that copy images, and web servers that are ours.
    merged["image"] = {
        "stores": "ring, file",
        "file_directory": str(directory / "images"),
        "web_networks_allowed": "127.0.0.0/8",
        "web_ports": "",
        **merged.get("image", {}),
    }
    place = laid_out(directory, merged, roles=())
    realms = REALMS.format(key=token_hex(), port=place.plan.store_port)
    (place.store.settings_directory / REALMS_FILE).write_text(realms, "utf-8")
    with place.server(outlives_us=False).running():
        yield RunningCloud(place)


@dataclass(frozen=True, slots=True)
class Furniture:
    """What suites expect to find: two images, two flavors, a role, a way out, an image
    (qcow2) on a web server, a type of volumes that servers share."""

    image: str
    other_image: str
    flavor: str
    larger_flavor: str
    external_network: str
    disk_format: str
    image_file: Path
    image_url: str
    shared_type: str


def furnish(cloud: RunningCloud, directory: Path, *, is_real: bool) -> Furniture:
    """Make them, as an administrator would before the first user comes."""
    connection: Any = cloud.sdk()
    disk = _disk(directory, is_real=is_real)
    disk_format = "qcow2" if is_real else "raw"
    images = [
        connection.create_image(
            name,
            filename=str(disk),
            disk_format=disk_format,
            container_format="bare",
            visibility="public",
            wait=True,
        )
        for name in IMAGES
    ]
    flavors = [
        connection.compute.create_flavor(name=name, ram=memory, vcpus=1, disk=1)
        for name, memory in zip(
            FLAVORS, (GUEST_MEMORY_MIB, GUEST_MEMORY_MIB * 3 // 2), strict=True
        )
    ]
    if connection.identity.find_role(RESELLER_ROLE) is None:
        connection.identity.create_role(name=RESELLER_ROLE)
    shared_type = connection.block_storage.create_type(
        name=SHARED_TYPE, extra_specs={"multiattach": "<is> True"}
    )
    external = next(connection.network.networks(is_router_external=True))
    return Furniture(
        images[0].id,
        images[1].id,
        flavors[0].id,
        flavors[1].id,
        external.id,
        disk_format,
        disk,
        _published(cloud, connection),
        shared_type.name,
    )


def _published(cloud: RunningCloud, connection: Any) -> str:
    """The address of an empty disk that everybody may read: an object of the store."""
    account = f"/v1/AUTH_{connection.current_project_id}"
    connection.create_container(WEB_CONTAINER, public=True)
    connection.object_store.put(f"/{WEB_CONTAINER}/disk.qcow2", data=headers.qcow2())
    return f"{cloud.store_url}{account}/{WEB_CONTAINER}/disk.qcow2"


def _disk(directory: Path, *, is_real: bool) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    if is_real:
        return build_guest(directory)
    path = directory / "simulated.raw"
    path.write_bytes(bytes(SIMULATED_IMAGE_BYTES))
    return path
