"""Servers: create, list, show, update, delete."""

from __future__ import annotations

import dataclasses
import secrets
import string
from typing import Any

from compute.core.api.frame import ApiCall, empty_reply, json_reply
from compute.core.api.pagination import next_link, parse_page
from compute.core.errors import BadRequest, NotFound
from compute.core.sql.database import Connection
from compute.instance.api.presenting import Presenter
from compute.instance.api.server_filters import server_filter
from compute.instance.frame.replies import accepted, links, ok
from compute.instance.frame.routes import Verb, check_has_project, minor_of
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.schemas.servers import CREATE, UPDATE, with_plain_addresses
from compute.instance.schemas.types import is_true
from compute.instance.service.actions import ServerActions
from compute.instance.service.create import ORDER_HEADER, ServerCreation
from compute.instance.service.ordering import Ordering
from compute.instance.service.server_list import list_servers
from compute.instance.stores.server_filter import SORT_COLUMNS
from compute.instance.views.addresses import addresses
from compute.instance.views.servers import WHOLE_SINCE, brief_server
from objectstore.kernel.reply import Reply

SHOW = "os_compute_api:servers:show"
PASSWORD_LENGTH = 12  # as long as the real one's; 71 bits
ORDER_CHARACTERS_MAX = 255
PASSWORD_CHARACTERS = string.ascii_letters + string.digits
# Two names for the same: the second is of the time when a root disk that is a volume
# was something else.
COLLECTIONS = ("/servers", "/os-volumes_boot")
ADMIN_SORT_KEYS = frozenset({"host", "node"})


def new_password() -> str:
    """For the administrator of a new guest."""
    return "".join(secrets.choice(PASSWORD_CHARACTERS) for _ in range(PASSWORD_LENGTH))


class ServersApi:
    """Handlers."""

    def __init__(
        self,
        parts: Parts,
        ordering: Ordering,
        creation: ServerCreation,
        actions: ServerActions,
        presenter: Presenter,
    ) -> None:
        self._parts = parts
        self._ordering = ordering
        self._creation = creation
        self._actions = actions
        self._presenter = presenter

    def verbs(self) -> list[Verb]:
        """The routes."""
        verbs = [
            Verb("GET", "/servers/{server_id}/ips", self.ips),
            Verb("GET", "/servers/{server_id}/ips/{network}", self.ips_of_network),
        ]
        for servers in COLLECTIONS:
            one = f"{servers}/{{server_id}}"
            verbs += [
                Verb("GET", servers, self.index),
                Verb("GET", f"{servers}/detail", self.detail),
                Verb("POST", servers, self.create),
                Verb("GET", one, self.show),
                Verb("PUT", one, self.update),
                Verb("DELETE", one, self.delete),
            ]
        return verbs

    # ---- lists -----------------------------------------------------------------

    def index(self, call: ApiCall) -> Reply:
        """GET /servers."""
        servers, more = self._page(call)
        return ok({"servers": [brief_server(call, each) for each in servers], **more})

    def detail(self, call: ApiCall) -> Reply:
        """GET /servers/detail."""
        servers, more = self._page(call)
        return ok({"servers": self._presenter.many(call, servers), **more})

    def _page(self, call: ApiCall) -> tuple[list[Server], dict[str, Any]]:
        self._parts.enforce(call.context, "os_compute_api:servers:index")
        page = parse_page(
            call.query,
            sortable=frozenset(SORT_COLUMNS),
            default_sort=(("created_at", True),),
        )
        asked = set(call.query.all("sort_key"))
        if asked & ADMIN_SORT_KEYS and not call.context.has_role("admin"):
            raise BadRequest("Only administrators sort by host")
        wanted = server_filter(self._parts, call)
        servers = list_servers(self._parts, wanted, page)
        more: dict[str, Any] = {}
        if servers and len(servers) == page.limit:
            href = next_link(call.url, call.query, servers[-1].id)
            more = {"servers_links": [{"rel": "next", "href": href}]}
        return servers, more

    # ---- one -------------------------------------------------------------------

    def show(self, call: ApiCall) -> Reply:
        """GET /servers/{id}."""
        return ok({"server": self._presenter.one(call, self._visible(call))})

    def _visible(self, call: ApiCall) -> Server:
        server_id = call.parameters["server_id"]
        return self._parts.database.read(
            lambda connection: self._parts.visible(
                connection, call.context, server_id, SHOW
            )
        )

    def create(self, call: ApiCall) -> Reply:
        """POST /servers."""
        self._parts.enforce(call.context, "os_compute_api:servers:create")
        check_has_project(call)
        whole = CREATE.read(call)
        body = whole["server"]
        hints = whole.get("os:scheduler_hints") or whole.get(
            "OS-SCH-HNT:scheduler_hints", {}
        )
        if body.get("trusted_image_certificates"):
            raise BadRequest("Image signatures cannot be verified here")
        password = body.get("adminPass") or new_password()
        new = self._ordering.read(call.context, body, hints, password, minor_of(call))
        if order := call.request.header(ORDER_HEADER):
            if len(order) > ORDER_CHARACTERS_MAX:
                raise BadRequest(f"{ORDER_HEADER}: at most {ORDER_CHARACTERS_MAX}")
            new = dataclasses.replace(new, order=order)
        servers = self._creation.create(call.context, new)
        first = servers[0]
        if is_true(body.get("return_reservation_id", False)):
            return accepted({"reservation_id": first.reservation_id})
        groups = body.get("security_groups") or [{"name": "default"}]
        own_links = links(call, "servers", first.id)
        value = {
            "id": first.id,
            "links": own_links,
            "OS-DCF:diskConfig": first.disk_config,
            "security_groups": groups,
            "adminPass": password,
        }
        location = own_links[0]["href"]
        return json_reply(202, {"server": value}, [("Location", location)])

    def update(self, call: ApiCall) -> Reply:
        """PUT /servers/{id}."""
        body = UPDATE.read(call)["server"]
        names = {
            "name": "name",
            "OS-DCF:diskConfig": "disk_config",
            "accessIPv4": "access_ipv4",
            "accessIPv6": "access_ipv6",
            "description": "description",
            "hostname": "hostname",
        }
        values = with_plain_addresses(
            {names[key]: value for key, value in body.items()}
        )
        server_id = call.parameters["server_id"]

        def write(connection: Connection) -> Server:
            rule = "os_compute_api:servers:update"
            server = self._parts.visible(connection, call.context, server_id, rule)
            if not values:
                return server
            now = self._parts.clock.time()
            stores = self._parts.stores
            server = stores.servers.update(connection, server, now, **values)
            stores.events.append(
                connection, call.context, now, "server.update", server.id
            )
            return server

        return ok({"server": self.changed(call, self._parts.database.run(write))})

    def changed(self, call: ApiCall, server: Server) -> dict[str, Any]:
        """How update and rebuild answer."""
        if minor_of(call) >= WHOLE_SINCE:
            return self._presenter.one(call, server)
        return self._presenter.short(call, server)

    def delete(self, call: ApiCall) -> Reply:
        """DELETE /servers/{id}."""
        self._actions.delete(call.context, call.parameters["server_id"])
        return empty_reply(204)

    # ---- addresses -------------------------------------------------------------

    def ips(self, call: ApiCall) -> Reply:
        """GET /servers/{id}/ips."""
        return ok({"addresses": self._addresses(call)})

    def ips_of_network(self, call: ApiCall) -> Reply:
        """GET /servers/{id}/ips/{network}."""
        found = self._addresses(call)
        network = call.parameters["network"]
        if network not in found:
            raise NotFound("Instance is not a member of specified network")
        return ok({network: found[network]})

    def _addresses(self, call: ApiCall) -> dict[str, Any]:
        server = self._visible(call)
        return addresses(self._presenter.vifs([server])[server.id], extended=False)
