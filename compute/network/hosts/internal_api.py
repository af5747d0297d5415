"""What the cloud's own services ask: hosts' views, reports, devices' interfaces.

Only callers with the role ``service`` (or administrators) get an answer; to all others
these paths do not exist.
"""

from __future__ import annotations

import logging
from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, NotFound
from compute.network.client import DEVICES_MAX
from compute.network.errors import conflict, not_found
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.hosts.devices import nic_at, nics_of_devices
from compute.network.hosts.host_views import HostViews
from compute.network.hosts.reports import take_report
from compute.network.records import encode_record
from compute.network.view import HostView
from compute.network.view_versions import OLDEST_VERSION, VERSIONS, VIEW_VERSION
from compute.network.view_wire import Untold, decode_report, encode_view
from objectstore.kernel.errors import Corrupt
from objectstore.kernel.reply import Reply

# A host with a thousand ports writes some hundred KiB.
REPORT_BYTES_MAX = 4 * 1024 * 1024

_log = logging.getLogger("compute.network")

DEVICES = Schema(
    {
        "type": "object",
        "properties": {
            "device_ids": {
                "type": "array",
                "items": {"type": "string", "maxLength": 255},
                "maxItems": DEVICES_MAX,
            }
        },
        "required": ["device_ids"],
        "additionalProperties": False,
    }
)


class InternalApi:
    """The routes below ``/internal``."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database
        self._views = HostViews()
        self._unread: dict[str, str] = {}  # why not, by host

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("GET", "/internal/hosts/{host}/view", self.view),
            Route("POST", "/internal/hosts/{host}/report", self.report),
            Route("POST", "/internal/devices", self.devices),
            Route("GET", "/internal/lookup", self.lookup),
        ]

    def view(self, call: ApiCall) -> Reply:
        """The host's view, or 304 when its revision is still ``since``."""
        since = call.query.one("since", "-1")
        version = _version(call)
        host = call.parameters["host"]

        def work_on(work: Work) -> HostView | None:
            _services_only(work)
            return self._views.newer(work, host, since)

        found = self._database.read(call.context, work_on)
        if found is None:
            return empty_reply(304)
        try:
            content = encode_view(found, version)
        except Untold as error:
            # The agent says so in its log, and in its reports.
            raise conflict(
                "AgentOutdated",
                f"The network agent of {host} is of the release before, which has no"
                f" {error} in its views: upgrade and restart it",
            ) from None
        return Reply(200, content, None, "application/json")

    def report(self, call: ApiCall) -> Reply:
        """An agent's report."""
        self._house_only(call)
        try:
            report = decode_report(call.request.read_small_body(REPORT_BYTES_MAX))
        except Corrupt as error:
            self._warn(call.parameters["host"], str(error))
            raise BadRequest(f"The report cannot be read: {error}") from None
        if report.host != call.parameters["host"]:
            raise BadRequest("The report is another host's")

        def work_on(work: Work) -> None:
            _services_only(work)
            take_report(work, report)

        self._database.write(call.context, work_on)
        return empty_reply(204)

    def _house_only(self, call: ApiCall) -> None:
        """Before the body of a stranger is as much as read."""
        if not self._database.allows(call.context, "internal"):
            raise NotFound("The resource could not be found.")

    def _warn(self, host: str, text: str) -> None:
        """Once, not at each heart beat."""
        if self._unread.get(host) != text:
            self._unread[host] = text
            _log.warning("what the network agent of %s reports: %s", host, text)

    def devices(self, call: ApiCall) -> Reply:
        """The interfaces of several devices."""
        self._house_only(call)
        device_ids = call.json(DEVICES)["device_ids"]

        def work_on(work: Work) -> dict[str, Any]:
            _services_only(work)
            found = nics_of_devices(work, device_ids)
            return {
                device_id: [encode_record(nic) for nic in nics]
                for device_id, nics in found.items()
            }

        found = self._database.read(call.context, work_on)
        return json_reply(200, {"devices": found})

    def lookup(self, call: ApiCall) -> Reply:
        """The interface that has an address on a network."""
        network_id = call.query.one("network_id")
        address = call.query.one("fixed_ip")

        def work_on(work: Work) -> Any:
            _services_only(work)
            nic = nic_at(work, network_id, address)
            if nic is None:
                raise not_found("PortNotFound", "A port with address", address)
            return encode_record(nic)

        return json_reply(200, {"nic": self._database.read(call.context, work_on)})


def _version(call: ApiCall) -> int:
    """Of the view that is asked for; agents of before there were two said none."""
    asked = call.query.one("version", str(OLDEST_VERSION))
    return next((each for each in VERSIONS if asked == str(each)), VIEW_VERSION)


def _services_only(work: Work) -> None:
    if not work.policy.allows(work.context, "internal"):
        raise NotFound("The resource could not be found.")
