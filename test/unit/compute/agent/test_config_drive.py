from __future__ import annotations

import io
import json

import pycdlib
import pytest

from compute.agent import config_drive
from compute.agent.disks.iso import ISO_BYTES_MAX, make_iso
from objectstore.kernel.errors import Rejected

META = {"uuid": "u-1", "hostname": "web", "name": "web"}


def read_back(image: bytes) -> dict[str, bytes]:
    """The files of an ISO image by their Rock Ridge names."""
    iso = pycdlib.PyCdlib()
    iso.open_fp(io.BytesIO(image))
    found: dict[str, bytes] = {}
    for directory, _, names in iso.walk(rr_path="/"):
        for name in names:
            path = f"{directory.rstrip('/')}/{name}"
            content = io.BytesIO()
            iso.get_file_from_iso_fp(content, rr_path=path)
            found[path.lstrip("/")] = content.getvalue()
    iso.close()
    return found


def test_what_is_where() -> None:
    files = config_drive.content(
        META,
        network_data={"links": [1]},
        user_data=b"#!/bin/sh\n",
        ec2_meta_data={"instance-id": "i-1"},
        injected_files=(("/etc/motd", b"hello"), ("/etc/x", b"\0\1")),
    )
    meta = json.loads(files["openstack/latest/meta_data.json"])
    assert meta["hostname"] == "web"
    assert [f["path"] for f in meta["files"]] == ["/etc/motd", "/etc/x"]
    for entry, content in zip(meta["files"], (b"hello", b"\0\1"), strict=True):
        assert files["openstack" + entry["content_path"]] == content
    assert json.loads(files["openstack/latest/network_data.json"]) == {"links": [1]}
    assert json.loads(files["openstack/latest/vendor_data.json"]) == {}
    assert files["openstack/latest/user_data"] == b"#!/bin/sh\n"
    assert json.loads(files["ec2/latest/meta-data.json"]) == {"instance-id": "i-1"}
    assert files["ec2/latest/user-data"] == b"#!/bin/sh\n"


def test_no_user_data_is_no_file() -> None:
    files = config_drive.content(META, network_data={})
    assert not [path for path in files if "user" in path]
    assert not [path for path in files if path.startswith("ec2")]


def test_the_image_holds_the_files_and_the_label() -> None:
    files = config_drive.content(META, network_data={}, user_data=bytes(65536))
    image = make_iso("config-2", files)
    assert read_back(image) == files
    # The volume's name in the primary descriptor: sector 16, byte 40.
    assert image[16 * 2048 + 40 :][:32].rstrip() == b"config-2"


def test_too_much_is_refused() -> None:
    with pytest.raises(Rejected):
        make_iso("config-2", {"openstack/latest/user_data": bytes(ISO_BYTES_MAX + 1)})
