"""What operators' tools may ask a node server for, beyond the node interface.

Below ``/admin/``, for whoever knows the cluster's secret:

* ``POST /admin/daemon/NAME``: a whole round of a daemon, on all devices of the process
  group; answers when it is through.
* ``GET /admin/object/POLICY/DEVICE/KEY``: how a device holds an object.

A worker that is asked for what its siblings own asks them.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from objectstore.app.daemons import DAEMONS, run_once
from objectstore.app.devices import LocalDevices
from objectstore.kernel.client import Address, ClientPool
from objectstore.kernel.concurrency import promised
from objectstore.kernel.errors import Corrupt, RingstackError
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import Environ, StartResponse
from objectstore.object.store.store import ObjectStore
from objectstore.wire.paths import parse_key
from objectstore.wire.serving import SECRET_HEADER, SECRET_KEY

PREFIX = "/admin/"
# Set by a worker that asks its siblings: they answer for themselves only.
ALONE_HEADER = "X-Ringstack-Alone"
ALONE_KEY = "HTTP_X_RINGSTACK_ALONE"
# A round of an auditor takes as long as its rate demands.
ROUND_SECONDS_MAX = 24 * 3600.0


class AdminPages:
    """The application below ``PREFIX``."""

    def __init__(
        self,
        devices: LocalDevices,
        secret: str,
        pool: ClientPool,
        siblings: Mapping[int, Address],
    ) -> None:
        self._devices = devices
        self._secret = secret
        self._pool = pool
        self._siblings = siblings

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer as a WSGI application."""
        return self._answer(environ)(environ, start_response)

    def _answer(self, environ: Environ) -> Reply:
        sent = environ.get(SECRET_KEY, "").encode("latin-1")
        if not hmac.compare_digest(sent, self._secret.encode()):
            return text_reply(403, "the cluster's secret is another")
        method: str = environ["REQUEST_METHOD"]
        parts: list[str] = environ["PATH_INFO"].split("/")[2:]
        is_alone = ALONE_KEY in environ
        if method == "POST" and len(parts) == 2 and parts[0] == "daemon":
            return self._run(parts[1], is_alone)
        if method == "GET" and len(parts) == 4 and parts[0] == "object":
            return self._object(environ["PATH_INFO"], parts[1:], is_alone)
        return text_reply(404, "no such page")

    # ---- daemons ------------------------------------------------------------------

    def _run(self, name: str, is_alone: bool) -> Reply:
        if name not in DAEMONS:
            return text_reply(404, "no such daemon")
        asked = []
        if not is_alone:
            path = f"{PREFIX}daemon/{name}"
            asked = [
                promised(self._ask, address, "POST", path)
                for address in self._siblings.values()
            ]
        ran = [asdict(each) for each in run_once(name, self._devices.opened.values())]
        for promise in asked:
            answer = promise.wait()
            ran += answer.get("ran", ())
        return _json({"daemon": name, "ran": ran})

    # ---- objects ------------------------------------------------------------------

    def _object(self, path: str, parts: list[str], is_alone: bool) -> Reply:
        policy, device, text = parts
        key = parse_key(text)
        if key is None or not policy.isdigit():
            return text_reply(400, "not a key, or not a policy")
        opened = self._devices.opened.get(device)
        if opened is None:
            return self._elsewhere(path) if not is_alone else _json({})
        for room in opened.rooms:
            store = room.store
            if isinstance(store, ObjectStore) and store.policy == int(policy):
                return _json(describe(store, key))
        return _json({})

    def _elsewhere(self, path: str) -> Reply:
        for address in self._siblings.values():
            if answer := self._ask(address, "GET", path):
                return _json(answer)
        return _json({})

    def _ask(self, address: Address, method: str, path: str) -> dict[str, Any]:
        headers = [
            (SECRET_HEADER.encode(), self._secret.encode()),
            (ALONE_HEADER.encode(), b"1"),
        ]
        client = self._pool.client(address)
        try:
            with client.request(
                method, path, headers, timeout=ROUND_SECONDS_MAX
            ) as response:
                answer: dict[str, Any] = orjson.loads(response.read())
        except RingstackError as error:
            problem = {"device": "", "loop": "", "room": "", "problem": str(error)}
            return {"ran": [problem]} if method == "POST" else {}
        return answer


def describe(store: ObjectStore, key: bytes) -> dict[str, Any]:
    """How a store holds an object; empty when it does not."""
    quarantined = store.index.quarantined.items.get(key)
    found: dict[str, Any] = {}
    if quarantined is not None:
        _, when, why = quarantined
        found["quarantined"] = {"when": when, "why": why}
    try:
        held = store.index.get(key)
    except Corrupt as error:
        return {"problem": str(error)}
    if held is None:
        return found
    found["record"] = list(held.place)
    found["row_owed"] = key in store.index.owed.items
    state, body = held.state, held.body
    if state is None:
        return {**found, "is_forgotten": True}
    if body is not None and body.serial:
        found["file"] = store.bodies.path(key, state.timestamp, body.serial)
    elif body is not None:
        found["body"] = [body.record.segment, body.offset, state.size]
    return found


def _json(value: Any) -> Reply:
    return Reply(200, orjson.dumps(value), content_type="application/json")
