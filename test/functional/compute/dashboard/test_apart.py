"""The dashboard in a process of its own, at the root of its address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.cli.layout import SERVE_CLOUD
from objectstore.cli.process import ServerProcess
from test.functional.compute.dashboard.visitor import Visitor
from test.functional.compute.house import SIMULATED, RunningCloud, running_cloud
from test.functional.harness.ports import free_ports

MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def apart(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RunningCloud, str]]:
    """A cloud without it, and where it is."""
    directory: Path = tmp_path_factory.mktemp("apart")
    with running_cloud(directory / "c", roles=SIMULATED) as cloud:
        (port,) = free_ports(1)
        file = directory / "dashboard.conf"
        file.write_text(
            f"[cloud]\nroles = dashboard\npublic_address = 127.0.0.1:{port}\n"
            f"public_url = {cloud.url}\nobject_store_url = {cloud.store_url}\n"
            f"state = {directory / 'state'}\n"
            f"service_password_file = {cloud.place.state / 'service-password'}\n"
        )
        log = directory / "dashboard.log"
        process = ServerProcess(file, port, log, outlives_us=False, command=SERVE_CLOUD)
        with process.running():
            yield cloud, f"http://127.0.0.1:{port}"


def test_pages_uploads_and_downloads(apart: tuple[RunningCloud, str]) -> None:
    cloud, url = apart
    visitor = Visitor(url)
    seen = visitor.sign_in("admin", cloud.place.admin_password)
    assert seen.status == 303 and "Path=/;" in seen.cookies[0]
    for path in ("/", "/servers", "/images", "/objects", "/networks", "/hosts"):
        assert visitor.get(path).status == 200, path
    assert visitor.post("/objects/new", {"name": "files"}).status == 303
    content = bytes(range(256)) * 4096 * 8
    pieces = (content[at : at + MEBIBYTE] for at in range(0, len(content), MEBIBYTE))
    headers = {
        "X-CSRF-Token": visitor.csrf,
        "Origin": visitor.origin,
        "Content-Length": str(len(content)),
    }
    path = "/objects/c/files/upload?file=a.bin"
    assert visitor.send("POST", path, pieces, **headers).status == 200
    store = cloud.sdk().object_store
    assert store.get("/files/a.bin").content == content
    down = visitor.get("/objects/c/files/download?name=a.bin")
    assert down.headers["content-length"] == str(len(content))


def test_a_room_that_is_away_is_told(apart: tuple[RunningCloud, str]) -> None:
    """There is no load balancer room, though the catalogue has it."""
    cloud, url = apart
    visitor = Visitor(url)
    visitor.sign_in("admin", cloud.place.admin_password)
    seen = visitor.get("/balancers")
    assert seen.status in (404, 503)
    assert "Traceback" not in seen.text
