"""The unmodified openstacksdk: two people, one cloud."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from openstack.exceptions import (
    ConflictException,
    ForbiddenException,
    HttpException,
    NotFoundException,
    raise_from_response,
)

from test.functional.compute.house import RunningCloud
from test.functional.compute.image.people import Person, new_person
from test.functional.compute.image.web import served
from test.unit.compute.core.disk_inspection import headers

CONTENT = bytes(range(256)) * 10_000 + b"end"


@pytest.fixture(scope="module")
def ann(images: RunningCloud) -> Person:
    return new_person(images)


@pytest.fixture(scope="module")
def bob(images: RunningCloud) -> Person:
    return new_person(images)


@pytest.fixture(scope="module")
def mine(ann: Person) -> Any:
    return ann.sdk.image


@pytest.fixture(scope="module")
def his(bob: Person) -> Any:
    return bob.sdk.image


def queued(proxy: Any, name: str = "image", **more: Any) -> Any:
    fields = {"disk_format": "raw", "container_format": "bare", **more}
    return proxy.create_image(name=name, wait=False, **fields)


def active(proxy: Any, content: bytes = CONTENT, **more: Any) -> Any:
    image = queued(proxy, **more)
    image.upload(proxy, data=content)
    return proxy.get_image(image.id)


def test_upload_and_download(mine: Any) -> None:
    image = active(mine, name="bytes")
    assert image.status == "active" and image.size == len(CONTENT)
    assert image.hash_value == hashlib.sha512(CONTENT).hexdigest()
    got = mine.download_image(image)
    assert got.content == CONTENT
    streamed = mine.download_image(image, stream=True)
    assert b"".join(streamed.iter_content(100_000)) == CONTENT
    with pytest.raises(ConflictException):
        raise_for(image.upload(mine, data=b"again"))
    mine.delete_image(image)
    with pytest.raises(NotFoundException):
        mine.get_image(image.id)


def raise_for(response: Any) -> None:
    raise_from_response(response)


def test_filters_sort_and_pages(mine: Any) -> None:
    made = [queued(mine, name, tags=[f"t-{name}"]) for name in ("c", "a", "b")]
    found = [i.name for i in mine.images(sort="name:asc", limit=1)]
    assert found == ["a", "b", "c"]  # by pages of one
    assert [i.name for i in mine.images(name="in:a,b", sort="name:desc")] == ["b", "a"]
    assert [i.name for i in mine.images(tag="t-c")] == ["c"]
    assert list(mine.images(status="active")) == []
    assert list(mine.images(size_min=1)) == []
    assert len(list(mine.images(created_at="gt:2020-01-01T00:00:00Z"))) == 3
    with pytest.raises(HttpException):
        list(mine.images(visibility="secret"))
    for image in made:
        mine.delete_image(image)


def test_update_and_tags(mine: Any) -> None:
    image = queued(mine, "before", min_ram=1)
    changed = mine.update_image(image, name="after", os_distro="debian")
    assert changed.name == "after" and changed.os_distro == "debian"
    mine.add_tag(image, "one")
    mine.add_tag(image, "two")
    mine.remove_tag(image, "one")
    assert mine.get_image(image.id).tags == ["two"]
    mine.update_image(mine.get_image(image.id), is_protected=True)
    with pytest.raises(ForbiddenException):
        mine.delete_image(image.id)
    mine.update_image(mine.get_image(image.id), is_protected=False)
    mine.delete_image(image.id)


def test_sharing(mine: Any, his: Any, bob: Person) -> None:
    image = active(mine, name="lent")
    with pytest.raises(NotFoundException):
        his.get_image(image.id)
    mine.add_member(image, member=bob.project_id)
    assert his.get_image(image.id).name == "lent"
    assert list(his.images()) == []
    his.update_member(bob.project_id, image, status="accepted")
    assert [i.id for i in his.images()] == [image.id]
    assert [m.status for m in mine.members(image)] == ["accepted"]
    assert his.download_image(image.id).content == CONTENT
    with pytest.raises(ForbiddenException):
        his.delete_image(image.id)
    mine.remove_member(bob.project_id, image=image)
    with pytest.raises(NotFoundException):
        his.get_image(image.id)
    mine.delete_image(image)


def test_visibility(mine: Any, his: Any, images: RunningCloud) -> None:
    image = active(mine, name="village", visibility="community")
    assert list(his.images()) == []
    assert [i.id for i in his.images(visibility="community")] == [image.id]
    with pytest.raises(ForbiddenException):
        mine.update_image(image, visibility="public")
    admin = images.sdk().image
    admin.update_image(admin.get_image(image.id), visibility="public")
    assert [i.id for i in his.images()] == [image.id]
    assert his.download_image(image.id).content == CONTENT
    mine.delete_image(image.id)


def test_deactivation(mine: Any, images: RunningCloud) -> None:
    image = active(mine, name="switched")
    mine.deactivate_image(image)
    assert mine.get_image(image.id).status == "deactivated"
    path = f"/image/v2/images/{image.id}/file"
    token = mine.get_token()
    assert images.http("GET", path, token=token).status == 403
    assert images.http("GET", path, token=images.token()).status == 200
    mine.reactivate_image(image)
    assert images.http("GET", path, token=token).status == 200
    mine.delete_image(image.id)


def test_web_download_to_all_stores(mine: Any, tmp_path: Path) -> None:
    (tmp_path / "disk.qcow2").write_bytes(headers.qcow2())
    image = queued(mine, "fetched", disk_format="qcow2")
    with served(tmp_path) as url:
        mine.import_image(
            image, method="web-download", uri=f"{url}/disk.qcow2", all_stores=True
        )
        found = mine.wait_for_status(image, "active", interval=0.2, wait=60)
    assert found.virtual_size == headers.DISK
    tasks = list(mine.image_tasks(image.id))
    assert [task.status for task in tasks] == ["success"]
    assert {store.id for store in mine.stores()} == {"ring", "file"}
    mine.delete_image(image.id)


def test_metadata_services_cannot_be_asked(mine: Any, images: RunningCloud) -> None:
    image = queued(mine, "thief")
    uri = "http://169.254.169.254/latest/meta-data"
    refused = images.http(
        "POST",
        f"/image/v2/images/{image.id}/import",
        {"method": {"name": "web-download", "uri": uri}},
        token=mine.get_token(),
    )
    assert refused.status == 400 and "169.254.169.254" in refused.body["message"]
    mine.delete_image(image.id)


def test_schemas_and_import_info(mine: Any) -> None:
    assert mine.get_image_schema().name == "image"
    assert mine.get_images_schema().name == "images"
    assert mine.get_members_schema().name == "members"
    assert "web-download" in mine.get_import_info().import_methods["value"]


def test_metadata_definitions(images: RunningCloud, mine: Any) -> None:
    """Administrators define, everybody reads what is public."""
    his = images.sdk().image
    his.create_metadef_namespace(namespace="sdk", visibility="public")
    his.create_metadef_property(
        "sdk", name="bus", title="Bus", type="string", enum=["ide", "scsi"]
    )
    his.create_metadef_object("sdk", name="cache")
    his.create_metadef_resource_type_association("sdk", name="OS::Glance::Image")
    his.update_metadef_namespace("sdk", description="of disks")
    assert mine.get_metadef_namespace("sdk").description == "of disks"
    assert [each.name for each in mine.metadef_properties("sdk")] == ["bus"]
    assert mine.get_metadef_property("bus", "sdk").enum == ["ide", "scsi"]
    assert [each.name for each in mine.metadef_objects("sdk")] == ["cache"]
    (meant,) = mine.metadef_resource_type_associations("sdk")
    assert meant.name in {each.name for each in mine.metadef_resource_types()}
    with pytest.raises(ForbiddenException):
        mine.delete_metadef_namespace("sdk", ignore_missing=False)
    his.delete_metadef_namespace("sdk", ignore_missing=False)
    assert "sdk" not in {each.namespace for each in mine.metadef_namespaces()}
