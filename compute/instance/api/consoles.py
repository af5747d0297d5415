"""Consoles in the browser: a URL with a token in it."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest, Conflict, Unauthorized
from compute.instance.api.actions import ActionsApi
from compute.instance.api.asked import ActionHandler, Asked
from compute.instance.frame.bodies import Body, Field
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb, minor_of
from compute.instance.parts import Parts
from compute.instance.service.consoles import NOVNC, SERIAL, Consoles, console_url
from compute.instance.service.lifecycle import Lifecycle
from compute.instance.states import VmState
from objectstore.kernel.reply import Reply

RULE = "os_compute_api:os-remote-consoles"
KINDS = {"vnc": (NOVNC,), "serial": (SERIAL,)}
_PROTOCOLS = ["vnc", "spice", "rdp", "serial"]
_TYPES = ["novnc", "xvpvnc", "spice-html5", "rdp-html5", "serial"]
CREATE = Body(
    "remote_console",
    (
        Field("protocol", {"enum": _PROTOCOLS}, until=7, required=True),
        Field("protocol", {"enum": [*_PROTOCOLS, "mks"]}, since=8, required=True),
        Field("type", {"enum": _TYPES}, until=7, required=True),
        Field("type", {"enum": [*_TYPES, "webmks"]}, since=8, required=True),
    ),
)
# Until then the path was for consoles that there are none of here.
ANY_TOKEN_SINCE = 31
WITHOUT_CONSOLE = frozenset(
    {VmState.BUILDING, VmState.SHELVED_OFFLOADED, VmState.SOFT_DELETED}
)


class ConsolesApi:
    """Handlers."""

    def __init__(
        self,
        parts: Parts,
        lifecycle: Lifecycle,
        consoles: Consoles,
        actions: ActionsApi,
    ) -> None:
        self._parts = parts
        self._lifecycle = lifecycle
        self._consoles = consoles
        kinds = {"os-getVNCConsole": NOVNC, "os-getSerialConsole": SERIAL}
        field = (Field("type", {"type": "string"}, required=True),)
        for name, kind in kinds.items():
            actions.add(name, Asked(self._old(kind), field, until=5))
        for name in ("os-getSPICEConsole", "os-getRDPConsole"):
            actions.add(name, Asked(self._old(""), field, until=5))

    def verbs(self) -> list[Verb]:
        """The routes."""
        path = "/servers/{server_id}/remote-consoles"
        token = "/os-console-auth-tokens/{token}"
        return [
            Verb("POST", path, self.create, since=6),
            Verb("GET", token, self.look_up),
        ]

    def _old(self, kind: str) -> ActionHandler:
        def handle(call: ApiCall, server_id: str, body: Any) -> Reply:
            if body["type"] != kind or not kind:
                raise BadRequest(f"Unavailable console type {body['type']}.")
            url = self._url(call, server_id, kind)
            return ok({"console": {"type": kind, "url": url}})

        return handle

    def create(self, call: ApiCall) -> Reply:
        """POST .../remote-consoles."""
        body = CREATE.read(call)["remote_console"]
        protocol, kind = body["protocol"], body["type"]
        if kind not in KINDS.get(protocol, ()):
            raise BadRequest(f"Unavailable console type {kind}.")
        url = self._url(call, call.parameters["server_id"], kind)
        value = {"protocol": protocol, "type": kind, "url": url}
        return ok({"remote_console": value})

    def _url(self, call: ApiCall, server_id: str, kind: str) -> str:
        server = self._lifecycle.visible(call.context, server_id, RULE)
        if not server.host or VmState(server.vm_state) in WITHOUT_CONSOLE:
            raise Conflict(f"Instance {server.id} is not ready")
        token = self._consoles.grant(server, kind)
        base = self._parts.settings.console_url or self._consoles.at_host(server)
        if not base:
            scheme, _, rest = call.base_url.partition("://")
            base = f"{scheme}://{rest.partition('/')[0]}/console"
        return console_url(base, kind, token)

    def look_up(self, call: ApiCall) -> Reply:
        """GET /os-console-auth-tokens/{token}."""
        self._parts.enforce(call.context, "os_compute_api:os-console-auth-tokens")
        if minor_of(call) < ANY_TOKEN_SINCE:
            raise Unauthorized("Only tokens of RDP consoles are told of")
        found = self._consoles.find(call.parameters["token"])
        value = {
            "instance_uuid": found.server_id,
            "host": found.host,
            "port": 0,
            "internal_access_path": None,
        }
        return ok({"console": value})
