"""Links to the next and the previous page of a list."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from compute.core.api.frame import ApiCall
from compute.core.api.pagination import Page


def page_links(
    call: ApiCall, identifiers: Sequence[str], page: Page
) -> list[dict[str, str]]:
    """Neutron's ``<plural>_links``: a link for each direction in which there may be
    more.  ``identifiers`` are those of the page, in the order that was asked for.
    Behind the last page the way back leads to that one."""
    is_full = len(identifiers) >= page.limit > 0
    if not identifiers:
        is_behind = bool(page.limit and page.marker and not page.reverse)
        return [_link(call, "previous", "", reverse=True)] if is_behind else []
    links = []
    if is_full or (page.reverse and page.marker):
        links.append(_link(call, "next", identifiers[-1], reverse=False))
    if page.marker or (page.reverse and is_full):
        links.append(_link(call, "previous", identifiers[0], reverse=True))
    return links


def _link(call: ApiCall, relation: str, marker: str, reverse: bool) -> dict[str, str]:
    pairs = [
        pair for pair in call.query.pairs if pair[0] not in ("marker", "page_reverse")
    ]
    if marker:
        pairs.append(("marker", marker))
    if reverse:
        pairs.append(("page_reverse", "True"))
    return {"rel": relation, "href": f"{call.url}?{urlencode(pairs)}"}
