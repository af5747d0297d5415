"""Objects: down and away, and folders of them."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Field, Form, Option, Values
from compute.dashboard.frame.headers import download_headers
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages import object_store as store
from compute.dashboard.pages.object_upload import NAME_BYTES_MAX, folder_path
from compute.dashboard.pages.object_versions import VERSION
from objectstore.kernel.reply import Reply

DELETED_AT_ONCE = 20
LISTED_MAX = 1000
# Shown by browsers and never run by them; everything else is only saved.
_HARMLESS = frozenset(
    ("image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "video/mp4")
)
_UNKNOWN = "application/octet-stream"
_PASSED_ON = ("content-length", "content-range", "accept-ranges", "etag")


def folder_form(visit: Visit) -> Form:
    """Its name."""
    prefix = visit.query("prefix")
    return Form(
        "New folder",
        [Field("name", "Name", is_required=True, longest=NAME_BYTES_MAX)],
        "Make it",
        folder_path(visit, prefix),
        "objects",
    )


def make_folder(visit: Visit, values: Values) -> Redirect:
    """An object without bytes that stands for it."""
    name = visit.query("prefix") + values["name"].strip("/") + "/"
    headers = {"Content-Type": "application/directory"}
    store.change(visit, "PUT", visit["container"], name, headers=headers)
    return Redirect(folder_path(visit, name), Notice("The folder is there."))


def download(visit: Visit) -> Reply:
    """The bytes, as they come; a browser saves them and runs nothing of them."""
    name = visit.query("name")
    wanted = visit.request.header("Range")
    headers = {"Range": wanted} if wanted else {}
    version = visit.query("version")
    query = {VERSION: version} if version else {}
    answer = store.read(visit, visit["container"], name, headers=headers, **query)
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
        folder_path(visit, prefix),
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
                str(at_): partial(store.delete, visit, visit["container"], name)
                for at_, name in enumerate(some)
            }
        )
        for at_ in range(len(some)):
            _ = found[str(at_)]
    text = f"{formats.counted(len(names), 'object')} deleted."
    return Redirect(folder_path(visit, visit.query("prefix")), Notice(text))


def delete_one(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    name = visit.query("name")
    store.delete(visit, visit["container"], name)
    prefix, slash, _ = name.rpartition("/")
    return Redirect(
        folder_path(visit, prefix + slash), Notice("The object is deleted.")
    )


ONE = "objects/c/{container}"


ROUTES = [
    form(f"{ONE}/folder", folder_form, make_folder),
    page(f"{ONE}/download", download),
    form(f"{ONE}/delete-some", some_form, delete_some),
    deed(f"{ONE}/delete-one", delete_one, "Delete this object?"),
]
