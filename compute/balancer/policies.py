"""Who may do what: the defaults, by the names that Octavia's operators know."""

from __future__ import annotations

PREFIX = "os_load-balancer_api:"

_ADMIN = "role:admin"
_SERVICE = "role:service or role:admin"
_OWNS = "project_id:%(project_id)s"
_READER = (
    f"role:admin or role:service or (role:reader and ({_OWNS} or system_scope:all))"
)
_MEMBER = f"role:admin or role:service or (role:member and {_OWNS})"

SEES_ALL = "sees_all"
INTERNAL = "internal"
# What administrators may not, either: they do not read what projects keep.
KEYS = "internal:keys"

THINGS = (
    "loadbalancer",
    "listener",
    "pool",
    "member",
    "healthmonitor",
    "l7policy",
    "l7rule",
)

_WRITE = ("post", "put", "delete")

DEFAULTS: dict[str, str] = {
    SEES_ALL: f"{_SERVICE} or (role:reader and system_scope:all)",
    INTERNAL: _SERVICE,
    KEYS: "role:service",
    PREFIX + "loadbalancer:get_stats": _READER,
    PREFIX + "loadbalancer:get_status": _READER,
    PREFIX + "loadbalancer:put_failover": _ADMIN,
    PREFIX + "listener:get_stats": _READER,
    PREFIX + "quota:get_all": _READER,
    PREFIX + "quota:get_all-global": _ADMIN,
    PREFIX + "quota:get_one": _READER,
    PREFIX + "quota:get_defaults": _READER,
    PREFIX + "quota:put": _ADMIN,
    PREFIX + "quota:delete": _ADMIN,
    PREFIX + "provider:get_all": _READER,
    PREFIX + "flavor:get_all": _READER,
    PREFIX + "flavor:get_one": _READER,
    PREFIX + "availability-zone:get_all": _READER,
    PREFIX + "flavor-profile:get_all": _ADMIN,
    PREFIX + "flavor-profile:get_one": _ADMIN,
    PREFIX + "availability-zone-profile:get_all": _ADMIN,
    PREFIX + "amphora:get_all": _ADMIN,
    **{
        f"{PREFIX}{thing}:{verb}": _ADMIN
        for thing in ("flavor", "flavor-profile")
        for verb in _WRITE
    },
    **{
        f"{PREFIX}{thing}:{verb}": _READER
        for thing in THINGS
        for verb in ("get_all", "get_one")
    },
    **{f"{PREFIX}{thing}:{verb}": _MEMBER for thing in THINGS for verb in _WRITE},
}
