"""container_quotas: limits that an account's owner sets on a container.

``X-Container-Meta-Quota-Bytes`` and ``X-Container-Meta-Quota-Count`` bound the
container's bytes and objects.  Setting them to anything but a whole number
is 400; an upload that would exceed them is 413 ``Upload exceeds quota.`` (to
whoever may write there; others get their 401 or 403).

What a container holds is asked for at each upload into it; uploads under way
through the same process count in full (``quotas``), and the workers of a machine
store theirs by turns.  Those through other machines count once they have ended: an
upload that took a while is looked at again before it is stored, so only what ends
through several machines within a few milliseconds may go over.  An
upload that replaces an object counts in full too, as in Swift.  Large objects count
as their manifests: their segments count where those are.  All versions of objects count
in bytes.

::

    [filter:container_quotas]
    use = egg:ringstack#container_quotas
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from objectstore.kernel.concerns import Concerns
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import (
    CONTEXT_KEY,
    Application,
    Context,
    Environ,
    Request,
    StartResponse,
    path_parts,
)
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.quotas.room import QuotaRooms, Use
from objectstore.middleware.quotas.turns import QuotaTurns
from objectstore.middleware.stored_facts import (
    authorize_write,
    container_facts,
    fresh_container_facts,
)
from objectstore.middleware.versions.containers import HIDDEN
from objectstore.middleware.versions.names import hidden_container

AFTER = ("catch_errors", "gatekeeper", "tempauth", "copy", "bulk", "formpost")

BYTES_HEADER = "X-Container-Meta-Quota-Bytes"
COUNT_HEADER = "X-Container-Meta-Quota-Count"


@dataclass(frozen=True, slots=True)
class ContainerQuotasSettings:
    """There is nothing to set."""


class ContainerQuotas:
    """The filter; see the module's docstring."""

    concerns = Concerns(container_metadata=(BYTES_HEADER, COUNT_HEADER))

    def __init__(self, app: Application, turns: QuotaTurns | None = None) -> None:
        self.app = app
        self._rooms = QuotaRooms(turns=turns)

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("container_quotas")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Check quotas that are set and uploads that they bound."""
        if environ["REQUEST_METHOD"] in ("PUT", "POST"):
            _, account, container, name = path_parts(environ)
            if container and not name:
                request = Request(environ)
                _check_header(request, BYTES_HEADER, "Invalid bytes quota.")
                _check_header(request, COUNT_HEADER, "Invalid count quota.")
            elif name and environ["REQUEST_METHOD"] == "PUT":
                return self._upload(environ, account, container, start_response)
        return self.app(environ, start_response)

    def _upload(
        self,
        environ: Environ,
        account: str,
        container: str,
        start_response: StartResponse,
    ) -> Any:
        context: Context = environ[CONTEXT_KEY]
        limit = None
        if not context.is_internal:
            limit = _limit(container_facts(context, account, container))
        if limit is None:
            return self.app(environ, start_response)
        request = Request(environ)

        def used() -> Use:
            now = fresh_container_facts(context, account, container)
            if now is None:
                return Use(0, 0)
            size = now.bytes_used
            if HIDDEN in now.metadata:
                hidden = hidden_container(container)
                versions = fresh_container_facts(context, account, hidden)
                size += 0 if versions is None else versions.bytes_used
            return Use(size, now.object_count)

        length = None if request.is_chunked else request.content_length or 0
        with self._rooms.admitted(
            (account, container), length, limit, used, lambda: authorize_write(request)
        ) as counted:
            environ["wsgi.input"] = counted(environ["wsgi.input"])
            return self.app(environ, start_response)


def _check_header(request: Request, name: str, text: str) -> None:
    value = request.header(name)
    if value and whole_number(value) is None:
        raise Rejected(400, text)


def _limit(facts: Any) -> Use | None:
    if facts is None:
        return None  # the server will say that there is no such container
    return limit_of(facts.metadata, BYTES_HEADER, COUNT_HEADER)


def limit_of(
    metadata: Mapping[str, str], bytes_header: str, count_header: str
) -> Use | None:
    """The quotas that the metadata sets; None: there is none."""
    size, count = metadata.get(bytes_header), metadata.get(count_header)
    if not size and not count:
        return None
    limit = Use(whole_number(size or ""), whole_number(count or ""))
    return None if limit == Use(None, None) else limit


def whole_number(text: str) -> int | None:
    """The number that the digits stand for; None when they are not digits."""
    return int(text) if text.isascii() and text.isdigit() else None


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    read_options(ContainerQuotasSettings, "container_quotas", global_conf, local_conf)
    shared = global_conf.get("workers_directory", "")
    turns = QuotaTurns(Path(shared)) if shared else None
    return lambda app: ContainerQuotas(app, turns)
