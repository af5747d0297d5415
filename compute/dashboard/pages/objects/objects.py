"""Objects: down and away, and folders of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from urllib.parse import quote, quote_plus

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Field, Form, Option, Values
from compute.dashboard.frame.headers import download_headers
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.submitted import FORM_BYTES_MAX
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.objects import store
from compute.dashboard.pages.objects.upload import NAME_BYTES_MAX, folder_path
from compute.dashboard.pages.objects.versions import VERSION
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply

DELETED_AT_ONCE = 20
LISTED_MAX = 1000
# Of what a form may send; long names are three times as long in it.
NAMES_BYTES_MAX = FORM_BYTES_MAX * 3 // 4
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
    """Which objects of a folder.  Of those that are sent any may be meant: the list may
    have gone on since."""
    container, prefix = visit["container"], visit.query("prefix")
    if visit.request.method == "POST":
        sent = visit.submitted.all("names")
        return _deleting(visit, [Option(each, each) for each in sent], sent)
    found = store.listing(visit, container, prefix=prefix or None, limit=LISTED_MAX)
    sizes = {each["name"]: formats.size(each["bytes"]) for each in found}
    choices = [Option(each, each, sizes[each]) for each in fitting(sizes)]
    return _deleting(visit, choices, ())


def chosen_form(visit: Visit, values: Values) -> Form:
    """The same of what was checked in the list; of a folder what is in it."""
    prefix = visit.query("prefix")
    names: dict[str, None] = {}
    for name in visit.submitted.all("names"):
        if len(names) > LISTED_MAX:
            break
        if not name.endswith("/"):
            names[name] = None
            continue
        within = store.listing(visit, visit["container"], prefix=name, limit=LISTED_MAX)
        names |= dict.fromkeys(each["name"] for each in within)
    if not names:
        raise Rejected(400, "Check what is to be deleted first.")
    shown = fitting(names)
    more = " There is more in these folders: delete them again." * (
        len(names) > len(shown)
    )
    path = at("objects", "c", visit["container"], "delete-some", prefix=prefix)
    return _deleting(visit, [Option(each, each) for each in shown], shown, path, more)


def fitting(names: Iterable[str]) -> list[str]:
    """As many of the first as one form can send.  Pure."""
    found: list[str] = []
    left = NAMES_BYTES_MAX
    for name in islice(names, LISTED_MAX):
        left -= len(quote_plus(name)) + len("names=&")
        if left < 0:
            break
        found.append(name)
    return found


def _deleting(
    visit: Visit,
    choices: Sequence[Option],
    chosen: Sequence[str],
    action: str = "",
    note: str = "",
) -> Form:
    field = Field(
        "names",
        "Objects",
        "checks",
        chosen,
        choices,
        is_required=True,
        help=f"Those of folders within are here too; at most {LISTED_MAX}.{note}",
    )
    return Form(
        "Delete objects",
        [field],
        "Delete what is checked",
        folder_path(visit, visit.query("prefix")),
        "objects",
        look="danger",
        action=action,
        lead="This cannot be taken back, but where the container keeps versions.",
    )


def delete_some(visit: Visit, values: Values) -> Redirect:
    """Take them away, several at a time; what somebody else has taken away meanwhile
    keeps none of the others."""
    names = values.chosen("names")
    for first in range(0, len(names), DELETED_AT_ONCE):
        some = names[first : first + DELETED_AT_ONCE]
        found = visit.rooms.together(
            **{
                str(at_): partial(_take_away, visit, name)
                for at_, name in enumerate(some)
            }
        )
        for at_ in range(len(some)):
            _ = found[str(at_)]
    text = f"{formats.counted(len(names), 'object')} deleted."
    return Redirect(folder_path(visit, visit.query("prefix")), Notice(text))


def _take_away(visit: Visit, name: str) -> None:
    try:
        store.delete(visit, visit["container"], name)
    except Rejected as error:
        if error.status != 404:
            raise


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
    deed(f"{ONE}/choose", chosen_form),
    deed(f"{ONE}/delete-one", delete_one, "Delete this object?"),
]
