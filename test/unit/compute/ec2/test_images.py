"""Images as documents have them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from compute.ec2.frame.xml import reply_document
from compute.ec2.views.images import image_document


@pytest.mark.parametrize(
    ("status", "marks", "state"),
    [
        ("queued", {}, "pending"),
        ("importing", {"os_glance_failed_import": "ring"}, "pending"),
        ("queued", {"os_glance_failed_import": "ring"}, "failed"),
        ("active", {"os_glance_failed_import": "file"}, "available"),
    ],
)
def test_a_copy_that_failed_is_no_longer_awaited(
    status: str, marks: dict[str, str], state: str
) -> None:
    image = {
        "id": "1",
        "owner": "p",
        "name": "copy",
        "status": status,
        "created_at": "2026-01-01T00:00:00Z",
        "visibility": "private",
        "protected": False,
        "tags": [],
        **marks,
    }
    inventory: Any = SimpleNamespace(id_of=lambda kind, uuid: f"{kind}-{uuid}")
    assert image_document(inventory, image)["imageState"] == state


@pytest.mark.parametrize(
    "written",
    [
        "[" * 60_000,
        '[{"boot_index": 0, "volume_size": {"a><b": 1}}]',
        '[{"device_name": ["/dev/vda"]}]',
        '[{"boot_index": 0, "volume_size": "²", "snapshot_id": "x"}]',
    ],
)
def test_others_may_have_written_anything(written: str) -> None:
    image = {
        "id": "1",
        "owner": "p",
        "name": "odd",
        "status": "active",
        "created_at": "2026-01-01T00:00:00Z",
        "visibility": "shared",
        "protected": False,
        "tags": [],
        "block_device_mapping": written,
    }
    inventory: Any = SimpleNamespace(id_of=lambda kind, uuid: f"{kind}-{uuid}")
    document = image_document(inventory, image)
    sent = reply_document("DescribeImages", "r", document).decode()
    assert "a><b" not in sent and "²" not in sent
