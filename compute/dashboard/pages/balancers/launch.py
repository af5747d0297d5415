"""Making a simple load balancer at once, and adding members to its pools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.balancers import tls
from compute.dashboard.pages.balancers.balancers import ROOM
from compute.dashboard.pages.balancers.listener_forms import PORT_MAX, PROTOCOLS
from compute.dashboard.pages.networks.reach import subnets_of, usable
from compute.dashboard.pages.words import name_of, options, switch

# What a simple one speaks, and how its members are looked at.
MONITORS = {
    "HTTP": "HTTP",
    tls.TERMINATED_HTTPS: "HTTP",
    "HTTPS": "TLS-HELLO",
    "TCP": "TCP",
    "UDP": "UDP-CONNECT",
}
CERTIFICATE_NEEDED = (
    "HTTPS can end here only with a certificate: keep one first, under Secrets."
)


METHODS = [
    Option("ROUND_ROBIN", "In turn"),
    Option("LEAST_CONNECTIONS", "To whom has the fewest connections"),
    Option("SOURCE_IP", "By the client's address"),
]


def new_form(visit: Visit) -> Form:
    """Where it listens, and to whom it hands on."""
    rooms = visit.rooms
    found = rooms.together(
        networks=lambda: rooms.get("network", "networks"),
        subnets=lambda: rooms.get("network", "subnets"),
        servers=lambda: rooms.get("compute", "servers", "detail", limit=1000),
    )
    networks = usable(found["networks"]["networks"], visit.session.project_id)
    subnets = subnets_of(networks, found["subnets"]["subnets"])
    servers = found.get("servers", {}).get("servers", ())
    return Form(
        "Make a load balancer",
        [*_place(subnets), *_listener(visit), *_members(servers)],
        "Make it",
        "/balancers",
        "balancers",
    )


def _place(subnets: Iterable[Any]) -> list[Field]:
    address = Field(
        "subnet",
        "Its address is of the subnet",
        "select",
        options=options(subnets, "cidr"),
        is_required=True,
    )
    return [Field("name", "Name", is_required=True), address]


def _listener(visit: Visit) -> list[Field]:
    protocols = [
        Option(word, PROTOCOLS[word])
        for word in MONITORS
        if word != tls.TERMINATED_HTTPS or tls.has_secrets(visit)
    ]
    fields = [
        Field("protocol", "Protocol", "select", options=protocols, is_required=True)
    ]
    kept, _ = tls.certificates(visit)
    if kept:
        choices = [Option("", "None"), *kept]
        label = "Certificate, where HTTPS ends here"
        fields.append(Field("certificate", label, "select", options=choices))
    return [*fields, _port_field("port", "Listens on port")]


def _members(servers: Iterable[Any]) -> list[Field]:
    return [
        Field("method", "Hands on", "select", options=METHODS, is_required=True),
        Field("members", "To servers", "checks", options=_server_options(servers)),
        _port_field("member_port", "To their port"),
        switch("monitor", "Leave out servers that do not answer", is_on=True),
    ]


def _port_field(name: str, label: str) -> Field:
    return Field(
        name, label, "number", ["80"], is_required=True, least=1, most=PORT_MAX
    )


def _server_options(servers: Any) -> list[Option]:
    return [
        Option(each["addr"], name_of(server), each["addr"])
        for server in servers
        for addresses in server["addresses"].values()
        for each in addresses
        if each.get("OS-EXT-IPS:type") == "fixed"
    ]


def make(visit: Visit, values: Values) -> Redirect:
    """All of it in one order."""
    body = {"loadbalancer": order_of(values)}
    reply = visit.rooms.post(ROOM, "loadbalancers", body=body)
    path = f"/balancers/{reply['loadbalancer']['id']}"
    return Redirect(path, Notice("The load balancer is being made."))


def order_of(values: Values) -> dict[str, Any]:
    """The body of ``POST /loadbalancers``.  ``BadForm``."""
    protocol, certificate = values["protocol"], values["certificate"]
    if bool(certificate) != (protocol == tls.TERMINATED_HTTPS):
        text = f"Only of {tls.TERMINATED_HTTPS}." if certificate else CERTIFICATE_NEEDED
        raise BadForm({"certificate" if certificate else "protocol": text})
    pool: dict[str, Any] = {
        "name": f"{values['name']} pool"[:255],
        "protocol": "HTTP" if certificate else protocol,
        "lb_algorithm": values["method"],
        "members": [
            {"address": each, "protocol_port": values.number("member_port")}
            for each in values.chosen("members")
        ],
    }
    if values.flag("monitor"):
        pool["healthmonitor"] = {
            "type": MONITORS[protocol],
            "delay": 5,
            "timeout": 3,
            "max_retries": 2,
        }
    listener = {
        "name": f"{values['name']} listener"[:255],
        "protocol": protocol,
        "protocol_port": values.number("port"),
        "default_pool": pool,
    }
    if certificate:
        listener["default_tls_container_ref"] = certificate
    return {
        "name": values["name"],
        "vip_subnet_id": values["subnet"],
        "listeners": [listener],
    }


def member_form(visit: Visit) -> Form:
    """Whom."""
    return Form(
        "Add a member",
        [
            Field("name", "Name"),
            Field("address", "Address", is_required=True),
            _port_field("port", "Port"),
            Field("weight", "Weight", "number", ["1"], least=0, most=256),
        ],
        "Add",
        "/balancers",
        "balancers",
    )


def add_member(visit: Visit, values: Values) -> Redirect:
    """Hand on to it too."""
    pool = visit.rooms.get(ROOM, "pools", visit["pool"])["pool"]
    wanted = {
        "address": values["address"],
        "protocol_port": values.number("port"),
        "weight": values.number("weight") or 0,
        **values.given(name="name"),
    }
    path = ("pools", visit["pool"], "members")
    visit.rooms.post(ROOM, *path, body={"member": wanted})
    balancer = pool["loadbalancers"][0]["id"]
    return Redirect(f"/balancers/{balancer}", Notice("The member is added."))


ROUTES = [
    form("balancers/new", new_form, make),
    form("balancers/pools/{pool}/members/new", member_form, add_member),
]
