"""The form by which servers are launched: what it asks, and what there is to choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.dashboard.frame.fields import Field, Form, Group, Option
from compute.dashboard.frame.menu import VOLUME_TYPES
from compute.dashboard.frame.visit import Visit
from compute.dashboard.pages.networks.reach import inner
from compute.dashboard.pages.words import options, switch
from compute.dashboard.rooms import Answers

SERVERS_MAX = 100

Things = Sequence[Mapping[str, Any]]


def launch_form(visit: Visit) -> Form:
    """What it starts from, how large it is, and what it is wired to."""
    found = _found(visit)
    return Form(
        "Launch a server",
        [
            Field("name", "Name", is_required=True),
            _start(
                visit,
                found.get("images", {}).get("images", ()),
                found.get("volumes", {}).get("volumes", ()),
            ),
            _size(found["flavors"]["flavors"]),
            _reach(
                inner(
                    found.get("networks", {}).get("networks", ()),
                    visit.session.project_id,
                ),
                found.get("groups", {}).get("security_groups", ()),
                found.get("keys", {}).get("keypairs", ()),
            ),
            _place(
                found.get("zones", {}).get("availabilityZoneInfo", ()),
                found.get("server_groups", {}).get("server_groups", ()),
            ),
            _told(),
        ],
        "Launch",
        "/servers",
        "servers",
    )


def _found(visit: Visit) -> Answers:
    """What the rooms have, by name; one that is away is a problem of the page's."""
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
    visit.problems += found.problems
    return found


def _start(visit: Visit, images: Things, volumes: Things) -> Group:
    bootable = [
        each
        for each in volumes
        if each["status"] == "available" and each.get("bootable") == "true"
    ]
    # The only image there is will be the one.
    only = [str(images[0]["id"])] if len(images) == 1 else []
    return Group(
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
                options(bootable, blank="No volume"),
            ),
            Field(
                "new_volume",
                "On a new volume of (GiB)",
                "number",
                least=1,
                most=1 << 20,
                help="Left empty, the image's disk is part of the server.",
            ),
            switch("volume_ends", "Delete the volume with the server"),
        ],
    )


def _size(flavors: Things) -> Group:
    by_size = sorted(
        flavors, key=lambda each: (each["ram"], each["vcpus"], each["disk"])
    )
    choice = [
        Option(
            each["id"],
            each["name"],
            f"{each['vcpus']} VCPU, {each['ram']} MiB, {each['disk']} GiB disk",
        )
        for each in by_size
    ]
    return Group(
        "How large it is",
        [
            Field("flavor", "Flavor", "select", options=choice, is_required=True),
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
    )


def _reach(networks: Things, groups: Things, keys: Things) -> Group:
    wired = [each for each in networks if each["subnets"]]
    names = [str(each["keypair"]["name"]) for each in keys]
    return Group(
        "How it is reached",
        [
            Field(
                "networks",
                "Networks",
                "checks",
                options=options(wired),
                help="None checked: the cloud chooses, and makes one if need be.",
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
                options=[Option("", "No key"), *(Option(name, name) for name in names)],
                help="With its secret half you log in by SSH.",
            ),
        ],
    )


def _place(zones: Things, server_groups: Things) -> Group:
    names = [each["zoneName"] for each in zones if each["zoneState"]["available"]]
    return Group(
        "Where it runs",
        [
            Field(
                "zone",
                "Availability zone",
                "select",
                options=[Option("", "Any"), *(Option(name, name) for name in names)],
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
            Field("same_host", "On the host of one of these", placeholder="ID, ID"),
        ],
        is_folded=True,
    )


def _told() -> Group:
    return Group(
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
            Field("metadata", "Metadata", "textarea", help="One name=value a line."),
            Field(
                "tags",
                "Tags",
                placeholder="web, production",
                help="With commas between them.",
            ),
            Field("description", "Description"),
            switch("config_drive", "With a config drive"),
        ],
        is_folded=True,
    )
