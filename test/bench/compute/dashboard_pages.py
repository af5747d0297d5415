"""What each page of the dashboard costs: calls to the rooms, and milliseconds.

    python -m test.bench.compute.dashboard_pages

starts a simulated cloud with a few of everything, and loads each page 20 times.
"""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from pathlib import Path

from compute.agent.disks.qcow2 import empty_image
from test.functional.compute.dashboard.conftest import (
    GIB,
    PASSWORD,
    ROLES,
    SECTIONS,
    Shown,
)
from test.functional.compute.dashboard.furnished import furnish
from test.functional.compute.dashboard.visitor import Visitor
from test.functional.compute.house import running_cloud

TIMES = 20
LISTS = (
    "/", "/servers", "/images", "/keys", "/volumes", "/networks", "/routers", "/groups",
    "/balancers", "/stacks", "/objects", "/objects/c/things", "/projects", "/hosts",
    "/account", "/servers/new",
)  # fmt: skip
# The first link of a list to one of its things.
THINGS = ("servers", "volumes", "networks", "balancers")


def pages_of(visitor: Visitor) -> list[str]:
    """Lists, and one thing of some of them."""
    found = list(LISTS)
    for kind in THINGS:
        html = visitor.get(f"/{kind}").text
        match = re.search(rf'href="/dashboard(/{kind}/[0-9a-f-]{{36}})"', html)
        assert match, kind
        found.append(match[1])
    return found


def show(visitor: Visitor) -> None:
    """A table of Markdown."""
    print("| page | calls | ms until it is there |")
    print("|---|---|---|")
    for path in pages_of(visitor):
        taken, calls = [], ""
        for _ in range(TIMES):
            began = time.perf_counter()
            seen = visitor.get(path)
            taken.append((time.perf_counter() - began) * 1000)
            assert seen.status == 200, path
            calls = seen.headers["server-timing"].rpartition("=")[2]
        name = re.sub(r"[0-9a-f-]{36}", "ID", path)
        print(f"| `{name}` | {calls} | {statistics.median(taken):.0f} |")


def main() -> None:
    """Start the cloud, fill it, look."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        with running_cloud(place / "c", SECTIONS, roles=ROLES) as cloud:
            admin = cloud.sdk()
            admin.create_flavor("m1.small", ram=512, vcpus=1, disk=1)
            disk = place / "tiny.qcow2"
            disk.write_bytes(empty_image(GIB))
            admin.create_image(
                "tiny", filename=str(disk), disk_format="qcow2",
                container_format="bare", visibility="public", wait=True,
            )  # fmt: skip
            shown = Shown(cloud)
            furnish(shown, shown.person("bob", "admin"))
            visitor = Visitor(shown.url)
            visitor.sign_in("bob", PASSWORD)
            show(visitor)


if __name__ == "__main__":
    main()
