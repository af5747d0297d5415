"""What the API has, and this cloud has no use for: nodes of metal, and snapshots of
volumes that are files which guests open themselves.  It answers as the real one does
where nothing serves them."""

from __future__ import annotations

from compute.core.api.frame import ApiCall
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotSupported
from compute.instance.frame.routes import Verb
from compute.instance.parts import Parts
from compute.instance.schemas.types import UUID
from objectstore.kernel.reply import Reply

METAL_UNTIL = 35
METAL_RULE = "os_compute_api:os-baremetal-nodes"
METAL_ACTIONS = frozenset({"add_interface", "remove_interface"})
SNAPSHOT_RULE = "os_compute_api:os-assisted-volume-snapshots"
_ID = {"type": "string", "minLength": 1, "maxLength": 255}
SNAPSHOT = Schema(
    {
        "type": "object",
        "properties": {
            "snapshot": {
                "type": "object",
                "properties": {
                    "volume_id": UUID,
                    "create_info": {
                        "type": "object",
                        "properties": {
                            "snapshot_id": _ID,
                            "type": {"enum": ["qcow2"]},
                            "new_file": _ID,
                            "id": _ID,
                        },
                        "required": ["snapshot_id", "type", "new_file"],
                        "additionalProperties": False,
                    },
                },
                "required": ["volume_id", "create_info"],
                "additionalProperties": False,
            }
        },
        "required": ["snapshot"],
        "additionalProperties": False,
    }
)


class NotHereApi:
    """Handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verbs(self) -> list[Verb]:
        """The routes."""
        metal, snapshots = "/os-baremetal-nodes", "/os-assisted-volume-snapshots"
        return [
            Verb("GET", metal, self.nodes, until=METAL_UNTIL),
            Verb("GET", f"{metal}/{{node}}", self.nodes, until=METAL_UNTIL),
            Verb("POST", metal, self.change_node, until=METAL_UNTIL),
            Verb("DELETE", f"{metal}/{{node}}", self.change_node, until=METAL_UNTIL),
            Verb("POST", f"{metal}/{{node}}/action", self.act, until=METAL_UNTIL),
            Verb("POST", snapshots, self.create_snapshot),
            Verb("DELETE", f"{snapshots}/{{snapshot}}", self.delete_snapshot),
        ]

    def nodes(self, call: ApiCall) -> Reply:
        """GET /os-baremetal-nodes[/{id}]."""
        self._parts.enforce(call.context, METAL_RULE)
        raise NotSupported("This cloud has no bare metal service to ask")

    def change_node(self, call: ApiCall) -> Reply:
        """Nodes were never changed from here."""
        raise BadRequest("Command Not supported: nodes belong to their own service")

    def act(self, call: ApiCall) -> Reply:
        """POST /os-baremetal-nodes/{id}/action."""
        body = call.json()
        if not (isinstance(body, dict) and METAL_ACTIONS.issuperset(body)):
            raise BadRequest("There is no such action")
        return self.change_node(call)

    def create_snapshot(self, call: ApiCall) -> Reply:
        """POST /os-assisted-volume-snapshots: the volume service makes its snapshots
        without a guest's help."""
        self._parts.enforce(call.context, SNAPSHOT_RULE)
        call.json(SNAPSHOT)
        raise BadRequest("Volumes here are no files that a guest could snapshot")

    def delete_snapshot(self, call: ApiCall) -> Reply:
        """DELETE /os-assisted-volume-snapshots/{id}: there is none."""
        self._parts.enforce(call.context, SNAPSHOT_RULE)
        if not call.query.one("delete_info"):
            raise BadRequest("delete_info is needed")
        raise BadRequest("Volumes here are no files that a guest could snapshot")
