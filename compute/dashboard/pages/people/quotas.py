"""What projects may use, for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame.fields import Field, Form, Group, Values
from compute.dashboard.frame.menu import VOLUME_TYPES
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit

QUOTA_MAX = 1 << 31


QUOTAS: Mapping[str, Mapping[str, str]] = {
    "compute": {
        "instances": "Servers",
        "cores": "Virtual processors",
        "ram": "Memory (MiB)",
        "key_pairs": "Key pairs of each person",
        "server_groups": "Server groups",
    },
    "volume": {
        "volumes": "Volumes",
        "gigabytes": "Space of volumes (GiB)",
        "snapshots": "Snapshots",
        "backups": "Backups",
        "backup_gigabytes": "Space of backups (GiB)",
    },
    "network": {
        "network": "Networks",
        "subnet": "Subnets",
        "port": "Ports",
        "router": "Routers",
        "floatingip": "Floating addresses",
        "security_group": "Security groups",
        "security_group_rule": "Rules of security groups",
        "trunk": "Trunks",
    },
}


_TITLES = {"compute": "Servers", "volume": "Volumes", "network": "Networks"}


def _rooms_with_quotas(visit: Visit) -> list[str]:
    services = visit.session.services
    has = {
        "compute": "compute" in services,
        "volume": bool(services.intersection(VOLUME_TYPES)),
        "network": "network" in services,
    }
    return [room for room in QUOTAS if has[room]]


def _quota_path(room: str, project_id: str) -> tuple[str, ...]:
    if room == "network":
        return ("quotas", project_id)
    return ("os-quota-sets", project_id)


def quota_form(visit: Visit) -> Form:
    """Every bound that there is."""
    rooms = _rooms_with_quotas(visit)

    def asked(room: str) -> Any:
        path = _quota_path(room, visit["id"])
        return lambda: visit.rooms.get(room, *path)

    found = visit.rooms.together(**{room: asked(room) for room in rooms})
    groups = []
    for room in rooms:
        document = found[room]
        values = document.get("quota_set") or document.get("quota") or {}
        fields = [
            Field(
                f"{room}.{name}",
                label,
                "number",
                [str(values[name])],
                is_required=True,
                least=-1,
                most=QUOTA_MAX,
            )
            for name, label in QUOTAS[room].items()
            if name in values
        ]
        groups.append(Group(_TITLES[room], fields))
    return Form(
        "Quotas",
        groups,
        "Save",
        f"/projects/{visit['id']}",
        "projects",
        lead="What the project may have at most; -1 is any amount.",
    )


def change_quotas(visit: Visit, values: Values) -> Redirect:
    """Change all of them."""
    for room in _rooms_with_quotas(visit):
        wanted = {
            name: values.number(f"{room}.{name}")
            for name in QUOTAS[room]
            if values[f"{room}.{name}"]
        }
        key = "quota" if room == "network" else "quota_set"
        visit.rooms.put(room, *_quota_path(room, visit["id"]), body={key: wanted})
    return Redirect(f"/projects/{visit['id']}", Notice("The quotas are changed."))


ROUTES = [
    form("projects/{id}/quotas", quota_form, change_quotas),
]
