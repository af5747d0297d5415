"""Several stores: choosing one, one that is away, settings that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from compute.image.settings import ImageSettings
from objectstore.kernel.settings import BadSettings
from test.unit.compute.image.house import OCTETS, House, Make


def test_a_store_is_chosen_by_header(make: Make) -> None:
    house = make(stores=("ring", "file", "http"))
    image_id = house.create()
    path = f"/v2/images/{image_id}/file"
    for name, status in (("attic", 400), ("http", 409), ("file", 204)):
        chosen = {**OCTETS, "X-Image-Meta-Store": name}
        assert house.ask("PUT", path, b"content", headers=chosen).status == status
    assert house.show(image_id)["stores"] == "file"
    assert house.ok("GET", path).body == b"content"
    assert house.objects() == []
    stores = house.ok("GET", "/v2/info/stores").json["stores"]
    assert [store.get("read-only") for store in stores] == [None, None, "true"]
    house.ok("DELETE", f"/v2/images/{image_id}")
    house.step("image-sweeper")
    kept = [path for path in (house.directory / "files").rglob("*") if path.is_file()]
    assert kept == []


def test_bytes_wait_for_a_store_that_is_not_configured(make: Make) -> None:
    house = make(stores=("ring", "file"))
    image_id = house.active(b"content")
    house.settings = ImageSettings(
        stores=("file",), file_directory=house.directory / "files"
    )
    house.start()
    assert house.ask("GET", f"/v2/images/{image_id}/file").status == 503
    house.ok("DELETE", f"/v2/images/{image_id}")
    house.step("image-sweeper")
    assert len(house.objects()) == 1
    house.settings = ImageSettings(
        stores=("ring", "file"), file_directory=house.directory / "files"
    )
    house.start()
    house.step("image-sweeper")
    assert house.objects() == []


@pytest.mark.parametrize(
    "settings",
    [
        {"stores": ("attic",)},
        {"stores": ()},
        {"stores": ("http", "ring")},
        {"stores": ("ring", "s3")},
        {"web_networks_allowed": ("everywhere",)},
        {"import_methods": ("teleport",)},
        {
            "stores": ("s3",),
            "s3_bucket": "b",
            "s3_secret_file": Path("/nonexistent"),
        },
    ],
)
def test_wrong_settings(tmp_path: Path, settings: dict[str, object]) -> None:
    with pytest.raises(BadSettings):
        House(tmp_path, **settings)
