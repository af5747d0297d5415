"""Launching a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.dashboard.frame.fields import Field, Form, Group, Option, Values
from compute.dashboard.frame.menu import VOLUME_TYPES
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.server_order import order_of
from compute.dashboard.pages.words import options

SERVERS_MAX = 100


def launch_form(visit: Visit) -> Form:
    """What it starts from, how large it is, and what it is wired to."""
    rooms = visit.rooms
    asked = {
        "images": lambda: rooms.get("image", "images", status="active", limit=1000),
        "flavors": lambda: rooms.get("compute", "flavors", "detail", limit=1000),
        "keys": lambda: rooms.get("compute", "os-keypairs"),
        "networks": lambda: rooms.get("network", "networks"),
        "groups": lambda: rooms.get(
            "network", "security-groups", project_id=visit.session.project_id
        ),
        "zones": lambda: rooms.get("compute", "os-availability-zone"),
        "server_groups": lambda: rooms.get("compute", "os-server-groups", limit=1000),
    }
    if visit.session.services.intersection(VOLUME_TYPES):
        asked["volumes"] = lambda: rooms.get("volume", "volumes", "detail")
    found = rooms.together(**asked)
    images = found.get("images", {}).get("images", ())
    volumes = [
        each
        for each in found.get("volumes", {}).get("volumes", ())
        if each["status"] == "available" and each.get("bootable") == "true"
    ]
    keys = [each["keypair"] for each in found.get("keys", {}).get("keypairs", ())]
    networks = [
        each
        for each in found.get("networks", {}).get("networks", ())
        if each["subnets"] and not each["router:external"]
    ]
    groups = found.get("groups", {}).get("security_groups", ())
    zones = found.get("zones", {}).get("availabilityZoneInfo", ())
    server_groups = found.get("server_groups", {}).get("server_groups", ())
    flavors = _flavor_options(found["flavors"]["flavors"])
    # The only image there is will be the one.
    only = [str(images[0]["id"])] if len(images) == 1 else []
    visit.problems += found.problems
    return Form(
        "Launch a server",
        [
            Field("name", "Name", is_required=True),
            Group(
                "What it starts from",
                [
                    Field(
                        "image",
                        "Image",
                        "select",
                        [visit.query("image")] if visit.query("image") else only,
                        options(images, blank="No image"),
                    ),
                    Field(
                        "volume",
                        "Or a bootable volume",
                        "select",
                        [visit.query("volume")],
                        options(volumes, blank="No volume"),
                    ),
                    Field(
                        "new_volume",
                        "On a new volume of (GiB)",
                        "number",
                        least=1,
                        most=1 << 20,
                        help="Left empty, the image's disk is part of the server.",
                    ),
                    Field(
                        "volume_ends",
                        "Delete the volume with the server",
                        "checkbox",
                    ),
                ],
            ),
            Group(
                "How large it is",
                [
                    Field(
                        "flavor", "Flavor", "select", options=flavors, is_required=True
                    ),
                    Field(
                        "count",
                        "How many servers",
                        "number",
                        ["1"],
                        is_required=True,
                        least=1,
                        most=SERVERS_MAX,
                    ),
                ],
            ),
            Group(
                "How it is reached",
                [
                    Field(
                        "networks",
                        "Networks",
                        "checks",
                        options=options(networks),
                        help="None checked: the cloud chooses, and makes one if need"
                        " be.",
                    ),
                    Field(
                        "groups",
                        "Security groups",
                        "checks",
                        ["default"],
                        [Option(each["name"], each["name"]) for each in groups],
                        help="Which connections are let in and out.",
                    ),
                    Field(
                        "key",
                        "Key pair",
                        "select",
                        options=[
                            Option("", "No key"),
                            *(Option(each["name"], each["name"]) for each in keys),
                        ],
                        help="With its secret half you log in by SSH.",
                    ),
                ],
            ),
            Group(
                "Where it runs",
                [
                    Field(
                        "zone",
                        "Availability zone",
                        "select",
                        options=[Option("", "Any"), *_zone_options(zones)],
                    ),
                    Field(
                        "server_group",
                        "Server group",
                        "select",
                        options=options(server_groups, "policy", "None"),
                        help="Keeps its servers on different hosts, or on one.",
                    ),
                    Field(
                        "different_host",
                        "Not on the host of these servers",
                        placeholder="ID, ID",
                        help="IDs with commas between them.",
                    ),
                    Field(
                        "same_host",
                        "On the host of one of these",
                        placeholder="ID, ID",
                    ),
                ],
                is_folded=True,
            ),
            Group(
                "What it is told",
                [
                    Field(
                        "user_data",
                        "User data",
                        "textarea",
                        is_mono=True,
                        placeholder="#cloud-config",
                        help="A script, or cloud-config, that the server runs at its"
                        " first start.",
                    ),
                    Field("user_data_file", "Or from a file", "file"),
                    Field(
                        "metadata",
                        "Metadata",
                        "textarea",
                        help="One name=value a line.",
                    ),
                    Field(
                        "tags",
                        "Tags",
                        placeholder="web, production",
                        help="With commas between them.",
                    ),
                    Field("description", "Description"),
                    Field("config_drive", "With a config drive", "checkbox"),
                ],
                is_folded=True,
            ),
        ],
        "Launch",
        "/servers",
        "servers",
    )


def _flavor_options(flavors: Sequence[Mapping[str, Any]]) -> list[Option]:
    found = sorted(flavors, key=lambda each: (each["ram"], each["vcpus"], each["disk"]))
    return [
        Option(
            each["id"],
            each["name"],
            f"{each['vcpus']} VCPU, {each['ram']} MiB, {each['disk']} GiB disk",
        )
        for each in found
    ]


def _zone_options(zones: Sequence[Mapping[str, Any]]) -> list[Option]:
    return [
        Option(each["zoneName"], each["zoneName"])
        for each in zones
        if each["zoneState"]["available"]
    ]


def launch(visit: Visit, values: Values) -> Redirect:
    """Order it."""
    reply = visit.rooms.post("compute", "servers", body=order_of(values))
    made = reply.get("server", {}).get("id", "")
    count = values.number("count") or 1
    path = f"/servers/{made}" if count == 1 and made else "/servers"
    text = "The server is being built."
    return Redirect(path, Notice(text if count == 1 else f"{count} servers are built."))


ROUTES = [form("servers/new", launch_form, launch)]
