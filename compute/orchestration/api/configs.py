"""``/software_configs``: scripts and other texts for servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.pagination import PAGE_MAX
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.orchestration.api import documents
from compute.orchestration.api.frame import Frame
from compute.orchestration.api.members import list_of, map_of, text_of
from compute.orchestration.model import SoftwareConfig
from compute.orchestration.store import Stores
from compute.orchestration.template.yaml_reader import check_size
from objectstore.kernel.reply import Reply

CONFIGS_MAX = 10_000
CONFIG_BYTES_MAX = 512 * 1024
_ONE = "/software_configs/{config_id}"


class ConfigsApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts
        self._configs = frame.parts.stores.configs
        self._deployments = frame.parts.stores.deployments

    def routes(self) -> list[Route]:
        """Where they are."""
        route, rule = self._frame.route, "software_configs"
        return [
            route("GET", f"/{rule}", f"{rule}:index", self.configs),
            route("POST", f"/{rule}", f"{rule}:create", self.add_config),
            route("GET", _ONE, f"{rule}:show", self.config),
            route("DELETE", _ONE, f"{rule}:delete", self.drop_config),
        ]

    def configs(self, call: ApiCall) -> Reply:
        """A page of them, without their texts."""
        table = self._configs.table
        select = table.select().where(
            table.c.project_id == call.context.project_id,
            table.c.id > call.query.one("marker"),
        )
        limit = min(call.query.number("limit", PAGE_MAX), PAGE_MAX)
        found = self._parts.read(
            lambda connection: self._configs.select(
                connection, select.order_by(table.c.id).limit(limit)
            )
        )
        brief = ("id", "name", "group", "creation_time")
        shown = [{key: config_document(each)[key] for key in brief} for each in found]
        return json_reply(200, {"software_configs": shown})

    def add_config(self, call: ApiCall) -> Reply:
        """A new one; configs never change."""
        body = call.json_object()
        check_size(body, "software config")
        config = body.get("config") or ""
        if not isinstance(config, str) or len(config.encode()) > CONFIG_BYTES_MAX:
            raise BadRequest(
                f"config must be a text of at most {CONFIG_BYTES_MAX} bytes"
            )
        record = SoftwareConfig(
            id=self._parts.identifiers.uuid(),
            project_id=call.context.project_id,
            name=text_of(body, "name"),
            group=text_of(body, "group") or "Heat::Ungrouped",
            config=config,
            inputs=_named(body, "inputs"),
            outputs=_named(body, "outputs"),
            options=map_of(body, "options"),
            created_at=self._parts.now(),
        )

        def write(connection: Connection) -> None:
            rows = self._configs.columns
            mine = rows.project_id == record.project_id
            if self._configs.count(connection, mine) >= CONFIGS_MAX:
                raise BadRequest(f"A project has at most {CONFIGS_MAX} configs")
            self._configs.insert(connection, record)

        self._parts.run(write)
        return json_reply(200, {"software_config": config_document(record)})

    def config(self, call: ApiCall) -> Reply:
        """One of them."""
        found = self._parts.read(lambda connection: self._config(connection, call))
        return json_reply(200, {"software_config": config_document(found)})

    def drop_config(self, call: ApiCall) -> Reply:
        """Forget one that no deployment has."""

        def write(connection: Connection) -> None:
            found = self._config(connection, call)
            rows = self._deployments.columns
            if self._deployments.count(connection, rows.config_id == found.id):
                raise BadRequest(f"Software config {found.id} is in use")
            self._configs.delete(connection, found.id)

        self._parts.run(write)
        return empty_reply(204)

    def _config(self, connection: Connection, call: ApiCall) -> SoftwareConfig:
        wanted = call.parameters["config_id"]
        return find_config(connection, self._parts.stores, call, wanted)


def _named(body: Mapping[str, Any], what: str) -> list[Any]:
    """A list of maps that have names; ``BadRequest``."""
    found = list_of(body, what)
    for each in found:
        if not isinstance(each, Mapping) or not isinstance(each.get("name"), str):
            raise BadRequest(f"{what} must be a list of maps, each with a name")
    return found


def find_config(
    connection: Connection, stores: Stores, call: ApiCall, identifier: str
) -> SoftwareConfig:
    """One of the caller's project; ``NotFound``."""
    found = stores.configs.find(connection, identifier)
    if found is None or found.project_id != call.context.project_id:
        raise NotFound(f"Software config with id {identifier} not found")
    return found


def config_document(config: SoftwareConfig) -> documents.Document:
    """As the API shows it."""
    return {
        "id": config.id,
        "name": config.name,
        "group": config.group,
        "config": config.config,
        "inputs": list(config.inputs),
        "outputs": list(config.outputs),
        "options": config.options,
        "creation_time": documents.moment(config.created_at),
    }
