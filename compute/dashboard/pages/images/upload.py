"""An image from a file, whose bytes go on as they come, or fetched by the cloud."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.rooms import path_of
from objectstore.kernel.errors import Rejected, Unavailable

ADDRESS_CHARACTERS_MAX = 2000
_FORMATS = ("qcow2", "raw", "iso", "vmdk", "vdi", "vhd", "vhdx", "ami", "aki", "ari")


def upload_form(visit: Visit) -> Form:
    """What it is, and the file last: what stands behind it is not read."""
    file = Field("file", "File", "upload", is_required=True)
    return Form(
        "Upload an image",
        [*_fields(visit), file],
        "Upload",
        "/images",
        "images",
        upload_to="/images/new",
    )


def _fields(visit: Visit) -> list[Field]:
    kinds = ["private", "shared", "community"]
    if visit.session.is_admin:
        kinds.append("public")
    return [
        Field("name", "Name", is_required=True),
        Field(
            "format",
            "Format",
            "select",
            ["qcow2"],
            [Option(each, each) for each in _FORMATS],
            is_required=True,
        ),
        Field(
            "visibility",
            "Seen by",
            "select",
            ["private"],
            [Option(kind, kind) for kind in kinds],
            is_required=True,
        ),
        Field("min_disk", "Least disk (GiB)", "number", least=0, most=1 << 20),
        Field("min_ram", "Least memory (MiB)", "number", least=0, most=1 << 24),
    ]


def fetch_form(visit: Visit) -> Form:
    """What it is, and where."""
    url = Field(
        "url", "Address", is_required=True, longest=ADDRESS_CHARACTERS_MAX,
        placeholder="https://cloud.debian.org/images/...",
        help="The cloud fetches it by itself; which addresses it may ask is set by its"
        " operators.",
    )  # fmt: skip
    fields = [url, *_fields(visit)]
    return Form("Fetch an image", fields, "Fetch it", "/images", "images")


def fetch(visit: Visit, values: Values) -> Redirect:
    """Make the image, then have it fetched; what is refused at once is not kept."""
    image_id = visit.rooms.post("image", "images", body=order_of(values))["id"]
    method = {"name": "web-download", "uri": values["url"]}
    try:
        path = ("images", image_id, "import")
        visit.rooms.post("image", *path, body={"method": method})
    except (Rejected, Unavailable):
        _forget(visit, image_id)
        raise
    return Redirect(f"/images/{image_id}", Notice("The image is being fetched."))


def order_of(values: Values) -> dict[str, Any]:
    """What is sent for the image's record."""
    kind = values["format"]
    return {
        "name": values["name"],
        "disk_format": kind,
        "container_format": kind if kind in ("ami", "aki", "ari") else "bare",
        "visibility": values["visibility"],
        "min_disk": values.number("min_disk") or 0,
        "min_ram": values.number("min_ram") or 0,
    }


def _forget(visit: Visit, image_id: str) -> None:
    with suppress(Rejected, Unavailable):
        visit.rooms.delete("image", "images", image_id)


def upload(visit: Visit, values: Values) -> Redirect:
    """Make the image, then bring its bytes; without these it is not kept."""
    file = next(visit.submitted.files, None)
    if file is None:
        raise BadForm({"file": "Choose a file."})
    image_id = visit.rooms.post("image", "images", body=order_of(values))["id"]
    headers = {"Content-Type": "application/octet-stream"}
    path = path_of(("images", image_id, "file"))
    try:
        visit.rooms.stream("image", "PUT", path, headers, file.pieces).close()
    except (Rejected, Unavailable):
        _forget(visit, image_id)
        raise
    return Redirect(f"/images/{image_id}", Notice("The image is uploaded."))


ROUTES = [
    form("images/new", upload_form, upload, uploads="file"),
    form("images/fetch", fetch_form, fetch),
]
