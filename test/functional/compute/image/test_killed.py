"""The process is killed in the middle of an upload: nothing of it stays."""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from objectstore.cli.process import ServerProcess
from test.functional.compute.house import RunningCloud
from test.functional.compute.image.conftest import lay_out_image_cloud
from test.functional.harness.store import children, listens, wait_for

LEASE = "3 s"
PIECE = b"x" * 500_000
TIMEOUT_SECONDS = 30.0


class KillableCloud:
    """A cloud whose process can be killed and started again."""

    def __init__(self, directory: Path) -> None:
        self.place = lay_out_image_cloud(directory, upload_lease=LEASE)
        self.cloud = RunningCloud(self.place)
        self._server: ServerProcess = self.place.server(outlives_us=False)

    def start(self) -> None:
        self._server = self.place.server(outlives_us=False)
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def kill(self) -> None:
        """SIGKILL to every process of it, as a power cut would."""
        supervisor = self._server.pid
        for pid in (supervisor, *children(supervisor)):
            os.kill(pid, signal.SIGKILL)
        self._server.stop()
        port = self.place.plan.port
        wait_for(lambda: not listens(port), f"port {port} to close")

    def hidden_objects(self) -> list[str]:
        """What the service's own account holds."""
        password = (self.place.state / "service-password").read_text().strip()
        store = self.cloud.sdk(
            username="ringstack", password=password, project_name="service"
        ).object_store
        return [
            f"{container.name}/{found.name}"
            for container in store.containers()
            for found in store.objects(container.name)
        ]


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[KillableCloud]:
    cloud = KillableCloud(tmp_path)
    cloud.start()
    try:
        yield cloud
    finally:
        cloud.stop()


def begin_upload(cloud: RunningCloud, image_id: str) -> http.client.HTTPConnection:
    """Send some segments of a body that never ends."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", cloud.place.plan.port, timeout=TIMEOUT_SECONDS
    )
    connection.putrequest("PUT", f"/image/v2/images/{image_id}/file")
    for name, value in (
        ("X-Auth-Token", cloud.token()),
        ("Content-Type", "application/octet-stream"),
        ("Transfer-Encoding", "chunked"),
    ):
        connection.putheader(name, value)
    connection.endheaders()
    for _ in range(8):
        connection.send(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
    return connection


def queued(proxy: Any) -> Any:
    return proxy.create_image(
        name="killed", disk_format="raw", container_format="bare", wait=False
    )


def test_a_killed_upload_leaves_nothing(killable: KillableCloud) -> None:
    cloud = killable.cloud
    image = queued(cloud.sdk().image)
    connection = begin_upload(cloud, image.id)
    wait_for(lambda: len(killable.hidden_objects()) >= 2, "segments in the ring")
    killable.kill()
    connection.close()
    killable.start()
    proxy = cloud.sdk().image
    wait_for(
        lambda: proxy.get_image(image.id).status == "queued", "the image to be queued"
    )
    wait_for(lambda: killable.hidden_objects() == [], "the ring to be empty")
    # And the image can have other bytes.
    image.upload(proxy, data=b"whole")
    assert proxy.get_image(image.id).status == "active"
    assert proxy.download_image(image.id).content == b"whole"


def test_a_client_that_goes_away_leaves_nothing(killable: KillableCloud) -> None:
    cloud = killable.cloud
    proxy = cloud.sdk().image
    image = queued(proxy)
    connection = begin_upload(cloud, image.id)
    wait_for(lambda: len(killable.hidden_objects()) >= 2, "segments in the ring")
    connection.close()
    wait_for(
        lambda: proxy.get_image(image.id).status == "queued", "the image to be queued"
    )
    wait_for(lambda: killable.hidden_objects() == [], "the ring to be empty")
