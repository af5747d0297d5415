"""How replies are written: statuses, links, and the keys of each microversion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from compute.core.api.frame import ApiCall, json_reply
from compute.instance.frame.routes import NEWEST, api_base, bookmark_base
from objectstore.kernel.reply import Reply


def links(call: ApiCall, collection: str, key: str) -> list[dict[str, str]]:
    """``self`` and ``bookmark`` of one thing."""
    return [
        {"rel": "self", "href": f"{api_base(call)}/{collection}/{key}"},
        bookmark(call, collection, key),
    ]


def bookmark(call: ApiCall, collection: str, key: str) -> dict[str, str]:
    """The link that outlives versions."""
    return {"rel": "bookmark", "href": f"{bookmark_base(call)}/{collection}/{key}"}


def accepted(value: Any = None) -> Reply:
    """202, with or without a body."""
    return Reply(202, b"") if value is None else json_reply(202, value)


def ok(value: Any) -> Reply:
    """200 with a body."""
    return json_reply(200, value)


@dataclass(frozen=True, slots=True)
class View:
    """One key of a reply and the versions in which it is there."""

    key: str
    value: Callable[..., Any]
    since: int = 1
    until: int = NEWEST
    group: str = ""


def rendered(views: Iterable[View], minor: int, *arguments: Any) -> dict[str, Any]:
    """The keys of that version."""
    return {
        view.key: view.value(*arguments)
        for view in views
        if view.since <= minor <= view.until
    }
