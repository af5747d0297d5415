"""Objects: up, down, away, and what is known of one."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.headers import download_headers
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages import object_store as store
from objectstore.kernel.reply import Reply

NAME_BYTES_MAX = 1024
DELETED_AT_ONCE = 20
LISTED_MAX = 1000
# Shown by browsers and never run by them; everything else is only saved.
_HARMLESS = frozenset(
    ("image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "video/mp4")
)
_UNKNOWN = "application/octet-stream"
_PASSED_ON = ("content-length", "content-range", "accept-ranges", "etag")


def _folder(visit: Visit, prefix: str) -> str:
    return at("objects", "c", visit["container"], prefix=prefix)


def upload_form(visit: Visit) -> Form:
    """Which files, and into which folder."""
    prefix = visit.query("prefix")
    return Form(
        "Upload files",
        [
            Field(
                "prefix",
                "Into the folder",
                values=[prefix],
                longest=NAME_BYTES_MAX,
                placeholder="photos/2026/",
                help="Left empty: into none.",
            ),
            Field("files", "Files", "upload", many=True, is_required=True),
        ],
        "Upload",
        _folder(visit, prefix),
        "objects",
        upload_to=at("objects", "c", visit["container"], "upload"),
    )


def upload(visit: Visit, values: Values) -> Redirect:
    """Each file goes on as it comes."""
    prefix = values["prefix"].strip().lstrip("/")
    if prefix and not prefix.endswith("/"):
        prefix += "/"
    count = 0
    for file in visit.submitted.files:
        name = prefix + (file.filename or "").replace("\\", "/").rpartition("/")[2]
        if not name or name.endswith("/") or len(name.encode()) > NAME_BYTES_MAX:
            raise BadForm({"files": "That file's name is empty or too long."})
        headers = {"Content-Type": plain_type(file.content_type)}
        store.change(
            visit, "PUT", visit["container"], name, headers=headers, body=file.pieces
        )
        count += 1
    if not count:
        raise BadForm({"files": "Choose a file."})
    text = f"{formats.counted(count, 'file')} uploaded."
    return Redirect(_folder(visit, prefix), Notice(text))


def plain_type(text: str) -> str:
    """A media type as it was told, when it is one."""
    is_plain = text.isascii() and text.isprintable() and "/" in text
    return text if is_plain and len(text) < 200 else _UNKNOWN


def folder_form(visit: Visit) -> Form:
    """Its name."""
    prefix = visit.query("prefix")
    return Form(
        "New folder",
        [Field("name", "Name", is_required=True, longest=NAME_BYTES_MAX)],
        "Make it",
        _folder(visit, prefix),
        "objects",
    )


def make_folder(visit: Visit, values: Values) -> Redirect:
    """An object without bytes that stands for it."""
    name = visit.query("prefix") + values["name"].strip("/") + "/"
    headers = {"Content-Type": "application/directory"}
    store.change(visit, "PUT", visit["container"], name, headers=headers)
    return Redirect(_folder(visit, name), Notice("The folder is there."))


def download(visit: Visit) -> Reply:
    """The bytes, as they come; a browser saves them and runs nothing of them."""
    name = visit.query("name")
    wanted = visit.request.header("Range")
    headers = {"Range": wanted} if wanted else {}
    answer = store.read(visit, visit["container"], name, headers=headers)
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    sent = download_headers(disposition_of(name.rpartition("/")[2] or "object"))
    sent += [
        (key.title(), answer.headers[key])
        for key in _PASSED_ON
        if key in answer.headers
    ]
    if visit.request.method == "HEAD":
        answer.close()
        return Reply(answer.status, (), sent, kind if kind in _HARMLESS else _UNKNOWN)
    return Reply(answer.status, answer, sent, kind if kind in _HARMLESS else _UNKNOWN)


def disposition_of(name: str) -> str:
    """``attachment`` with a name that every browser understands."""
    plain = "".join(
        each if each.isascii() and (each.isalnum() or each in "-_. ") else "_"
        for each in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def some_form(visit: Visit) -> Form:
    """Which objects of a folder."""
    container, prefix = visit["container"], visit.query("prefix")
    found = store.listing(visit, container, prefix=prefix or None, limit=LISTED_MAX)
    choices = [
        Option(each["name"], each["name"], formats.size(each["bytes"]))
        for each in found
    ]
    field = Field(
        "names",
        "Objects",
        "checks",
        options=choices,
        is_required=True,
        help="Those of folders within are here too; at most 1000 are shown.",
    )
    return Form(
        "Delete objects",
        [field],
        "Delete what is checked",
        _folder(visit, prefix),
        "objects",
        look="danger",
    )


def delete_some(visit: Visit, values: Values) -> Redirect:
    """Take them away, several at a time."""
    names = values.chosen("names")
    for first in range(0, len(names), DELETED_AT_ONCE):
        some = names[first : first + DELETED_AT_ONCE]
        found = visit.rooms.together(
            **{
                str(at_): partial(
                    store.change, visit, "DELETE", visit["container"], name
                )
                for at_, name in enumerate(some)
            }
        )
        for at_ in range(len(some)):
            _ = found[str(at_)]
    text = f"{formats.counted(len(names), 'object')} deleted."
    return Redirect(_folder(visit, visit.query("prefix")), Notice(text))


def delete_one(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    name = visit.query("name")
    store.change(visit, "DELETE", visit["container"], name)
    prefix, slash, _ = name.rpartition("/")
    return Redirect(_folder(visit, prefix + slash), Notice("The object is deleted."))


ONE = "objects/c/{container}"


ROUTES = [
    form(f"{ONE}/upload", upload_form, upload, uploads="files"),
    form(f"{ONE}/folder", folder_form, make_folder),
    page(f"{ONE}/download", download),
    form(f"{ONE}/delete-some", some_form, delete_some),
    deed(f"{ONE}/delete-one", delete_one, "Delete this object?"),
]
