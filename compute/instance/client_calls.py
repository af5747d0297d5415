"""The instance room's internal API, called from outside the room.

For the agents of hosts (claim jobs, tell what is), for the metadata services (what a
server may know of itself), for console proxies and for the doctor.  Every call
carries a service token; ``Unavailable`` means try again later.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from compute.core.context import TokenSource
from compute.core.errors import Conflict, NotFound
from compute.core.guest_metadata import MetadataOptions
from compute.instance.client_wire import instance_wire
from compute.instance.records import Server, record_from
from compute.instance.told import (
    ClaimedJob,
    ConsoleGrant,
    HostReport,
    MoveGrant,
    ServerBrief,
    StrayPlace,
)
from objectstore.client.caller import Caller

# The first in which volumes are told to be larger.
EVENTS_VERSION = {"OpenStack-API-Version": "compute 2.51"}


class InstanceClient:
    """Calls the instance room through a ``Caller``."""

    def __init__(self, caller: Caller, tokens: TokenSource) -> None:
        self._wire = instance_wire(caller, tokens)

    # ---- agents: hosts ---------------------------------------------------------

    def report(self, reports: Sequence[HostReport]) -> None:
        """Tell that these hosts live, and how they are."""
        values = [
            {
                "host": each.host,
                "inventory": dict(each.inventory),
                "states": dict(each.states),
                "address": each.address,
            }
            for each in reports
        ]
        self._wire.json("POST", "/internal/hosts/report", {"hosts": values})

    def servers_of(self, host: str) -> list[ServerBrief]:
        """The servers that live on the host."""
        answer = self._wire.json("GET", _host_path(host) + "/servers")
        return [record_from(ServerBrief, each) for each in answer["servers"]]

    def known_on(self, host: str) -> set[str]:
        """The ids of all servers that have something on the host, or may have."""
        answer = self._wire.json("GET", _host_path(host) + "/known")
        return set(answer["servers"])

    # ---- agents: moves ---------------------------------------------------------

    def admit(self, token: str) -> MoveGrant:
        """What the token of a move lets in; ``NotFound`` when nothing."""
        answer = self._wire.json("POST", "/internal/moves/admit", {"token": token})
        return record_from(MoveGrant, answer)

    def note_move(self, migration: str, figures: Mapping[str, int]) -> bool:
        """How far it is; whether it is to be completed by force."""
        answer = self._wire.json("PATCH", f"/internal/moves/{migration}", figures)
        return bool(answer["hurried"])

    # ---- agents: jobs ----------------------------------------------------------

    def claim(
        self,
        hosts: Collection[str],
        owner: str,
        *,
        limit: int,
        busy: Collection[str] = (),
    ) -> list[ClaimedJob]:
        """Take jobs of these hosts; ``busy``: subjects that ``owner`` works on now."""
        answer = self._wire.json(
            "POST",
            "/internal/jobs/claim",
            {
                "hosts": list(hosts),
                "owner": owner,
                "limit": limit,
                "busy": list(busy),
            },
        )
        return [_claimed(job) for job in answer["jobs"]]

    def renew(self, job_id: str, owner: str) -> bool:
        """Keep the lease; whether the job is to be cancelled.  ``Stale``."""
        answer = self._job(job_id, "renew", {"owner": owner})
        return bool(answer["cancelled"])

    def advance(
        self,
        job_id: str,
        owner: str,
        *,
        step: str,
        undoing: bool,
        progress: Mapping[str, Any],
    ) -> bool:
        """A step is done; whether the job is to be cancelled.  ``Stale``."""
        answer = self._job(
            job_id,
            "advance",
            {
                "owner": owner,
                "step": step,
                "undoing": undoing,
                "progress": dict(progress),
            },
        )
        return bool(answer["cancelled"])

    def finish(
        self,
        job_id: str,
        owner: str,
        *,
        error: str = "",
        details: str = "",
        elsewhere: bool = False,
    ) -> None:
        """The job is done, or has failed for good and is undone.  ``details`` are
        for operators; ``elsewhere``: another host might succeed."""
        self._job(
            job_id,
            "finish",
            {
                "owner": owner,
                "error": error,
                "details": details,
                "elsewhere": elsewhere,
            },
        )

    def retry(self, job_id: str, owner: str, *, seconds: float, error: str) -> None:
        """Give the job back, to go on later."""
        values = {"owner": owner, "seconds": seconds, "error": error}
        self._job(job_id, "retry", values)

    # ---- servers ---------------------------------------------------------------

    def server(self, server_id: str) -> Server:
        """One server; ``NotFound``."""
        answer = self._wire.json("GET", _server_path(server_id))
        return Server.from_json(answer["server"])

    def update(self, server_id: str, **observed: Any) -> Server:
        """What an agent has seen or made: ``vifs``, ``progress``, ``root_device``; the
        server then.  ``NotFound``."""
        answer = self._wire.json("PATCH", _server_path(server_id), observed)
        return Server.from_json(answer["server"])

    def set_device(self, server_id: str, device_id: str, **values: Any) -> None:
        """These values of the server's block device changed."""
        self._wire.json("PUT", _device_path(server_id, device_id), values)

    def drop_device(self, server_id: str, device_id: str) -> None:
        """The server has that block device no more."""
        self._wire.send("DELETE", _device_path(server_id, device_id)).close()

    def fates(self, server_ids: Collection[str], host: str = "") -> dict[str, str]:
        """For each of these ids that was ever a server: ``deleted``, ``moved`` (to
        another host than ``host``, where nothing of it shall be) or ``live``."""
        answer = self._wire.json(
            "POST",
            "/internal/servers/fates",
            {"servers": list(server_ids), "host": host},
        )
        return {str(key): str(value) for key, value in answer["fates"].items()}

    def servers(self) -> list[ServerBrief]:
        """Every server that is not deleted (for the doctor)."""
        answer = self._wire.json("GET", "/internal/servers")
        return [record_from(ServerBrief, each) for each in answer["servers"]]

    def stray_places(self) -> list[StrayPlace]:
        """What hosts have claimed for nobody (for the doctor)."""
        answer = self._wire.json("GET", "/internal/places/stray")
        return [record_from(StrayPlace, each) for each in answer["places"]]

    def give_back(self, place: StrayPlace) -> None:
        """Give it back, if it still is one."""
        values = {"host": place.host, "id": place.id}
        self._wire.json("POST", "/internal/places/give-back", values)

    # ---- metadata --------------------------------------------------------------

    def metadata(
        self, server_id: str, path: str, *, has_token: bool = False
    ) -> tuple[str, bytes]:
        """Content type and content that the server finds at ``path`` of its metadata
        service (``/openstack/latest/meta_data.json``); ``NotFound``.  A ``Rejected``
        with 403: it has to bring a session token, which the caller has checked."""
        query = urlencode({"path": path, **({"token": "1"} if has_token else {})})
        path = f"{_server_path(server_id)}/metadata?{query}"
        answer = self._wire.send("GET", path)
        content_type = answer.headers.get("content-type", "text/plain")
        return content_type, answer.read()

    def metadata_options(self, server_id: str) -> MetadataOptions:
        """How the server's metadata service answers it; ``NotFound``."""
        path = f"{_server_path(server_id)}/metadata-options"
        found = self._wire.json("GET", path)["options"]
        return record_from(MetadataOptions, found)

    def put_password(self, server_id: str, sealed: bytes) -> None:
        """Keep the password that the guest sealed with its user's key.
        ``Conflict`` when there is one."""
        path = f"{_server_path(server_id)}/password"
        self._wire.json("PUT", path, {"password": sealed.decode("ascii", "replace")})

    # ---- consoles --------------------------------------------------------------

    def console(self, token: str) -> ConsoleGrant:
        """What a console token opens; ``NotFound`` when it opens nothing."""
        answer = self._wire.json("POST", "/internal/consoles", {"token": token})
        return record_from(ConsoleGrant, answer)

    # ---- volumes ---------------------------------------------------------------

    def volume_extended(self, server_id: str, volume_id: str) -> None:
        """Let the server's guest see that its volume is larger now; fine when it does
        not have it (any more).  ``Conflict`` while something else is under way with
        the server."""
        event = {
            "name": "volume-extended",
            "server_uuid": server_id,
            "tag": volume_id,
        }
        body = orjson.dumps({"events": [event]})
        path = "/v2.1/os-server-external-events"
        try:
            answer = self._wire.send("POST", path, body, headers=EVENTS_VERSION)
        except NotFound:
            return
        (answered,) = answer.json()["events"]
        if answered["code"] == 422:
            raise Conflict(f"server {server_id} is busy")

    def volume_limits_changed(self, server_id: str, volume_id: str) -> None:
        """Let the server's running guest have its volume as fast as the volume's type
        says now.  ``Conflict`` when it does not run, or something else is under way
        with it; ``NotFound`` when the server does not have the volume."""
        self._wire.json("POST", _volume_path(server_id, volume_id) + "/limits", {})

    def check_volume_moves(self, server_id: str, volume_id: str) -> None:
        """``Conflict`` when the server's guest could not mirror its volume to another
        volume host now; ``NotFound`` when it does not have it."""
        path = _volume_path(server_id, volume_id) + "/move"
        self._wire.send("GET", path).close()

    def move_volume(self, server_id: str, volume_id: str, attachment_id: str) -> None:
        """Let the server's guest go over to where that attachment of its volume leads;
        once, however often it is said.  As ``check_volume_moves``."""
        path = _volume_path(server_id, volume_id) + "/move"
        self._wire.json("POST", path, {"attachment_id": attachment_id})

    # ---- inside ----------------------------------------------------------------

    def _job(self, job_id: str, verb: str, value: Mapping[str, Any]) -> Any:
        return self._wire.json("POST", f"/internal/jobs/{job_id}/{verb}", value)


def _claimed(job: Mapping[str, Any]) -> ClaimedJob:
    server = job["server"]
    whose = None if server is None else Server.from_json(server)
    return record_from(ClaimedJob, {**job, "server": whose})


def _host_path(host: str) -> str:
    return f"/internal/hosts/{quote(host, safe='')}"


def _server_path(server_id: str) -> str:
    return f"/internal/servers/{quote(server_id, safe='')}"


def _device_path(server_id: str, device_id: str) -> str:
    return f"{_server_path(server_id)}/block-devices/{quote(device_id, safe='')}"


def _volume_path(server_id: str, volume_id: str) -> str:
    return f"{_server_path(server_id)}/volumes/{quote(volume_id, safe='')}"
