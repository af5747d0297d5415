"""What staticweb's sites look like: their settings, and the listing page.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from objectstore.kernel.option_types import TRUE_WORDS
from objectstore.kernel.reply import Reply

_STORED = "X-Container-Meta-Web-"
DIRECTORY_TYPE = "application/directory"
_STYLE = (
    "<style>h1 {font-size: 1em} th {text-align: left} "
    "th, td {padding: 0 1em} a {text-decoration: none}</style>"
)
_UNITS = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


@dataclass(frozen=True, slots=True)
class Site:
    """What a container says of itself as a web site."""

    index: str = ""
    error: str = ""
    has_listings: bool = False
    style_sheet: str = ""
    label: str = ""
    directory_type: str = DIRECTORY_TYPE

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> Site:
        """The settings in a container's metadata."""

        def said(name: str) -> str:
            return metadata.get(_STORED + name, "").strip()

        return cls(
            said("Index"),
            said("Error"),
            said("Listings").lower() in TRUE_WORDS,
            said("Listings-Css"),
            said("Listings-Label"),
            said("Directory-Type") or DIRECTORY_TYPE,
        )

    @property
    def is_web(self) -> bool:
        """Whether it is a site at all."""
        return bool(self.index) or self.has_listings

    def is_directory_marker(self, reply: Reply) -> bool:
        """Whether the object is an empty one that stands for a directory."""
        content_type = reply.header("Content-Type").partition(";")[0].strip()
        length = reply.header("Content-Length", "2")
        return (
            reply.status == 200
            and content_type == self.directory_type
            and length in ("0", "1")
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """What is in one directory of a site."""

    root: str  # the container's path
    prefix: str  # what the names begin with: "dir/", "" for the whole
    entries: Sequence[Mapping[str, Any]]


def listing_page(site: Site, listed: Listed, top: str = "", query: str = "") -> str:
    """The HTML page of one directory; ids and classes are those that style
    sheets for Swift's listings know.  Links get ``query``, and lead to nothing whose
    name does not begin with ``top``."""
    root, prefix, entries = listed.root, listed.prefix, listed.entries
    label = f"{site.label}/{prefix}" if site.label else f"{root}/{prefix}"
    title = escape(f"Listing of {label}")
    style = _STYLE
    if site.style_sheet:
        style = (
            f'<link rel="stylesheet" type="text/css" '
            f'href="{escape(_sheet_address(site.style_sheet, prefix))}" />'
        )
    rows = []
    parent = prefix.rstrip("/").rpartition("/")
    if prefix and "".join(parent[:2]).startswith(top):
        rows.append(_row("parent", "item", f"../{query}", "../"))
    for entry in entries:
        if "subdir" in entry:
            rows.append(_named_row("item subdir", entry["subdir"], prefix, query))
    for entry in entries:
        if "name" in entry and entry["name"] != prefix:
            kinds = escape(str(entry["content_type"]).lower()).split("/")
            classes = " ".join(["item", *(f"type-{kind}" for kind in kinds)])
            size = human_size(int(entry["bytes"]))
            date = str(entry["last_modified"]).partition(".")[0].replace("T", " ")
            rows.append(_named_row(classes, entry["name"], prefix, query, size, date))
    body = "\n".join(rows)
    return (
        f"<!DOCTYPE html>\n<html>\n<head>\n<title>{title}</title>\n{style}\n</head>\n"
        f'<body>\n<h1 id="title">{title}</h1>\n<table id="listing">\n'
        '<tr id="heading"><th class="colname">Name</th>'
        '<th class="colsize">Size</th><th class="coldate">Date</th></tr>\n'
        f"{body}\n</table>\n</body>\n</html>\n"
    )


def human_size(size: int) -> str:
    """A size for people: ``1023``, ``4Ki``, ``2Gi``."""
    number = float(size)
    for unit in _UNITS:
        if number < 1024 or unit == _UNITS[-1]:
            return f"{round(number)}{unit}"
        number /= 1024
    raise AssertionError("the last unit has no bound")


def _sheet_address(sheet: str, prefix: str) -> str:
    if "://" in sheet or sheet.startswith("/"):
        return sheet
    return "../" * prefix.count("/") + quote(sheet)


def _named_row(
    classes: str, name: str, prefix: str, query: str, size: str = "", date: str = ""
) -> str:
    shown = name.removeprefix(prefix)
    # "./" keeps a name such as "javascript:x" from being taken for a scheme.
    return _row("", classes, f"./{quote(shown)}{query}", shown, size, date)


def _row(
    identity: str,
    classes: str,
    address: str,
    shown: str,
    size: str = "",
    date: str = "",
) -> str:
    marked = f'id="{identity}" ' if identity else ""
    return (
        f'<tr {marked}class="{classes}"><td class="colname">'
        f'<a href="{escape(address)}">{escape(shown)}</a></td>'
        f'<td class="colsize">{escape(size) or "&nbsp;"}</td>'
        f'<td class="coldate">{escape(date) or "&nbsp;"}</td></tr>'
    )
