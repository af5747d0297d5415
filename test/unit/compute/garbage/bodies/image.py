"""What is right for the image room."""

from __future__ import annotations

from test.unit.compute.garbage.bodies import HEX, UUID, Bodies

_OBJECT = {
    "name": "o",
    "description": "d",
    "required": ["p"],
    "properties": {"p": {"title": "P", "type": "integer", "minimum": 1}},
}
_PROPERTY = {
    "name": "p",
    "title": "P",
    "type": "array",
    "items": {"type": "string"},
    "operators": ["<in>"],
    "uniqueItems": True,
    "maxItems": 3,
    "default": ["a"],
}
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
    ("POST", "/v2/metadefs/namespaces"): [
        {
            "namespace": "n",
            "display_name": "N",
            "description": "d",
            "visibility": "public",
            "protected": False,
            "owner": HEX,
            "resource_type_associations": [{"name": "OS::Nova::Server", "prefix": "p"}],
            "properties": {"p": {"title": "P", "type": "string", "enum": ["a"]}},
            "objects": [{"name": "o", "required": ["p"], "properties": {}}],
            "tags": [{"name": "t"}],
        }
    ],
    ("PUT", "/v2/metadefs/namespaces/{namespace}"): [
        {"namespace": "n", "visibility": "private", "protected": False}
    ],
    ("POST", "/v2/metadefs/namespaces/{namespace}/objects"): [_OBJECT],
    ("PUT", "/v2/metadefs/namespaces/{namespace}/objects/{key}"): [_OBJECT],
    ("POST", "/v2/metadefs/namespaces/{namespace}/properties"): [_PROPERTY],
    ("PUT", "/v2/metadefs/namespaces/{namespace}/properties/{key}"): [_PROPERTY],
    ("POST", "/v2/metadefs/namespaces/{namespace}/tags"): [{"tags": [{"name": "t"}]}],
    ("PUT", "/v2/metadefs/namespaces/{namespace}/tags/{key}"): [{"name": "u"}],
    ("POST", "/v2/metadefs/namespaces/{namespace}/resource_types"): [
        {"name": "OS::Nova::Server", "prefix": "p", "properties_target": "t"}
    ],
    ("PUT", "/internal/images/{image_id}/status"): [{"status": "active"}],
    ("PUT", "/internal/holds/{holder}"): [{"images": [UUID]}],
}
