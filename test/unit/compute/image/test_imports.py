"""Staging, imports from it and from the web, copies to other stores, crashes."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest

from objectstore.kernel import concurrency
from test.fakes.web_site import WebSite
from test.unit.compute.core.disk_inspection import headers
from test.unit.compute.image.house import OCTETS, OTHER, House, Make

DIRECT = {"method": {"name": "glance-direct"}}
MIB = 2**20


@pytest.fixture
def site() -> Iterator[WebSite]:
    with ExitStack() as stack:
        yield WebSite(stack)


@pytest.fixture
def house(make: Make, site: WebSite) -> House:
    return make(
        stores=("ring", "file"),
        web_ports=(),
        web_networks_allowed=("127.0.0.1/32",),
        project_bytes_max=10 * MIB,
    )


def download(url: str, **more: Any) -> dict[str, Any]:
    return {"method": {"name": "web-download", "uri": url}, **more}


def begin(house: House, image_id: str, request: Any, **more: Any) -> int:
    path = f"/v2/images/{image_id}/import"
    return house.ask("POST", path, request, **more).status


def stage(house: House, image_id: str, content: bytes) -> int:
    path = f"/v2/images/{image_id}/stage"
    return house.ask("PUT", path, content, headers=OCTETS).status


def test_stage_and_import(house: House) -> None:
    image_id = house.create()
    assert begin(house, image_id, DIRECT) == 409
    assert stage(house, image_id, b"staged bytes") == 204
    image = house.show(image_id)
    assert image["status"] == "uploading" and image["size"] == 12
    assert image["checksum"] is None
    assert house.ask("GET", f"/v2/images/{image_id}/file").status == 204
    assert stage(house, image_id, b"again") == 409
    assert begin(house, image_id, DIRECT) == 202
    assert house.show(image_id)["status"] == "importing"
    assert begin(house, image_id, DIRECT) == 409
    task = house.run_imports(image_id)
    assert task["status"] == "success" and task["type"] == "api_image_import"
    image = house.show(image_id)
    assert image["status"] == "active" and image["stores"] == "ring"
    assert image["checksum"] == hashlib.md5(b"staged bytes").hexdigest()
    assert image["os_glance_importing_to_stores"] == ""
    got = house.ok("GET", f"/v2/images/{image_id}/file")
    assert got.body == b"staged bytes"


def test_import_to_all_stores(house: House) -> None:
    content = bytes(3 * MIB) + b"end"
    image_id = house.create()
    stage(house, image_id, content)
    assert begin(house, image_id, {**DIRECT, "all_stores": True}) == 202
    marked = house.show(image_id)["os_glance_importing_to_stores"]
    assert marked == "ring,file"
    assert house.run_imports(image_id)["status"] == "success"
    assert house.show(image_id)["stores"] == "file,ring"
    # Either store will do.
    house.ok("DELETE", f"/v2/stores/ring/{image_id}")
    assert house.show(image_id)["stores"] == "file"
    assert house.ok("GET", f"/v2/images/{image_id}/file").body == content
    assert house.ask("DELETE", f"/v2/stores/file/{image_id}").status == 403
    assert house.ask("DELETE", f"/v2/stores/ring/{image_id}").status == 404
    house.step("image-sweeper")
    assert house.objects() == []


def test_staged_bytes_that_are_not_wanted_there_are_removed(house: House) -> None:
    image_id = house.create()
    stage(house, image_id, b"staged")
    assert begin(house, image_id, {**DIRECT, "stores": ["file"]}) == 202
    assert house.run_imports(image_id)["status"] == "success"
    assert house.show(image_id)["stores"] == "file"
    house.step("image-sweeper")
    assert house.objects() == []


def test_web_download(house: House, site: WebSite) -> None:
    site.pages["/disk"] = headers.qcow2()
    image_id = house.create(disk_format="qcow2")
    request = download(site.url("/disk"), stores=["ring", "file"])
    assert begin(house, image_id, request) == 202
    task = house.run_imports(image_id)
    assert task["status"] == "success", task
    image = house.show(image_id)
    assert image["status"] == "active" and image["stores"] == "file,ring"
    assert image["virtual_size"] == headers.DISK
    assert house.ok("GET", f"/v2/images/{image_id}/file").body == site.pages["/disk"]
    assert len([path for path, _ in site.asked if path == "/disk"]) == 1


@pytest.mark.parametrize("path", ["/missing", "/bad", "/large", "/inside"])
def test_downloads_that_fail(house: House, site: WebSite, path: str) -> None:
    site.pages["/bad"] = headers.qcow2(backing=b"/etc/passwd")
    site.pages["/large"] = headers.qcow2() + bytes(11 * MIB)
    site.redirects["/inside"] = "http://169.254.169.254/"
    image_id = house.create(disk_format="qcow2")
    assert begin(house, image_id, download(site.url(path))) == 202
    task = house.run_imports(image_id)
    assert task["status"] == "failure" and task["message"]
    image = house.show(image_id)
    assert image["status"] == "queued" and image["size"] is None
    assert image["os_glance_importing_to_stores"] == ""
    house.clock.advance(46.0)
    house.step("image-sweeper")
    assert house.objects() == []


def test_a_server_that_is_away_is_asked_again(house: House, site: WebSite) -> None:
    image_id = house.create()
    request = download(f"http://127.0.0.1:{free_port()}/disk")
    assert begin(house, image_id, request) == 202
    task = house.run_imports(image_id)
    assert task["status"] == "failure" and "does not answer" in task["message"]
    assert house.show(image_id)["status"] == "queued"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": {"name": "teleport"}}, 400),
        ({"method": {"name": "web-download"}}, 400),
        (download("http://169.254.169.254/latest"), 400),
        (download("file:///etc/passwd"), 400),
        ({**DIRECT, "stores": ["attic"]}, 400),
        ({**DIRECT, "stores": ["ring"], "all_stores": True}, 400),
        ({"method": {"name": "copy-image"}, "stores": ["file"]}, 403),
        ({}, 400),
    ],
)
def test_requests_that_are_refused(house: House, request_: Any, status: int) -> None:
    image_id = house.create()
    assert begin(house, image_id, request_) == status
    assert house.show(image_id)["status"] == "queued"
    assert begin(house, image_id, DIRECT, project=OTHER) == 404


def test_copy_image(house: House) -> None:
    image_id = house.active(b"content")
    copy = {"method": {"name": "copy-image"}, "stores": ["file"]}
    assert begin(house, house.create(), copy, roles="admin") == 409
    assert begin(house, image_id, copy, roles="admin") == 202
    assert house.run_imports(image_id)["status"] == "success"
    assert house.show(image_id)["stores"] == "file,ring"
    assert house.show(image_id)["status"] == "active"
    assert begin(house, image_id, copy, roles="admin") == 409


def test_the_bytes_of_another_image(house: House) -> None:
    def of(image_id: str, **more: Any) -> dict[str, Any]:
        method = {"name": "glance-download", "glance_image_id": image_id}
        return {"method": {**method, "glance_region": "here", **more}}

    source = house.active(
        b"content",
        visibility="private",
        disk_format="raw",
        os_distro="debian",
        **{"trait:HW_GPU": "required", "speed": "88mph"},
    )
    image_id = house.create(disk_format="iso", os_distro="other", hw_machine="q35")
    for wrong, status in (
        (of(source, glance_region="elsewhere"), 400),
        ({"method": {"name": "glance-download", "glance_region": "here"}}, 400),
        (of("none"), 400),
        (of(str(UUID(int=7))), 404),
        (of(house.create()), 409),
    ):
        assert begin(house, image_id, wrong) == status
    # Nobody takes what he may not read.
    theirs = house.create(project=OTHER)
    assert begin(house, theirs, of(source), project=OTHER) == 404
    assert begin(house, image_id, of(source)) == 202
    assert house.run_imports(image_id)["status"] == "success"
    copied, first = house.show(image_id), house.show(source)
    for name in ("status", "size", "os_hash_value", "checksum", "disk_format"):
        assert copied[name] == first[name], name
    # What is said of the bytes comes with them, and nothing else.
    for name in ("container_format", "os_distro", "trait:HW_GPU"):
        assert copied[name] == first[name], name
    assert copied["hw_machine"] == "q35" and "speed" not in copied
    assert house.ask("DELETE", f"/v2/images/{source}").status == 204
    assert house.ask("GET", f"/v2/images/{image_id}/file").body == b"content"


def test_what_is_taken_may_go_meanwhile(house: House) -> None:
    source, image_id = house.active(b"content"), house.create()
    method = {"name": "glance-download", "glance_image_id": source}
    request = {"method": {**method, "glance_region": "here"}}
    assert begin(house, image_id, request) == 202
    assert house.ask("DELETE", f"/v2/images/{source}").status == 204
    assert house.run_imports(image_id)["status"] == "failure"
    assert house.show(image_id)["status"] == "queued"


def test_no_image_is_there_without_its_bytes(house: House) -> None:
    source, image_id = house.active(b"content"), house.create()
    (house.directory / "files").write_bytes(b"")
    method = {"name": "glance-download", "glance_image_id": source}
    request = {
        "method": {**method, "glance_region": "here"},
        "stores": ["file"],
        "all_stores_must_succeed": False,
    }
    assert begin(house, image_id, request) == 202
    assert house.run_imports(image_id)["status"] == "failure"
    image = house.show(image_id)
    assert image["status"] == "queued" and image["size"] is None
    assert image["os_glance_failed_import"] == "file"


def test_copies_at_once_do_not_pass_the_quota(house: House) -> None:
    """Of 10 MiB: beside the first there is room for one of them."""
    source = house.active(bytes(4 * MIB))
    method = {"name": "glance-download", "glance_image_id": source}
    copies = [house.create() for _ in range(2)]
    for image_id in copies:
        request = {"method": {**method, "glance_region": "here"}}
        assert begin(house, image_id, request) == 202
    house.step("image-imports")  # both
    ended = sorted(house.run_imports(image_id)["status"] for image_id in copies)
    assert ended == ["failure", "success"]
    house.clock.advance(46.0)
    house.step("image-sweeper")
    assert len({name.rpartition("/")[0] for name in house.objects()}) == 2


def test_one_store_may_fail_when_that_is_said(house: House, site: WebSite) -> None:
    site.pages["/disk"] = b"content"
    # A file where the directory should be: that store cannot write.
    (house.directory / "files").write_bytes(b"")
    image_id = house.create()
    request = download(
        site.url("/disk"), all_stores=True, all_stores_must_succeed=False
    )
    assert begin(house, image_id, request) == 202
    assert house.run_imports(image_id)["status"] == "success"
    image = house.show(image_id)
    assert image["status"] == "active" and image["stores"] == "ring"
    assert image["os_glance_failed_import"] == "file"


def test_a_worker_that_dies_is_followed_by_another(house: House, site: WebSite) -> None:
    site.pages["/disk"] = b"content"
    image_id = house.create()
    assert begin(house, image_id, download(site.url("/disk"))) == 202
    asked, answer = concurrency.Event(), site._reply

    def silent(request: Any) -> Any:
        asked.set()
        concurrency.Event().wait()

    site._reply = silent  # type: ignore[method-assign]
    house.step("image-imports")
    assert asked.wait(10.0)
    site._reply = answer  # type: ignore[method-assign]
    house.start(seed=2)
    house.clock.advance(46.0)
    assert house.run_imports(image_id)["status"] == "success"
    assert house.show(image_id)["status"] == "active"
    house.step("image-sweeper")
    assert len(house.objects()) == 1


def test_projects_take_turns(house: House, site: WebSite) -> None:
    """Two are done at once: one of each, however many the first has asked for."""
    site.pages["/disk"] = b"content"
    mine = [house.create() for _ in range(3)]
    theirs = house.create(project=OTHER)
    for image_id in mine:
        assert begin(house, image_id, download(site.url("/disk"))) == 202
        house.clock.advance(1.0)
    assert begin(house, theirs, download(site.url("/disk")), project=OTHER) == 202
    house.step("image-imports")
    tasks = house.ok("GET", "/v2/tasks", roles="admin").json["tasks"]
    begun = {one["image_id"] for one in tasks if one["status"] != "pending"}
    assert begun == {mine[0], theirs}


def test_tasks_are_listed(house: House) -> None:
    image_id = house.create()
    stage(house, image_id, b"staged")
    begin(house, image_id, DIRECT)
    task = house.run_imports(image_id)
    path = f"/v2/images/{image_id}/tasks"
    assert house.ask("GET", path, project=OTHER).status == 404
    assert house.ask("GET", "/v2/tasks").status == 403
    every = house.ok("GET", "/v2/tasks", roles="admin").json["tasks"]
    assert [one["id"] for one in every] == [task["id"]]
    one = house.ok("GET", f"/v2/tasks/{task['id']}", roles="admin").json
    assert one["input"]["import_req"] == DIRECT
    assert house.ask("GET", "/v2/tasks/none", roles="admin").status == 404


def test_deleting_during_an_import(house: House, site: WebSite) -> None:
    site.pages["/disk"] = b"content"
    image_id = house.create()
    assert begin(house, image_id, download(site.url("/disk"))) == 202
    house.ok("DELETE", f"/v2/images/{image_id}")
    house.step("image-imports")
    with concurrency.deadline(10.0):
        while True:
            task = house.ok("GET", "/v2/tasks", roles="admin").json["tasks"][0]
            if task["status"] == "failure":
                break
            concurrency.sleep(0.01)
    house.step("image-sweeper")
    assert house.objects() == []
