"""What is right for the image room."""

from __future__ import annotations

from test.unit.compute.garbage.bodies import HEX, UUID, Bodies

IMAGE: Bodies = {
    ("POST", "/v2/images"): [
        {
            "id": UUID,
            "name": "i",
            "disk_format": "raw",
            "container_format": "bare",
            "visibility": "private",
            "min_ram": 1,
            "min_disk": 1,
            "protected": False,
            "os_hidden": False,
            "tags": ["a"],
            "owner": HEX,
            "hw_disk_bus": "virtio",
        }
    ],
    ("PATCH", "/v2/images/{image_id}"): [
        [{"op": "replace", "path": "/name", "value": "n"}],
        [{"op": "add", "path": "/tags/-", "value": "n"}],
        [{"op": "add", "path": "/locations/-", "value": {"url": "x", "metadata": {}}}],
        [{"op": "remove", "path": "/hw_disk_bus"}],
    ],
    ("POST", "/v2/images/{image_id}/members"): [{"member": HEX}],
    ("PUT", "/v2/images/{image_id}/members/{member_id}"): [{"status": "accepted"}],
    ("POST", "/v2/images/{image_id}/import"): [
        {
            "method": {"name": "web-download", "uri": "http://127.0.0.1:1/x"},
            "stores": ["file"],
            "all_stores": False,
            "all_stores_must_succeed": True,
        }
    ],
    ("PUT", "/internal/images/{image_id}/status"): [{"status": "active"}],
    ("PUT", "/internal/holds/{holder}"): [{"images": [UUID]}],
}
