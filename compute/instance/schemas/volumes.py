"""Bodies of volume attachments."""

from __future__ import annotations

from typing import Any

from compute.instance.frame.bodies import Body, Field
from compute.instance.schemas.types import BOOLEAN, TAG, UUID, nullable

DEVICE: dict[str, Any] = nullable(
    {
        "type": "string",
        "pattern": "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$",
        "maxLength": 255,
    }
)
ATTACH = Body(
    "volumeAttachment",
    (
        Field("volumeId", UUID, required=True),
        Field("device", DEVICE),
        Field("tag", TAG, since=49),
        Field("delete_on_termination", BOOLEAN, since=79),
    ),
)
UPDATE = Body(
    "volumeAttachment",
    (
        Field("volumeId", UUID, required=True),
        # What the attachment is anyway: it may be said, and must be true.
        Field("id", UUID, since=85),
        Field("serverId", UUID, since=85),
        Field("device", DEVICE, since=85),
        Field("tag", TAG, since=85),
        Field("delete_on_termination", BOOLEAN, since=85),
    ),
)
