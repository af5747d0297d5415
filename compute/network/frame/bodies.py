"""What a request for a resource says, taken apart and checked for its form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest
from compute.network.errors import RevisionMismatch
from compute.network.model import Resource

Body = dict[str, Any]

BULK_MAX = 1000  # things that one request may make
IF_MATCH_PREFIX = "revision_number="
OWNER_CHARACTERS_MAX = 64  # identity's ids have 32


def body_of(document: Any, key: str) -> Body:
    """The thing that a request's document holds; ``BadRequest``."""
    found = document.get(key) if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise BadRequest(f"Unable to find '{key}' in request body")
    return found


def bodies_of(document: Any, singular: str, plural: str) -> tuple[list[Body], bool]:
    """The things that it holds, one or a list; whether a list.  ``BadRequest``."""
    if not isinstance(document, dict) or plural not in document:
        return [body_of(document, singular)], False
    found = document[plural]
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadRequest(f"'{plural}' in the request body is not a list of objects")
    if not 0 < len(found) <= BULK_MAX:
        raise BadRequest(f"'{plural}' must hold 1 to {BULK_MAX} items")
    # Each item may stand bare or under the resource's name.
    bare = [each.get(singular, each) if len(each) == 1 else each for each in found]
    return bare, True


def owner_of(name: str, value: Any) -> str:
    """The project that a body names as the owner; ``BadRequest``."""
    if not isinstance(value, str) or len(value) > OWNER_CHARACTERS_MAX:
        raise BadRequest(f"Invalid input for {name}: it must be a project's id")
    return value


def check_revision(call: ApiCall, record: Resource) -> None:
    """``RevisionMismatch`` when ``If-Match`` names another than the record's."""
    wanted = call.header("If-Match").strip().strip('"')
    if not wanted:
        return
    number = wanted.removeprefix(IF_MATCH_PREFIX)
    if not wanted.startswith(IF_MATCH_PREFIX) or not number.isascii():
        raise BadRequest(f"Invalid value for If-Match header: {wanted[:80]}")
    if number != str(record.revision):
        raise RevisionMismatch(
            f"Constrained to {number[:20]}, but current revision is {record.revision}"
        )


def only(item: Body, call: ApiCall) -> Body:
    """What ``fields`` asks for of an item; all when it asks for nothing."""
    wanted: Sequence[str] = [name for name in call.query.all("fields") if name]
    return {name: item[name] for name in wanted if name in item} if wanted else item
