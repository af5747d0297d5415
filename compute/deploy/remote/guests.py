"""Servers leave hosts that are drained: asked of the cloud, as its administrator.

On a control host, whose file has the administrator's password.  A step asks for every
move that may begin now; the cloud does them, and the next step finds what is left.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any

from compute.deploy.remote.places import AUTHORITY, STATE

PASSWORD = f"{STATE}/cloud/admin-password"
# By whom a host was taken out of use: what an operator disabled stays so.
REASON = "drained by ringstack deploy"
# Has everything that is asked for here.
VERSION = "compute 2.79"
CALL_SECONDS = 60.0
# Noted at a server that has moved: whether it was its owner who resized it.
IS_RESIZED = "ringstack:is_resized"
ANSWER_BYTES_MAX = 64 * 2**20
# What becomes of a server, by its status; others must be seen to by their owners.
MOVES: Mapping[str, tuple[str, Any, str]] = {
    "ACTIVE": (
        "os-migrateLive",
        {"host": None, "block_migration": "auto"},
        "moves live",
    ),
    "PAUSED": (
        "os-migrateLive",
        {"host": None, "block_migration": "auto"},
        "moves live",
    ),
    "SHUTOFF": ("migrate", None, "moves as it is, stopped"),
    "VERIFY_RESIZE": ("confirmResize", None, "has moved; that is confirmed"),
}


def waits_for(server: Mapping[str, Any]) -> str:
    """Why nothing can be asked for it now; "": something can."""
    if task := server.get("OS-EXT-STS:task_state"):
        return f"is {task}"
    if server["status"] not in MOVES:
        return f"is {server['status']}, and cannot be moved so"
    if server.get(IS_RESIZED):
        return "is resized: its owner confirms that, or takes it back"
    return ""


def guests(request: Mapping[str, Any]) -> dict[str, list[str]]:
    """By drained host its servers, and what is done about each.  With ``acts`` it is
    asked for; hosts that are ``present`` again are taken into use."""
    with _Cloud(request) as cloud:
        if request["acts"]:
            cloud.use(request["present"], request["drained"])
        return {
            name: [_told(cloud, each, acts=request["acts"]) for each in cloud.on(name)]
            for name in request["drained"]
        }


def _told(cloud: _Cloud, server: Mapping[str, Any], *, acts: bool) -> str:
    who = f"server {server['name']} ({server['id']})"
    if why := waits_for(server):
        return f"{who} {why}"
    action, body, words = MOVES[server["status"]]
    if acts:
        problem = cloud.act(server["id"], {action: body})
        words = f"stays: {problem}" if problem else words
    return f"{who} {words}"


class _Cloud:
    """Its APIs, by the control plane of this host.  Raises ``OSError``."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        address, port = request["address"], request["port"]
        if request["tls"]:
            context = ssl.create_default_context(cafile=AUTHORITY)
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                address, port, timeout=CALL_SECONDS, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(
                address, port, timeout=CALL_SECONDS
            )
        self._token = ""

    def __enter__(self) -> _Cloud:
        with open(PASSWORD, encoding="ascii") as file:
            password = file.read().strip()
        domain = {"id": "default"}
        user = {"name": "admin", "domain": domain, "password": password}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"name": "admin", "domain": domain}}
        asked = {"auth": {"identity": identity, "scope": scope}}
        status, headers, _ = self._call("POST", "/identity/v3/auth/tokens", asked)
        if status != 201:
            raise OSError(f"the cloud's administrator is not let in: {status}")
        self._token = headers["X-Subject-Token"]
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def use(self, present: list[str], drained: list[str]) -> None:
        """New servers go to hosts that are present, not to those that are drained."""
        for service in self._get("/os-services?binary=nova-compute", "services"):
            name, is_enabled = service["host"], service["status"] == "enabled"
            change = None
            if name in drained and is_enabled:
                change = {"status": "disabled", "disabled_reason": REASON}
            elif name in present and service["disabled_reason"] == REASON:
                change = {"status": "enabled"}
            if change is not None:
                path = f"/compute/v2.1/os-services/{service['id']}"
                status, _, body = self._call("PUT", path, change)
                if status >= 300:
                    raise OSError(f"{name}: {_words(body)}")

    def on(self, host: str) -> list[dict[str, Any]]:
        """Its servers, and those that left it stopped and are not confirmed yet."""
        query = f"all_tenants=1&host={host}"
        found: list[dict[str, Any]] = self._get(f"/servers/detail?{query}", "servers")
        query = f"host={host}&status=finished"
        moved = {
            each["instance_uuid"]: each
            for each in self._get(f"/os-migrations?{query}", "migrations")
        }
        for server_id in moved.keys() - {each["id"] for each in found}:
            if moved[server_id]["source_compute"] == host:
                path = f"/compute/v2.1/servers/{server_id}"
                status, _, body = self._call("GET", path)
                if status == 200 and body["server"]["status"] == "VERIFY_RESIZE":
                    found.append(body["server"])
        for server in found:
            if server["status"] == "VERIFY_RESIZE":
                move = moved.get(server["id"], {})
                server[IS_RESIZED] = move.get("migration_type") != "migration"
        return found

    def act(self, server_id: str, body: Mapping[str, Any]) -> str:
        """Ask for it; "" or why it is refused."""
        path = f"/compute/v2.1/servers/{server_id}/action"
        status, _, said = self._call("POST", path, body)
        return "" if status < 300 else _words(said)

    def _get(self, path: str, name: str) -> Any:
        status, _, body = self._call("GET", f"/compute/v2.1{path}")
        if status != 200:
            raise OSError(f"{path}: {status} {_words(body)}")
        return body[name]

    def _call(
        self, method: str, path: str, body: Any = None
    ) -> tuple[int, http.client.HTTPMessage, Any]:
        headers = {"OpenStack-API-Version": VERSION, "X-Auth-Token": self._token}
        content = None
        if body is not None:
            content = json.dumps(body)
            headers["Content-Type"] = "application/json"
        if not self._token:
            del headers["X-Auth-Token"]
        try:
            self._connection.request(method, path, content, headers)
            reply = self._connection.getresponse()
            said = reply.read(ANSWER_BYTES_MAX)
        except http.client.HTTPException as error:
            raise OSError(f"{path}: {error!r}") from None
        return reply.status, reply.headers, json.loads(said) if said else {}


def _words(body: Any) -> str:
    """An error's message, as this API nests it."""
    for each in body.values() if isinstance(body, dict) else ():
        if isinstance(each, dict) and "message" in each:
            return str(each["message"])
    return "no reason is given"
