"""Changes of an image as a JSON patch: which attributes may change, and how.

Paths name one attribute or property (``/name``, ``/tags``, ``/hw_disk_bus``); values
replace it whole.  Pure: an image in, an image out.

The older form of a patch says ``{"replace": "/name", "value": "x"}``; it adds only what
is not there yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compute.core.errors import BadRequest, Conflict, Forbidden
from compute.image.facts import RESERVED_PREFIX
from compute.image.model import QUEUED, Image
from compute.image.schemas import ATTRIBUTES, OLDER_PATCH, PATCH, VERBS

READ_ONLY = frozenset(
    {
        "id",
        "status",
        "created_at",
        "updated_at",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "size",
        "virtual_size",
        "self",
        "file",
        "schema",
        "stores",
        "direct_url",
    }
)
RESERVED = frozenset({"location", "locations", "deleted", "deleted_at"})
WRITABLE = frozenset(
    {
        "name",
        "visibility",
        "protected",
        "os_hidden",
        "owner",
        "container_format",
        "disk_format",
        "tags",
        "min_ram",
        "min_disk",
    }
)
FORMATS = frozenset({"container_format", "disk_format"})
# What may be set to nothing.
NULLABLE = frozenset({"name", *FORMATS})
PROPERTY_NAME_CHARACTERS_MAX = 255


def check_writable(name: str) -> None:
    """Raise ``Forbidden`` for what only the service sets."""
    if name in READ_ONLY:
        raise Forbidden(f"Attribute '{name}' is read-only.")
    if name in RESERVED or name.startswith(RESERVED_PREFIX):
        raise Forbidden(f"Attribute '{name}' is reserved.")


def check_property_name(name: str) -> None:
    """Raise ``BadRequest`` for what no property can be called."""
    if not name or len(name) > PROPERTY_NAME_CHARACTERS_MAX:
        raise BadRequest(
            f"Property names have 1 to {PROPERTY_NAME_CHARACTERS_MAX} characters"
        )


def patched(image: Image, operations: Any, *, is_older: bool = False) -> Image:
    """The image after the patch (in its older form); ``BadRequest``, ``Forbidden``,
    ``Conflict``."""
    if is_older:
        OLDER_PATCH.check(operations)
        operations = [_in_newer_form(each) for each in operations]
    PATCH.check(operations)
    for operation in operations:
        name = _attribute(operation["path"])
        check_writable(name)
        if operation["op"] == "remove":
            image = _removed(image, name)
        else:
            if "value" not in operation:
                raise BadRequest('Operation objects must contain a "value" member')
            must_exist = operation["op"] == "replace"
            if is_older and not must_exist:
                _check_new(image, name)
            image = _set(image, name, operation["value"], must_exist)
    return image


def _in_newer_form(operation: Mapping[str, Any]) -> dict[str, Any]:
    (verb,) = VERBS & operation.keys()
    values = {"value": operation["value"]} if "value" in operation else {}
    return {"op": verb, "path": operation[verb], **values}


def _check_new(image: Image, name: str) -> None:
    if name in WRITABLE or name in image.properties:
        raise Conflict(f"Property {name} already present.")


def _attribute(path: str) -> str:
    if not path.startswith("/"):
        raise BadRequest(f"Pointer `{path}` does not start with '/'.")
    if "/" in path[1:]:
        raise BadRequest(f"Pointer `{path}` contains more than one '/'.")
    if "~" in path.replace("~0", "").replace("~1", ""):
        raise BadRequest(f"Pointer `{path}` contains '~' not part of a sequence.")
    name = path[1:].replace("~1", "/").replace("~0", "~")
    check_property_name(name)
    return name


def _removed(image: Image, name: str) -> Image:
    if name in WRITABLE:
        raise Forbidden(f"Property {name} may not be removed.")
    if name not in image.properties:
        raise Conflict(f"Property {name} does not exist.")
    left = {key: value for key, value in image.properties.items() if key != name}
    return replace(image, properties=left)


def _set(image: Image, name: str, value: Any, must_exist: bool) -> Image:
    ATTRIBUTES.check({name: value})
    if name in WRITABLE:
        return with_attributes(image, {name: value})
    if must_exist and name not in image.properties:
        raise Conflict(f"Property {name} does not exist.")
    return replace(image, properties={**image.properties, name: value})


def with_attributes(image: Image, values: Mapping[str, Any]) -> Image:
    """The image with other base attributes (checked by the schema already)."""
    changes = dict(values)
    for name in FORMATS & changes.keys():
        if image.status != QUEUED and changes[name] != getattr(image, name):
            raise Forbidden(
                f"Attribute {name} can be only replaced for a queued image."
            )
    for name, value in changes.items():
        if value is None and name not in NULLABLE:
            raise BadRequest(f"Invalid input for field/attribute {name}: it is null")
    if "tags" in changes:
        changes["tags"] = tuple(sorted(set(changes["tags"])))
    return replace(image, **changes)
