from __future__ import annotations

import io

import pycdlib
import pytest

from compute.agent.disks.iso import ISO_BYTES_MAX, make_iso
from objectstore.kernel.errors import Rejected

FILES = {
    "openstack/latest/meta_data.json": b'{"uuid": "u-1"}',
    "openstack/latest/user_data": bytes(65536),
    "openstack/content/0000": b"hello",
    "ec2/latest/meta-data.json": b"{}",
}


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


def test_the_image_holds_the_files_and_the_label() -> None:
    image = make_iso("config-2", FILES)
    assert read_back(image) == FILES
    # The volume's name in the primary descriptor: sector 16, byte 40.
    assert image[16 * 2048 + 40 :][:32].rstrip() == b"config-2"


def test_too_much_is_refused() -> None:
    with pytest.raises(Rejected):
        make_iso("config-2", {"openstack/latest/user_data": bytes(ISO_BYTES_MAX + 1)})
