"""``/metrics`` and ``/recon``: one worker answers for its whole process group.

Every worker gives its own figures at ``/worker``; the one that is asked for the
whole collects its siblings' over their unix sockets.  A sibling that does not answer
is shown as such, never waited for long.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

import orjson
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from objectstore.app.samples import Plain, render
from objectstore.kernel.client import Address, ClientPool
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise, promised
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Application, Environ, StartResponse
from objectstore.settings import StoreSettings

WORKER_PAGE = "/worker"
SIBLING_SECONDS = 2.0
# A worker of a large machine: some 20 devices of 5 KiB each, and its series.
WORKER_BYTES_MAX = 16 * 1024 * 1024

Own = Callable[[], dict[str, Any]]
"""A worker's own figures: ``devices``, ``unserved``, ``series``."""


class Status:
    """Makes the pages of one worker."""

    def __init__(
        self,
        settings: StoreSettings,
        version: str,
        clock: Clock,
        pool: ClientPool,
        worker: int,
        siblings: Mapping[int, Address],
        rings: Callable[[], dict[str, Any]],
        own: Own,
    ) -> None:
        self._settings = settings
        self._version = version
        self._clock = clock
        self._pool = pool
        self._worker = worker
        self._siblings = siblings
        self._rings = rings
        self._own = own
        self._started = clock.time()

    def pages(self) -> dict[str, Application]:
        """The pages, by path."""
        return {
            "/metrics": self._page(self._metrics),
            "/recon": self._page(self._recon),
            WORKER_PAGE: self._page(lambda: _json(self._own())),
        }

    def _page(self, make: Callable[[], Reply]) -> Application:
        def answer(environ: Environ, start_response: StartResponse) -> Any:
            return make()(environ, start_response)

        return answer

    # ---- pages ------------------------------------------------------------------

    def _metrics(self) -> Reply:
        parts: dict[int, list[Plain]] = {}
        up = []
        for worker, figures in self._everybody().items():
            up.append([["ringstack_worker_up", {}, int(figures is not None)]])
            text = "Whether the worker answered"
            parts[worker] = [[["ringstack_worker_up", text, "gauge", up[-1]]]]
            if figures is not None:
                parts[worker].append(figures["series"])
        return Reply(200, render(parts), content_type=CONTENT_TYPE_LATEST)

    def _recon(self) -> Reply:
        everybody = self._everybody()
        devices, unserved, dead = [], {}, []
        for worker, figures in everybody.items():
            if figures is None:
                dead.append(worker)
                continue
            devices += figures["devices"]
            unserved.update(figures["unserved"])
        now = self._clock.time()
        return _json(
            {
                "version": self._version,
                "host": socket.gethostname(),
                "time": now,
                "uptime_seconds": now - self._started,
                "roles": [role.value for role in self._settings.server.roles],
                "settings_digest": settings_digest(self._settings),
                "rings": self._rings(),
                "workers": len(everybody),
                "workers_silent": dead,
                "devices": sorted(devices, key=lambda each: str(each["device"])),
                "unserved": unserved,
            }
        )

    # ---- workers ------------------------------------------------------------------

    def _everybody(self) -> dict[int, dict[str, Any] | None]:
        """Every worker's figures; None of one that does not answer."""
        asked: dict[int, Promise[dict[str, Any]]] = {
            worker: promised(self._ask, address)
            for worker, address in self._siblings.items()
        }
        found: dict[int, dict[str, Any] | None] = {self._worker: self._own()}
        for worker, promise in asked.items():
            try:
                found[worker] = promise.wait(SIBLING_SECONDS)
            except RingstackError:
                found[worker] = None
        return dict(sorted(found.items()))

    def _ask(self, address: Address) -> dict[str, Any]:
        client = self._pool.client(address)
        with client.request("GET", WORKER_PAGE, timeout=SIBLING_SECONDS) as response:
            if response.status != 200 or (response.length or 0) > WORKER_BYTES_MAX:
                raise Unavailable(f"a worker answered {response.status}")
            figures: dict[str, Any] = orjson.loads(response.read())
        return figures


def settings_digest(settings: StoreSettings) -> str:
    """Equal on two machines exactly when their cluster settings agree.

    Short, and made with a secret: it gives nothing away.
    """
    cluster = settings.cluster
    policies = [
        [policy.index, policy.name, *policy.aliases, policy.is_default]
        + ([policy.erasure.data, policy.erasure.parity] if policy.erasure else [])
        for policy in settings.policies
    ]
    told = orjson.dumps([cluster.hash_prefix, cluster.hash_suffix, policies])
    key = blake2b(cluster.secret.encode()).digest()
    return blake2b(told, digest_size=8, key=key).hexdigest()


def _json(value: Any) -> Reply:
    return Reply(200, orjson.dumps(value), content_type="application/json")
