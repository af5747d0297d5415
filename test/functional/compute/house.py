"""A whole cloud with simulated hosts, and the clients that users would take.

cloud.openstack("server", "list")            -> parsed JSON
cloud.sdk()                                  -> an openstacksdk connection
cloud.http("GET", "/compute/v2.1/servers")   -> status, headers, parsed body
"""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack
from openstack.connection import Connection

from compute.cli.layout import CloudPlan, LaidOutCloud, lay_out_cloud
from test.functional.compute.openstack_command import openstack_command
from test.functional.harness.ports import free_ports
from test.functional.harness.tools import Ended

OPENSTACK = Path(sys.executable).parent / "openstack"
SIMULATED = ("identity", "image", "network", "volume", "compute", "agent")
TIMEOUT_SECONDS = 60.0
Sections = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class RunningCloud:
    """A cloud that serves; ``user`` variables are the administrator's unless given."""

    place: LaidOutCloud

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.place.plan.port}"

    @property
    def store_url(self) -> str:
        return f"http://127.0.0.1:{self.place.plan.store_port}"

    def environment(self, **changes: str) -> dict[str, str]:
        """The ``OS_`` variables, with some of them changed (``username="ann"``)."""
        given = {f"OS_{name.upper()}": value for name, value in changes.items()}
        return {**self.place.environment(), **given}

    def openstack(
        self,
        *arguments: str,
        as_user: Mapping[str, str] | None = None,
        expected: int | None = 0,
    ) -> Any:
        """The unmodified client; its JSON when the command prints any."""
        ended = self.run_openstack(*arguments, as_user=as_user, expected=expected)
        text = ended.text.strip()
        return json.loads(text) if text.startswith(("{", "[")) else text

    def run_openstack(
        self,
        *arguments: str,
        as_user: Mapping[str, str] | None = None,
        expected: int | None = 0,
    ) -> Ended:
        """The same with everything that it printed."""
        formatted = list(arguments)
        if expected == 0 and prints_a_table(arguments):
            formatted += ["-f", "json"]
        environment = as_user or self.environment()
        return openstack_command(formatted, environment, expected=expected)

    def sdk(self, **changes: str) -> Connection:
        """An SDK connection; ``changes`` as in ``environment``."""
        values = self.environment(**changes)
        return openstack.connect(
            **{
                name.removeprefix("OS_").lower(): value
                for name, value in values.items()
                if name != "OS_IDENTITY_API_VERSION"
            },
            load_yaml_config=False,
            load_envvars=False,
        )

    def token(self, **changes: str) -> str:
        """A token of the administrator, or of somebody else."""
        return str(self.sdk(**changes).auth_token)

    def http(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """A bare request, for what no client would send."""
        sent = dict(headers or {})
        if token:
            sent["X-Auth-Token"] = token
        raw = body
        if body is not None and not isinstance(body, bytes):
            raw = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.place.plan.port, timeout=TIMEOUT_SECONDS
        )
        try:
            connection.request(method, path, raw, sent)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in answer.getheaders()}
        if found.get("content-type", "").startswith("application/json") and data:
            return Reply(answer.status, found, json.loads(data))
        return Reply(answer.status, found, data)


def prints_a_table(arguments: tuple[str, ...]) -> bool:
    """Whether the command can print JSON."""
    silent = {"delete", "set", "unset", "add", "remove", "save", "-f"}
    verbs = {"list", "show", "create", "issue", "upload"}
    words = set(arguments)
    return bool(words & verbs) and not words & (silent - {"set", "add"})


def laid_out(
    directory: Path,
    sections: Sections | None = None,
    *,
    roles: tuple[str, ...] = SIMULATED,
) -> LaidOutCloud:
    """A cloud's settings in that directory; nothing runs yet."""
    port, store_port, node_port = free_ports(3)
    given = {
        "agent": {"hypervisor": "sim"},
        "volume": {"ends_with_us": "yes"},
        **(sections or {}),
    }
    plan = CloudPlan(port, store_port, node_port, roles=roles, sections=given)
    return lay_out_cloud(directory, plan)


@contextmanager
def running_cloud(
    directory: Path,
    sections: Sections | None = None,
    *,
    roles: tuple[str, ...] = SIMULATED,
) -> Iterator[RunningCloud]:
    """A cloud in that directory, served by a process of its own."""
    place = laid_out(directory, sections, roles=roles)
    with place.server(outlives_us=False).running():
        yield RunningCloud(place)
