"""Links that open one object for a while, for anybody who has them (temporary URLs)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlencode, urlsplit

from compute.dashboard.frame.fields import Field, Form, Option, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.view import Block, Facts, Page, Text, When
from compute.dashboard.frame.visit import Visit, at
from compute.dashboard.pages.objects import store
from compute.dashboard.pages.objects.contents import trail_of
from compute.dashboard.pages.words import switch

KEY_HEADER = "x-container-meta-temp-url-key"
KEY_BYTES = 32
_HOUR = 3600
_TIMES = {
    "1": "an hour", "24": "a day", "168": "a week", "720": "thirty days",
}  # fmt: skip


def link_form(visit: Visit) -> Form:
    """For how long."""
    name = visit.query("name")
    times = [Option(hours, text) for hours, text in _TIMES.items()]
    return Form(
        "A link for others",
        [
            Field("hours", "It is good for", "select", ["24"], times, is_required=True),
            switch("fresh", "End all links into this container that were made before"),
        ],
        "Make the link",
        at("objects", "c", visit["container"], "file", name=name),
        "objects",
        lead=f"Whoever has the link downloads {name.rpartition('/')[2] or name} without"
        " signing in.",
    )


def make_link(visit: Visit, values: Values) -> Page:
    """Sign it; the container gets a key where it has none."""
    container, name = visit["container"], visit.query("name")
    store.headers_of(visit, container, name)
    key = store.headers_of(visit, container).get(KEY_HEADER, "")
    if not key or values.flag("fresh"):
        key = secrets.token_urlsafe(KEY_BYTES)
        store.change(visit, "POST", container, headers={KEY_HEADER: key})
    ends = int(visit.now) + int(values["hours"]) * _HOUR
    url = signed_url(store.public_url(visit, container, name), key, ends)
    moment = datetime.fromtimestamp(ends, UTC).isoformat()
    return Page(
        "A link for others",
        "objects",
        [
            Block(
                "link",
                url,
                "The link",
                "It can only be ended with all others into this container, or with its"
                " time.",
            ),
            Facts("facts", [("Opens", Text(name)), ("Ends", When(moment))], "About"),
        ],
        trail=trail_of(container, f"{name.rpartition('/')[0]}/x"),
    )


def signed_url(url: str, key: str, ends: int) -> str:
    """The object's address, good for looking until then.  Pure."""
    path = unquote(urlsplit(url).path)
    told = f"GET\n{ends}\n{path}".encode()
    signature = hmac.new(key.encode(), told, hashlib.sha256).hexdigest()
    query = {"temp_url_sig": signature, "temp_url_expires": str(ends)}
    return f"{url}?{urlencode(query, quote_via=quote)}"


ROUTES = [form("objects/c/{container}/link", link_form, make_link)]
