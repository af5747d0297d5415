"""``/software_deployments``: configs that servers are to apply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.orchestration.api import documents
from compute.orchestration.api.configs import config_document, find_config
from compute.orchestration.api.frame import Frame
from compute.orchestration.api.members import map_of, text_of, word_of
from compute.orchestration.model import SoftwareConfig, SoftwareDeployment
from compute.orchestration.store import Stores
from compute.orchestration.template.yaml_reader import check_size
from objectstore.kernel.reply import Reply

DEPLOYMENTS_MAX = 10_000
_ONE = "/software_deployments/{deployment_id}"
_FIRST_ACTION = "INIT"
# The columns' widths.
_ACTION_CHARACTERS_MAX = 32
_ID_CHARACTERS_MAX = 64
_STATUSES = ("IN_PROGRESS", "COMPLETE", "FAILED")


class DeploymentsApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts
        self._stores = frame.parts.stores
        self._deployments = frame.parts.stores.deployments

    def routes(self) -> list[Route]:
        """Where they are."""
        route, rule = self._frame.route, "software_deployments"
        metadata = f"/{rule}/metadata/{{server_id}}"
        return [
            route("GET", f"/{rule}", f"{rule}:index", self.deployments),
            route("POST", f"/{rule}", f"{rule}:create", self.add_deployment),
            route("GET", metadata, f"{rule}:metadata", self.metadata),
            route("GET", _ONE, f"{rule}:show", self.deployment),
            route("PUT", _ONE, f"{rule}:update", self.change_deployment),
            route("DELETE", _ONE, f"{rule}:delete", self.drop_deployment),
        ]

    def deployments(self, call: ApiCall) -> Reply:
        """All of them, or those of a server."""
        server = call.query.one("server_id")
        found = self._parts.read(lambda connection: self._of(connection, call, server))
        shown = [_deployment(each) for each in found]
        return json_reply(200, {"software_deployments": shown})

    def add_deployment(self, call: ApiCall) -> Reply:
        """A config for a server."""
        body = call.json_object()
        check_size(body, "software deployment")
        now = self._parts.now()
        record = SoftwareDeployment(
            id=self._parts.identifiers.uuid(),
            project_id=call.context.project_id,
            server_id=text_of(body, "server_id", most=_ID_CHARACTERS_MAX),
            config_id=text_of(body, "config_id"),
            action=_action_of(body) or _FIRST_ACTION,
            status=word_of(body, "status", _STATUSES, "COMPLETE"),
            reason=text_of(body, "status_reason", most=2000),
            input_values=map_of(body, "input_values"),
            output_values=map_of(body, "output_values"),
            created_at=now,
            updated_at=now,
        )
        if not record.server_id:
            raise BadRequest("server_id is missing")

        def write(connection: Connection) -> None:
            rows = self._deployments.columns
            find_config(connection, self._stores, call, record.config_id)
            mine = rows.project_id == record.project_id
            if self._deployments.count(connection, mine) >= DEPLOYMENTS_MAX:
                raise BadRequest(f"A project has at most {DEPLOYMENTS_MAX} deployments")
            self._deployments.insert(connection, record)

        self._parts.run(write)
        return json_reply(200, {"software_deployment": _deployment(record)})

    def deployment(self, call: ApiCall) -> Reply:
        """One of them."""
        found = self._parts.read(lambda connection: self._deployment(connection, call))
        return json_reply(200, {"software_deployment": _deployment(found)})

    def change_deployment(self, call: ApiCall) -> Reply:
        """How it goes, or another config."""
        body = call.json_object()
        check_size(body, "software deployment")

        def write(connection: Connection) -> SoftwareDeployment:
            found = self._deployment(connection, call)
            values: dict[str, Any] = {"updated_at": self._parts.now()}
            if body.get("config_id"):
                wanted = text_of(body, "config_id")
                values["config_id"] = find_config(
                    connection, self._stores, call, wanted
                ).id
            if body.get("action"):
                values["action"] = _action_of(body)
            if body.get("status"):
                values["status"] = word_of(body, "status", _STATUSES, "")
            if "status_reason" in body:
                values["reason"] = text_of(body, "status_reason", most=2000)
            for name in ("input_values", "output_values"):
                if name in body:
                    values[name] = map_of(body, name)
            self._deployments.change(connection, found.id, **values)
            return self._deployment(connection, call)

        changed = self._parts.run(write)
        return json_reply(200, {"software_deployment": _deployment(changed)})

    def drop_deployment(self, call: ApiCall) -> Reply:
        """Forget one."""

        def write(connection: Connection) -> None:
            found = self._deployment(connection, call)
            self._deployments.delete(connection, found.id)

        self._parts.run(write)
        return empty_reply(204)

    def metadata(self, call: ApiCall) -> Reply:
        """Every config that a server is to apply, with its inputs' values."""

        project_id, server = call.context.project_id, call.parameters["server_id"]
        found = self._parts.read(
            lambda connection: to_apply(connection, self._stores, project_id, server)
        )
        return json_reply(200, {"metadata": found})

    def _deployment(self, connection: Connection, call: ApiCall) -> SoftwareDeployment:
        identifier = call.parameters["deployment_id"]
        found = self._deployments.find(connection, identifier)
        if found is None or found.project_id != call.context.project_id:
            raise NotFound(f"Deployment with id {identifier} not found")
        return found

    def _of(
        self, connection: Connection, call: ApiCall, server: str
    ) -> list[SoftwareDeployment]:
        return _of_server(connection, self._stores, call.context.project_id, server)


def to_apply(
    connection: Connection, stores: Stores, project_id: str, server: str
) -> list[documents.Document]:
    """The configs that a server is to apply, with their inputs' values, as its agent
    reads them.  ``server`` "": none is there yet, and others' are not for its guest."""
    if not server:
        return []
    found = []
    for each in _of_server(connection, stores, project_id, server):
        config = stores.configs.find(connection, each.config_id)
        if config is not None and each.status != "FAILED":
            found.append({**config_document(config), "inputs": _inputs(config, each)})
    return found


def _of_server(
    connection: Connection, stores: Stores, project_id: str, server: str
) -> list[SoftwareDeployment]:
    """Those of a server; "": of all."""
    rows = stores.deployments.columns
    where = [rows.project_id == project_id]
    if server:
        where.append(rows.server_id == server)
    return stores.deployments.where(connection, *where, order=rows.created_at)


def _action_of(body: Mapping[str, Any]) -> str:
    """Any word: whoever deploys says what it is for, and the guest reads it."""
    return text_of(body, "action", most=_ACTION_CHARACTERS_MAX)


def _deployment(found: SoftwareDeployment) -> documents.Document:
    return {
        "id": found.id,
        "server_id": found.server_id,
        "config_id": found.config_id,
        "action": found.action,
        "status": found.status,
        "status_reason": found.reason,
        "input_values": found.input_values,
        "output_values": found.output_values,
        "creation_time": documents.moment(found.created_at),
        "updated_time": documents.moment(found.updated_at),
    }


def _inputs(config: SoftwareConfig, found: SoftwareDeployment) -> list[Any]:
    """The config's inputs with the deployment's values."""
    inputs = []
    for each in config.inputs:
        if isinstance(each, Mapping) and isinstance(each.get("name"), str):
            value = found.input_values.get(each["name"], each.get("default"))
            inputs.append({**each, "value": value})
    return inputs
