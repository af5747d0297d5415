"""The other rooms in other processes, or silent, or gone."""

from __future__ import annotations

import hashlib
import socket
import time
from pathlib import Path

from test.functional.compute.dashboard.visitor import Visitor
from test.functional.compute.halves import ROOMS, halved_cloud
from test.functional.compute.house import running_cloud
from test.functional.harness.ports import free_ports

FACES = {
    ROOMS: "identity, image, network, volume, compute",
    "face": "dashboard",
    "other": "dashboard",
}
FILE_BYTES = 40 << 20
LATE_SECONDS = 10.0


def test_rooms_that_say_nothing(tmp_path: Path) -> None:
    """One is silent, one is gone: the rest of the page is there, and soon."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nowhere = free_ports(1)[0]
        urls = {
            "compute_url": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "volume_url": f"http://127.0.0.1:{nowhere}",
        }
        sections = {"cloud": urls, "dashboard": {"look_patience": "1s"}}
        roles = ("identity", "network", "dashboard")
        with running_cloud(tmp_path / "c", sections, roles=roles) as cloud:
            visitor = Visitor(f"{cloud.url}/dashboard")
            assert visitor.sign_in("admin", cloud.place.admin_password).status == 303
            began = time.monotonic()
            seen = visitor.get("/")
            assert time.monotonic() - began < LATE_SECONDS
            assert seen.status == 200 and "Security groups" in seen.text
            for room in ("compute", "volume"):
                assert f"The {room} service does not answer" in seen.text
            # Whoever cannot be asked is not taken for somebody who has nothing.
            assert "First steps" not in seen.text and "No servers yet" not in seen.text
            for path in ("/servers", "/volumes"):
                seen = visitor.get(path)
                assert seen.status == 503 and "does not answer" in seen.text
                assert f'href="/dashboard{path}">Try again' in seen.text
            assert visitor.get("/networks").status == 200


def test_two_faces_of_one_cloud(tmp_path: Path) -> None:
    """A session of one is good at the other; files go through and are not held."""
    with halved_cloud(tmp_path / "c", roles_of=FACES) as cloud:
        face, other = (
            Visitor(f"http://127.0.0.1:{cloud.ports[name]}")
            for name in ("face", "other")
        )
        assert face.sign_in("admin", cloud.place.admin_password).status == 303
        other.cookies = face.cookies
        for path in ("/", "/servers", "/volumes", "/networks", "/images", "/objects"):
            seen = other.get(path)
            assert seen.status == 200 and "does not answer" not in seen.text, path
        assert face.post("/objects/new", {"name": "files"}).status == 303
        sent = bytes(FILE_BYTES)
        headers = {"Origin": face.origin, "X-CSRF-Token": face.csrf}
        path = "/objects/c/files/upload?file=large"
        assert face.send("POST", path, sent, **headers).status == 200
        seen = other.get("/objects/c/files/download?name=large")
        assert hashlib.md5(seen.text.encode()).digest() == hashlib.md5(sent).digest()
        assert other.post("/sign-out").status == 303
        assert Visitor(face.base, face.cookies).get("/servers").status == 303
