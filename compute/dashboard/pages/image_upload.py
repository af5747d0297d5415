"""Uploading an image: its bytes go on as they come."""

from __future__ import annotations

from contextlib import suppress

from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.rooms import path_of
from objectstore.kernel.errors import Rejected, Unavailable

_FORMATS = ("qcow2", "raw", "iso", "vmdk", "vdi", "vhd", "vhdx", "ami", "aki", "ari")


def upload_form(visit: Visit) -> Form:
    """What it is, and the file last: what stands behind it is not read."""
    kinds = ["private", "shared", "community"]
    if visit.session.is_admin:
        kinds.append("public")
    return Form(
        "Upload an image",
        [
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
            Field("file", "File", "upload", is_required=True),
        ],
        "Upload",
        "/images",
        "images",
        upload_to="/images/new",
    )


def upload(visit: Visit, values: Values) -> Redirect:
    """Make the image, then bring its bytes; without these it is not kept."""
    file = next(visit.submitted.files, None)
    if file is None:
        raise BadForm({"file": "Choose a file."})
    kind = values["format"]
    body = {
        "name": values["name"],
        "disk_format": kind,
        "container_format": kind if kind in ("ami", "aki", "ari") else "bare",
        "visibility": values["visibility"],
        "min_disk": values.number("min_disk") or 0,
        "min_ram": values.number("min_ram") or 0,
    }
    image_id = visit.rooms.post("image", "images", body=body)["id"]
    headers = {"Content-Type": "application/octet-stream"}
    path = path_of(("images", image_id, "file"))
    try:
        visit.rooms.stream("image", "PUT", path, headers, file.pieces).close()
    except (Rejected, Unavailable):
        with suppress(Rejected, Unavailable):
            visit.rooms.delete("image", "images", image_id)
        raise
    return Redirect(f"/images/{image_id}", Notice("The image is uploaded."))


ROUTES = [form("images/new", upload_form, upload, uploads="file")]
