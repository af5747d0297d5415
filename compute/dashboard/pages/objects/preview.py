"""The begin of an object on its page: a picture, or text; nothing of it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.panels import Picture
from compute.dashboard.frame.view import Block
from compute.dashboard.frame.visit import Visit, at
from compute.dashboard.pages.objects import store
from objectstore.kernel.errors import Rejected, Unavailable

PICTURES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
PICTURE_BYTES_MAX = 16 * 1024 * 1024
TEXT_BYTES_SHOWN = 16 * 1024
_TEXTS = frozenset(
    ("application/json", "application/xml", "application/yaml", "application/toml",
     "application/javascript", "application/x-sh", "application/x-yaml")
)  # fmt: skip


def preview_of(visit: Visit, name: str, headers: Mapping[str, str]) -> list[Any]:
    """One section, or none.  The picture is what a download gives: of a kind that is
    only drawn."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    size = int(headers.get("content-length", 0))
    container = visit["container"]
    if kind in PICTURES and 0 < size <= PICTURE_BYTES_MAX:
        path = at("objects", "c", container, "download", name=name)
        return [Picture("preview", path, name.rpartition("/")[2] or name, "Preview")]
    if not size or not (kind.startswith("text/") or kind in _TEXTS):
        return []
    wanted = {"Range": f"bytes=0-{TEXT_BYTES_SHOWN - 1}"}
    try:
        with store.read(visit, container, name, headers=wanted) as answer:
            raw = answer.read(TEXT_BYTES_SHOWN)
    except (Rejected, Unavailable):
        return []  # the rest of the page says what is known
    note = ""
    if size > TEXT_BYTES_SHOWN:
        shown = formats.size(TEXT_BYTES_SHOWN)
        note = f"The first {shown} of {formats.size(size)}."
    return [Block("preview", text_of(raw), "Preview", note)]


def text_of(raw: bytes) -> str:
    """As UTF-8; what is none of it, or does not show, as a mark.  Pure."""
    text = raw.decode("utf-8", "replace")
    return "".join(
        each if each.isprintable() or each in "\n\t" else "\ufffd"
        for each in text.replace("\r\n", "\n")
    )
