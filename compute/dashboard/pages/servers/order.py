"""What is sent for a server, from what its form was answered.  Pure."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from compute.dashboard.frame.fields import BadForm, Values
from compute.dashboard.pages.words import pairs

USER_DATA_BYTES_MAX = 48 * 1024
AUTOMATIC = "auto"


def order_of(values: Values) -> dict[str, Any]:
    """The body of ``POST /servers``.  ``BadForm``."""
    order: dict[str, Any] = {
        "name": values["name"],
        "flavorRef": values["flavor"],
        "networks": [{"uuid": each} for each in values.chosen("networks")] or AUTOMATIC,
        "min_count": values.number("count") or 1,
        "max_count": values.number("count") or 1,
        **_root_of(values),
        **values.given(
            key_name="key", availability_zone="zone", description="description"
        ),
    }
    if values.chosen("groups"):
        order["security_groups"] = [{"name": each} for each in values.chosen("groups")]
    data = values["user_data_file"] or values["user_data"]
    if data:
        raw = data.encode()
        if len(raw) > USER_DATA_BYTES_MAX:
            raise BadForm({"user_data": "At most 48 KiB."})
        order["user_data"] = b64encode(raw).decode()
    if values["metadata"]:
        order["metadata"] = pairs(values["metadata"])
    if values.flag("config_drive"):
        order["config_drive"] = True
    if values["tags"]:
        order["tags"] = _listed(values["tags"])
    body: dict[str, Any] = {"server": order}
    if hints := _hints_of(values):
        body["os:scheduler_hints"] = hints
    return body


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _hints_of(values: Values) -> dict[str, Any]:
    hints: dict[str, Any] = values.given(group="server_group")
    for name in ("different_host", "same_host"):
        if listed := _listed(values[name]):
            hints[name] = listed
    return hints


def _root_of(values: Values) -> dict[str, Any]:
    image, volume = values["image"], values["volume"]
    if bool(image) == bool(volume):
        raise BadForm({"image": "Choose an image or a volume, not both."})
    size = values.number("new_volume")
    if image and size is None:
        return {"imageRef": image}
    device: dict[str, Any] = {"boot_index": 0, "destination_type": "volume"}
    if values.flag("volume_ends"):
        device["delete_on_termination"] = True
    if volume:
        device |= {"source_type": "volume", "uuid": volume}
    else:
        device |= {"source_type": "image", "uuid": image, "volume_size": size}
    return {"block_device_mapping_v2": [device]}
