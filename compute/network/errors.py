"""What the room rejects requests with: Neutron's types, which its clients know."""

from __future__ import annotations

from compute.core.errors import ApiError, BadRequest, Conflict, NotFound


def not_found(kind: str, what: str, identifier: str) -> NotFound:
    """``NetworkNotFound: Network <id> could not be found.``"""
    return NotFound(f"{what} {identifier} could not be found.", kind=kind)


def invalid(text: str, kind: str = "InvalidInput") -> BadRequest:
    """A value that makes no sense; the text names the field."""
    return BadRequest(f"Invalid input for operation: {text}", kind=kind)


def conflict(kind: str, text: str) -> Conflict:
    """The state of things forbids it."""
    return Conflict(text, kind=kind)


class OverQuota(Conflict):
    """Neutron tells of quota by 409."""

    kind_default = "OverQuota"


class RevisionMismatch(ApiError):
    """``If-Match`` named another revision than the current one."""

    status_default = 412
    kind_default = "RevisionNumberConstraintFailed"
