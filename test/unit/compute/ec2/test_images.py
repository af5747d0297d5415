"""Images as documents have them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

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
