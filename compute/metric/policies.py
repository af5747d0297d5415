"""Who may do what: the defaults, by the names that Gnocchi's operators know."""

from __future__ import annotations

SEES_ALL = "sees_all"
# Ours: whose resources somebody makes is told by who runs the cloud.
NAMES_OTHERS = "create resource of others"
INTERNAL = "internal"

_SERVICE = "role:service or role:admin"
_ADMIN = "role:admin"
_CREATOR = "project_id:%(created_by_project_id)s"
_OWNER = "project_id:%(project_id)s"
_SEES_ALL = f"{_SERVICE} or (role:reader and system_scope:all)"
_READER = f"{_SEES_ALL} or (role:reader and ({_CREATOR} or {_OWNER}))"
_WRITER = f"{_SERVICE} or (role:member and {_CREATOR})"
_MEMBER = f"{_SERVICE} or role:member"
_ANYBODY = "role:reader or role:service"

DEFAULTS = {
    SEES_ALL: _SEES_ALL,
    INTERNAL: _SERVICE,
    NAMES_OTHERS: _SERVICE,
    "get status": _ADMIN,
    "create resource": _MEMBER,
    "get resource": _READER,
    "update resource": _WRITER,
    "delete resource": _WRITER,
    "delete resources": _MEMBER,
    "list resource": _ANYBODY,
    "search resource": _ANYBODY,
    "create metric": _MEMBER,
    "delete metric": _WRITER,
    "get metric": _READER,
    "list metric": _ANYBODY,
    "get measures": _READER,
    "post measures": _WRITER,
    **{
        f"{verb} {thing}": _ANYBODY if verb in ("get", "list") else _ADMIN
        for thing in ("resource type", "archive policy", "archive policy rule")
        for verb in ("get", "list", "create", "update", "delete")
    },
}
