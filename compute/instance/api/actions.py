"""``POST /servers/{id}/action``: one table of what may be asked, by microversion."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, empty_reply, json_reply
from compute.core.errors import BadRequest, NotFound
from compute.instance.api.asked import ActionHandler, Asked
from compute.instance.api.removed import gone
from compute.instance.api.servers import COLLECTIONS, ServersApi, new_password
from compute.instance.frame.replies import accepted, ok
from compute.instance.frame.routes import Verb, api_base, minor_of
from compute.instance.parts import Parts
from compute.instance.rules import fault
from compute.instance.schemas import actions as schemas
from compute.instance.schemas.servers import REBUILD, with_plain_addresses
from compute.instance.service.actions import ACT, Change
from compute.instance.services import Services
from objectstore.kernel.reply import Reply

# From these on, volume-backed servers too.
RESCUE_VOLUME_SINCE, REBUILD_VOLUME_SINCE = 87, 93
# Without arguments, each the action of that name in the state table.
PLAIN = {
    "os-start": "start",
    "os-stop": "stop",
    "pause": "pause",
    "unpause": "unpause",
    "suspend": "suspend",
    "resume": "resume",
    "confirmResize": "confirm_resize",
    "shelveOffload": "shelve_offload",
    "unrescue": "unrescue",
    "restore": "restore",
    "injectNetworkInfo": "inject_network_info",
}

# Those that not every member may ask for.
PLAIN_RULES = {
    "shelve_offload": "os_compute_api:os-shelve:shelve_offload",
    "inject_network_info": "os_compute_api:os-admin-actions:inject_network_info",
}


class ActionsApi:
    """Handlers."""

    def __init__(self, parts: Parts, services: Services, servers: ServersApi) -> None:
        self._parts = parts
        self._actions = services.actions
        self._lifecycle = services.lifecycle
        self._resizing = services.resizing
        self._snapshots = services.snapshots
        self._unshelving = services.unshelving
        self._servers = servers
        self._table = self._asked()

    def verbs(self) -> list[Verb]:
        """The routes."""
        return [
            Verb("POST", f"{servers}/{{server_id}}/action", self.act)
            for servers in COLLECTIONS
        ]

    def add(self, name: str, asked: Asked) -> None:
        """An action that another part of the API brings."""
        self._table[name] = asked

    def act(self, call: ApiCall) -> Reply:
        """The action that the body names."""
        body = call.json()
        if not isinstance(body, dict) or len(body) != 1:
            raise BadRequest("The body must name exactly one action")
        ((name, value),) = body.items()
        asked = self._table.get(name)
        minor = minor_of(call)
        if asked is None:
            raise BadRequest(f"There is no such action: {name}")
        if not asked.since <= minor <= asked.until:
            raise NotFound(f"There is no action {name} in version 2.{minor}")
        arguments = asked.check(value, minor)
        return asked.handler(call, call.parameters["server_id"], arguments)

    def _asked(self) -> dict[str, Asked]:
        table = {
            "reboot": Asked(self._reboot, schemas.REBOOT),
            "rebuild": Asked(self._rebuild, REBUILD),
            "resize": Asked(self._resize, schemas.RESIZE),
            "createImage": Asked(self._create_image, schemas.CREATE_IMAGE),
            "createBackup": Asked(self._create_backup, schemas.CREATE_BACKUP),
            "shelve": Asked(self._shelve),
            "unshelve": Asked(self._unshelve, schemas.UNSHELVE, nullable=True),
            "rescue": Asked(self._rescue, schemas.RESCUE, nullable=True),
            "lock": Asked(self._lock, schemas.LOCK, nullable=True),
            "unlock": Asked(self._unlock),
            "os-resetState": Asked(self._reset_state, schemas.RESET_STATE),
            "forceDelete": Asked(self._force_delete),
            "resetNetwork": Asked(self._removed),
            "addSecurityGroup": Asked(self._add_group, schemas.ADD_OR_REMOVE_GROUP),
            "removeSecurityGroup": Asked(
                self._remove_group, schemas.ADD_OR_REMOVE_GROUP
            ),
        }
        for name, action in PLAIN.items():
            table[name] = Asked(self._plain(action))
        return table

    # ---- plain ones ------------------------------------------------------------

    def _plain(self, action: str) -> ActionHandler:
        rule = PLAIN_RULES.get(action, ACT)

        def handle(call: ApiCall, server_id: str, value: Any) -> Reply:
            self._actions.begin(call.context, server_id, action, rule=rule)
            return empty_reply(204) if action == "confirm_resize" else accepted()

        return handle

    def _reboot(self, call: ApiCall, server_id: str, value: Any) -> Reply:
        hard = value["type"].upper() == "HARD"
        self._actions.begin(
            call.context, server_id, "reboot_hard" if hard else "reboot"
        )
        return accepted()

    # ---- larger ones -----------------------------------------------------------

    def _rebuild(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        names = {
            "name": "name",
            "metadata": "metadata",
            "OS-DCF:diskConfig": "disk_config",
            "accessIPv4": "access_ipv4",
            "accessIPv6": "access_ipv6",
            "description": "description",
            "hostname": "hostname",
            "personality": "personality",
        }
        values = with_plain_addresses(
            {names[key]: body[key] for key in body if key in names}
        )
        if "user_data" in body:
            values["user_data"] = body["user_data"] or ""
        password = body.get("adminPass") or new_password()
        server = self._lifecycle.rebuild(
            call.context,
            server_id,
            body,
            values,
            password,
            may_write_volume=minor_of(call) >= REBUILD_VOLUME_SINCE,
        )
        found = self._servers.changed(call, server)
        found["adminPass"] = password
        if minor_of(call) >= 54:
            found["key_name"] = server.key_name or None
        if minor_of(call) >= 57:
            # Here, and here only, user data is no extended attribute.
            found.pop("OS-EXT-SRV-ATTR:user_data", None)
            found["user_data"] = server.user_data or None
        location = f"{api_base(call)}/servers/{server.id}"
        return json_reply(202, {"server": found}, [("Location", location)])

    def _resize(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        self._resizing.resize(
            call.context,
            server_id,
            str(body["flavorRef"]),
            disk_config=body.get("OS-DCF:diskConfig", ""),
        )
        return accepted()

    def _create_image(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        image_id = self._snapshots.create_image(
            call.context, server_id, body["name"], body.get("metadata", {})
        )
        return self._image_accepted(call, image_id)

    def _create_backup(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        rotation = int(body["rotation"])
        if not rotation:
            raise BadRequest("rotation: a backup of which none is kept is none")
        image_id = self._snapshots.create_backup(
            call.context,
            server_id,
            body["name"],
            body["backup_type"],
            rotation,
            body.get("metadata", {}),
        )
        return self._image_accepted(call, image_id)

    def _image_accepted(self, call: ApiCall, image_id: str) -> Reply:
        if minor_of(call) >= 45:
            return accepted({"image_id": image_id})
        reply = accepted()
        reply.headers.append(("Location", f"{api_base(call)}/images/{image_id}"))
        return reply

    def _shelve(self, call: ApiCall, server_id: str, value: Any) -> Reply:
        self._lifecycle.shelve(call.context, server_id)
        return accepted()

    def _unshelve(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        host = str(body.get("host") or "")
        if host:
            self._parts.enforce(
                call.context, "os_compute_api:servers:create:forced_host"
            )
        zone = str(body.get("availability_zone") or "")
        self._unshelving.unshelve(call.context, server_id, zone=zone, host=host)
        return accepted()

    def _rescue(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        self._lifecycle.rescue(
            call.context,
            server_id,
            body.get("rescue_image_ref", ""),
            may_have_volume=minor_of(call) >= RESCUE_VOLUME_SINCE,
        )
        return ok({"adminPass": body.get("adminPass") or new_password()})

    # ---- done at once ----------------------------------------------------------

    def _lock(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        self._actions.lock(call.context, server_id, body.get("locked_reason"))
        return accepted()

    def _unlock(self, call: ApiCall, server_id: str, value: Any) -> Reply:
        self._actions.unlock(call.context, server_id)
        return accepted()

    def _reset_state(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        wanted = body["state"]
        now = self._parts.clock.time()
        values: dict[str, Any] = {"vm_state": wanted, "task_state": ""}
        if wanted == "error":
            values["fault"] = fault("The state was reset by an administrator", now)
        self._actions.begin(
            call.context,
            server_id,
            "reset_state",
            lambda connection, server: Change(values),
            rule="os_compute_api:os-admin-actions:reset_state",
        )
        return accepted()

    def _removed(self, call: ApiCall, server_id: str, value: Any) -> Reply:
        return gone(call)

    def _force_delete(self, call: ApiCall, server_id: str, value: Any) -> Reply:
        self._actions.delete(call.context, server_id, at_once=True)
        return accepted()

    def _add_group(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        return self._change_groups(call, server_id, body["name"], add=True)

    def _remove_group(self, call: ApiCall, server_id: str, body: Any) -> Reply:
        return self._change_groups(call, server_id, body["name"], add=False)

    def _change_groups(
        self, call: ApiCall, server_id: str, name: str, *, add: bool
    ) -> Reply:
        server = self._lifecycle.visible(call.context, server_id)
        label = "add_security_group" if add else "remove_security_group"
        self._actions.check(call.context, server, label)
        network = self._parts.network
        group = network.find_security_group(server.project_id, name)
        ports = network.ports_of_device(server.id)
        if not ports:  # nothing that could keep the group
            raise NotFound(f"Instance {server.id} has no ports for security groups")
        if not add and not any(group.id in each.security_group_ids for each in ports):
            raise NotFound(
                f"Security group {name} not associated with the instance {server.id}"
            )
        for port in ports:
            ids = [each for each in port.security_group_ids if each != group.id]
            network.update_port(
                port.id, {"security_groups": [*ids, group.id] if add else ids}
            )
        names = [each for each in server.security_groups if each != group.name]
        self._actions.begin(
            call.context,
            server_id,
            label,
            lambda connection, server: Change(
                {"security_groups": [*names, group.name] if add else names}
            ),
        )
        return accepted()
