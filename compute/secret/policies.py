"""Who may do what: the defaults, by the names that Barbican's operators know.

A rule about a thing is asked with a target that has its ``project_id``, its
``creator_id``, whether it is ``private`` ("yes", "no") and what its access list lets
the caller do (``listed``: "read" or "").

Payloads are for their project: an administrator of another one sees that there is a
secret, and may delete it, and cannot read it.
"""

from __future__ import annotations

_ADMIN = "role:admin"
# ``creator``: what the role of those who write was called before there was ``member``.
_WRITER = "(role:member or role:creator)"
_OURS = "project_id:%(project_id)s"
_OWN = (
    f"({_ADMIN} and {_OURS})"
    f" or ({_WRITER} and {_OURS}"
    " and (user_id:%(creator_id)s or 'no':%(private)s))"
)
_READ = f"{_OWN} or 'read':%(listed)s"

INTERNAL = "secret:entrusted"

# About a thing, by its owners.
_OWNED = (
    "secret:put",
    "secret_acls:get",
    "secret_acls:put_patch",
    "secret_acls:delete",
    "secret_meta:post",
    "secret_meta:put",
    "secret_meta:delete",
    "container:delete",
    "container_secret:post",
    "container_secret:delete",
    "container_acls:get",
    "container_acls:put_patch",
    "container_acls:delete",
    "order:get",
    "order:delete",
)
# About a thing, by whoever may read it.
_READABLE = (
    "secret:decrypt",
    "secret_meta:get",
    "secret_consumers:get",
    "secret_consumers:post",
    "secret_consumers:delete",
    "container:get",
    "container_consumers:get",
    "container_consumers:post",
    "container_consumers:delete",
)
# About none yet.
_BEGUN = (
    "secrets:post",
    "secrets:get",
    "containers:post",
    "containers:get",
    "orders:post",
    "orders:get",
)
# About none at all.
_TOLD = ("quotas:get", "secretstores:get")
_OPERATED = (
    "project_quotas:get",
    "project_quotas:put",
    "project_quotas:delete",
)

DEFAULTS = {
    **dict.fromkeys(_OWNED, _OWN),
    **dict.fromkeys(_READABLE, _READ),
    **dict.fromkeys(_BEGUN, f"{_ADMIN} or {_WRITER}"),
    "secret:get": f"{_ADMIN} or {_READ}",
    "secret:delete": f"{_ADMIN} or {_OWN}",
    **dict.fromkeys(_TOLD, "role:reader or role:creator"),
    **dict.fromkeys(_OPERATED, f"{_ADMIN} or role:key-manager:service-admin"),
    INTERNAL: "role:service",
}
