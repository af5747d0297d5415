"""What belongs to a server: its volumes and ports; to attach and to detach them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import BadForm, Field, Form, Values
from compute.dashboard.frame.routes import deed, form
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Empty,
    Link,
    Many,
    Row,
    Table,
    Text,
    status,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.networks.reach import inner
from compute.dashboard.pages.volumes.volumes import is_free
from compute.dashboard.pages.words import link_to, name_of, options
from compute.dashboard.rooms import Answers

GIB = 1 << 30


def parts_of(server: Mapping[str, Any], found: Answers) -> list[Table]:
    """The tables of its page."""
    return [_volumes(server, found), _ports(server, found)]


def _volumes(server: Mapping[str, Any], found: Answers) -> Table:
    path = f"/servers/{server['id']}"
    volumes = {each["id"]: each for each in found.get("volumes", {}).get("volumes", ())}
    rows = []
    for attached in server.get("os-extended-volumes:volumes_attached", ()):
        volume = volumes.get(attached["id"], {"id": attached["id"]})
        places = [
            each["device"]
            for each in volume.get("attachments", ())
            if each["server_id"] == server["id"]
        ]
        question = f"Detach {name_of(volume)} from {server['name']}?"
        rows.append(
            Row(
                [
                    link_to(volume, f"/volumes/{volume['id']}"),
                    Text(formats.size((volume.get("size") or 0) * GIB)),
                    Text(", ".join(filter(None, places)), "mono"),
                    status(volume.get("status", "in-use")),
                ],
                [Action("Detach", f"{path}/volumes/{volume['id']}/detach", question)],
                volume.get("status") in ("attaching", "detaching"),
            )
        )
    attach = Action("Attach a volume", f"{path}/volumes/attach", is_form=True)
    empty = Empty("No volumes: what must outlive the server belongs on one.")
    columns = ["Volume", "Size", "Device", "State"]
    return Table("volumes", columns, rows, empty, "Volumes", [attach])


def _ports(server: Mapping[str, Any], found: Answers) -> Table:
    path = f"/servers/{server['id']}"
    networks = {
        each["id"]: each for each in found.get("networks", {}).get("networks", ())
    }
    floating = {
        each["port_id"]: each
        for each in found.get("addresses", {}).get("floatingips", ())
        if each.get("port_id")
    }
    rows = []
    for port in found.get("ports", {}).get("ports", ()):
        network = networks.get(port["network_id"], {"id": port["network_id"]})
        outer = floating.get(port["id"])
        shown = [Text(each["ip_address"], "mono") for each in port["fixed_ips"]]
        if outer:
            shown.append(Text(f"{outer['floating_ip_address']} (floating)", "mono"))
        question = f"Take this port away from {server['name']}?"
        actions = [
            Action("Security groups\u2026", f"/ports/{port['id']}/edit", is_form=True),
            Action("Detach", f"{path}/ports/{port['id']}/detach", question),
        ]
        if outer:
            away = f"/addresses/{outer['id']}/release"
            actions.insert(0, Action("Release the floating address", away))
        else:
            give = f"/addresses/give/{port['id']}"
            actions.insert(0, Action("Floating address\u2026", give, is_form=True))
        rows.append(
            Row(
                [
                    Link(name_of(port), f"/ports/{port['id']}"),
                    link_to(network, f"/networks/{network['id']}"),
                    Many(shown),
                    Text(port["mac_address"], "mono"),
                    status(port["status"])
                    if port["status"] != "DOWN"
                    else Badge("DOWN", "idle"),
                ],
                actions,
            )
        )
    attach = Action("Attach a network", f"{path}/ports/attach", is_form=True)
    columns = ["Port", "Network", "Addresses", "MAC", "State"]
    empty = Empty("No ports: nothing reaches this server.")
    return Table("ports", columns, rows, empty, "Ports", [attach])


def volume_form(visit: Visit) -> Form:
    """Which volume."""
    found = [
        visit.rooms.get("volume", "volumes", "detail", status=word)
        for word in ("available", "in-use")
    ]
    free = [
        {**each, "note": f"{each['size']} GiB"}
        for answer in found
        for each in answer["volumes"]
        if is_free(each)
        and visit["id"] not in {it["server_id"] for it in each["attachments"]}
    ]
    help_ = "" if free else "There is no free volume: make one under Volumes."
    return Form(
        "Attach a volume",
        [
            Field(
                "volume",
                "Volume",
                "select",
                options=options(free, "note", "Choose a volume"),
                is_required=True,
                help=help_,
            )
        ],
        "Attach",
        f"/servers/{visit['id']}",
        "servers",
    )


def attach_volume(visit: Visit, values: Values) -> Redirect:
    """Plug it in."""
    body = {"volumeAttachment": {"volumeId": values["volume"]}}
    path = ("servers", visit["id"], "os-volume_attachments")
    visit.rooms.post("compute", *path, body=body)
    return Redirect(f"/servers/{visit['id']}", Notice("The volume is being attached."))


def detach_volume(visit: Visit, values: Values) -> Redirect:
    """Pull it out."""
    path = ("servers", visit["id"], "os-volume_attachments", visit["volume"])
    visit.rooms.delete("compute", *path)
    return visit.done(f"/servers/{visit['id']}", "The volume is being detached.")


def port_form(visit: Visit) -> Form:
    """Which network, or which port that is there already."""
    found = visit.rooms.together(
        networks=lambda: visit.rooms.get("network", "networks"),
        ports=lambda: visit.rooms.get("network", "ports", device_id=""),
    )
    networks = inner(found["networks"]["networks"], visit.session.project_id)
    free = [each for each in found["ports"]["ports"] if not each.get("device_id")]
    return Form(
        "Attach a network",
        [
            Field(
                "network",
                "Network",
                "select",
                options=options(
                    (each for each in networks if each["subnets"]),
                    blank="Choose a network",
                ),
                help="A new port of it is made.",
            ),
            Field(
                "port",
                "Or a port that you have made",
                "select",
                options=options(free, blank="None"),
            ),
        ],
        "Attach",
        f"/servers/{visit['id']}",
        "servers",
    )


def attach_port(visit: Visit, values: Values) -> Redirect:
    """Plug it in."""
    if bool(values["network"]) == bool(values["port"]):
        raise BadForm({"": "Choose a network or a port, not both."})
    wanted = values.given(net_id="network", port_id="port")
    path = ("servers", visit["id"], "os-interface")
    visit.rooms.post("compute", *path, body={"interfaceAttachment": wanted})
    return Redirect(f"/servers/{visit['id']}", Notice("The port is attached."))


def detach_port(visit: Visit, values: Values) -> Redirect:
    """Pull it out."""
    path = ("servers", visit["id"], "os-interface", visit["port"])
    visit.rooms.delete("compute", *path)
    return visit.done(f"/servers/{visit['id']}", "The port is being detached.")


ROUTES = [
    form("servers/{id}/volumes/attach", volume_form, attach_volume),
    deed(
        "servers/{id}/volumes/{volume}/detach",
        detach_volume,
        "Detach the volume from this server?",
    ),
    form("servers/{id}/ports/attach", port_form, attach_port),
    deed(
        "servers/{id}/ports/{port}/detach",
        detach_port,
        "Take the port away from this server?",
    ),
]
