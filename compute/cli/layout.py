"""Lay out a cloud on one machine: an object store, and the cloud's settings.

What ``bin/quickstart`` and the tests start is written here.  In a directory that is
laid out already only ports and what the machine can do follow the plan; secrets
and data stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from objectstore.cli.layout import DEMONSTRATION_USER, LOOPBACK, LaidOut, NodePlan
from objectstore.cli.layout import lay_out as lay_out_store
from objectstore.cli.process import ServerProcess

STORE = "store"
DEVICES = ("d1", "d2", "d3", "d4")
SERVE_CLOUD = ("compute", "serve")


@dataclass(frozen=True, slots=True)
class CloudPlan:
    """One process with everything in it, on loopback.

    ``sections``: options by section of ``cloud.conf``, beyond what the plan says
    itself; they win.
    """

    port: int
    store_port: int
    node_port: int
    roles: tuple[str, ...] = ()
    store_users: str = DEMONSTRATION_USER
    sections: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LaidOutCloud:
    """Where things are."""

    store: LaidOut
    plan: CloudPlan

    @property
    def settings_file(self) -> Path:
        """The cloud's settings."""
        return self.store.settings_directory / "cloud.conf"

    @property
    def state(self) -> Path:
        """What the cloud keeps: database, keys, secrets, guests' disks."""
        return self.store.directory / "cloud"

    @property
    def log(self) -> Path:
        """What the process prints in the background."""
        return self.store.log("cloud")

    @property
    def auth_url(self) -> str:
        """Where clients sign in."""
        return f"http://{LOOPBACK}:{self.plan.port}/identity/v3"

    @property
    def admin_password(self) -> str:
        """Of the user ``admin``; there once the cloud has started."""
        return (self.state / "admin-password").read_text("utf-8").strip()

    def environment(self) -> dict[str, str]:
        """What clients of the field read: the administrator's ``OS_`` variables."""
        return {
            "OS_AUTH_URL": self.auth_url,
            "OS_IDENTITY_API_VERSION": "3",
            "OS_USERNAME": "admin",
            "OS_PASSWORD": self.admin_password,
            "OS_PROJECT_NAME": "admin",
            "OS_USER_DOMAIN_ID": "default",
            "OS_PROJECT_DOMAIN_ID": "default",
            "OS_REGION_NAME": "RegionOne",
        }

    def server(self, *, outlives_us: bool = True) -> ServerProcess:
        """The process, not started yet."""
        return ServerProcess(
            self.settings_file,
            self.plan.port,
            self.log,
            outlives_us=outlives_us,
            command=SERVE_CLOUD,
        )


def lay_out_cloud(directory: Path, plan: CloudPlan) -> LaidOutCloud:
    """Make what is not there yet; write the settings anew."""
    nodes = [NodePlan(STORE, plan.store_port, plan.node_port, DEVICES)]
    identity = f"""
[filter:identity]
use = egg:ringstack#identity
auth_url = http://{LOOPBACK}:{plan.port}/identity
service_password_file = {directory.absolute() / "cloud" / "service-password"}
"""
    store = lay_out_store(directory, nodes, plan.store_users, identity)
    place = LaidOutCloud(store, plan)
    place.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    sections: dict[str, dict[str, str]] = {
        "cloud": {
            "public_address": f"{LOOPBACK}:{plan.port}",
            "object_store": str(store.settings_file(STORE)),
            "object_store_url": f"http://{LOOPBACK}:{plan.store_port}",
            "state": str(place.state),
        }
    }
    if plan.roles:
        sections["cloud"]["roles"] = ", ".join(plan.roles)
    for name, options in plan.sections.items():
        sections.setdefault(name, {}).update(options)
    place.settings_file.touch(mode=0o600)
    place.settings_file.write_text(_text(sections), "utf-8")
    return place


def _text(sections: Mapping[str, Mapping[str, str]]) -> str:
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())
        for name, options in sections.items()
    )
