"""container_sync: lets another cluster write into a container that agreed to it.

A container with ``X-Container-Sync-Key``, and ``X-Container-Sync-To:
//realm/cluster/account/container`` where it is to send its own objects, is kept the
same as the other: what is newer there is written here, with its own time, and
deletions too.  The loop that sends is part of the container server.

Requests of the other cluster carry ``X-Container-Sync-Auth: realm nonce signature``
(see ``kernel.sync_realms``): signed with the realm's key, that only operators know, and
the container's, that only owners know.  They may list the container, and PUT and DELETE
objects in it, with the ``X-Timestamp`` that they bring.

Statuses: 401 for a signature that is not good; 400 for an ``X-Container-Sync-To`` of
another form, or to a realm or cluster that is not in the realms' file.

::

    [filter:container_sync]
    use = egg:ringstack#container_sync
    # the realms' file; empty: container-sync-realms.conf beside the settings
    conf_path =
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from objectstore.kernel.access import AccessRules
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.kernel.sync_realms import (
    FILE_NAME,
    Realms,
    parse_target,
    read_realms,
    signature,
)
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.gatekeeper import INBOUND_TIMESTAMP
from objectstore.middleware.stored_facts import container_metadata

AFTER = ("catch_errors", "gatekeeper", "healthcheck", "info", "cors")
BEFORE = ("tempurl", "formpost", "tempauth", "slo", "dlo")

_AUTH = "HTTP_X_CONTAINER_SYNC_AUTH"
_TO = "HTTP_X_CONTAINER_SYNC_TO"
_KEY = "X-Container-Sync-Key"


@dataclass(frozen=True, slots=True)
class ContainerSyncSettings:
    """Where the realms are."""

    conf_path: str = option("", "The realms' file")


class ContainerSync:
    """The filter; see the module's docstring."""

    def __init__(self, app: Application, realms: Realms) -> None:
        self.app = app
        self._realms = realms

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add(
            "container_sync",
            realms={
                name: {"clusters": {cluster: {} for cluster in realm.clusters}}
                for name, realm in self._realms.items()
            },
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Let signed requests through; check where containers are to go."""
        if _AUTH in environ:
            self._admit(Request(environ))
        elif environ.get(_TO) and environ["REQUEST_METHOD"] in ("PUT", "POST"):
            request = Request(environ)
            _, _, container, name = request.split()
            if container and not name:
                parse_target(self._realms, request.header("X-Container-Sync-To"))
        return self.app(environ, start_response)

    def _admit(self, request: Request) -> None:
        """Rejected 401 unless the signature is good."""
        _, account, container, name = request.split()
        realm_name, _, rest = request.header("X-Container-Sync-Auth").partition(" ")
        nonce, _, signed = rest.strip().partition(" ")
        realm = self._realms.get(realm_name.upper())
        known = container_metadata(request.context, account, container)
        user_key = known.get(_KEY, "")
        timestamp = request.environ.get(INBOUND_TIMESTAMP, "0")
        allowed = ("PUT", "DELETE") if name else ("GET", "HEAD")
        is_good = False
        if realm is not None and user_key and nonce and request.method in allowed:
            for key in realm.keys:
                path = quote(request.path)
                wanted = signature(
                    key, request.method, path, timestamp, nonce, user_key
                )
                is_good |= hmac.compare_digest(wanted.encode(), signed.encode())
        if not is_good:
            raise Rejected(
                401,
                "X-Container-Sync-Auth header not valid; contact cluster operator for "
                "support.",
                (("WWW-Authenticate", f'SwiftContainerSync realm="{quote(account)}"'),),
            )
        context = request.context
        context.authorize = _allow
        if name:
            request.environ["HTTP_X_TIMESTAMP"] = timestamp
            # Only then does the proxy take the time that the request brings.
            context.is_internal = True


def _allow(request: Request, rules: AccessRules) -> None:
    """The signature has decided already."""


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(
        ContainerSyncSettings, "container_sync", global_conf, local_conf
    )
    path = settings.conf_path or (
        f"{global_conf.get('settings_directory', '')}/{FILE_NAME}"
    )
    realms = read_realms(Path(path))
    return lambda app: ContainerSync(app, realms)
