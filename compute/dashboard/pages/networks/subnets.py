"""Making networks with a subnet, and more subnets."""

from __future__ import annotations

from compute.dashboard.frame.fields import Field, Form, Option, Values
from compute.dashboard.frame.routes import deed, form
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.words import lines, switch

_VERSIONS = [Option("4", "IPv4"), Option("6", "IPv6")]


def new_form(visit: Visit) -> Form:
    """A network with a subnet."""
    return Form(
        "Make a network",
        [Field("name", "Name", is_required=True), *_subnet_fields()],
        "Make it",
        "/networks",
        "networks",
        lead="To reach the world, connect it to a router afterwards.",
    )


def _subnet_fields() -> list[Field]:
    return [
        Field(
            "cidr",
            "Addresses of its subnet",
            placeholder="10.1.0.0/24",
            help="Left empty, there is no subnet yet.",
        ),
        Field("version", "IP version", "select", ["4"], _VERSIONS, is_required=True),
        Field("gateway", "Gateway", help="Left empty: the first address."),
        switch("dhcp", "DHCP tells servers their addresses", is_on=True),
        Field(
            "dns", "Name servers", "textarea", help="One a line; left empty: our own."
        ),
    ]


def make(visit: Visit, values: Values) -> Redirect:
    """Make both."""
    reply = visit.rooms.post(
        "network", "networks", body={"network": {"name": values["name"]}}
    )
    network_id = reply["network"]["id"]
    path = f"/networks/{network_id}"
    if values["cidr"]:
        try:
            _make_subnet(visit, network_id, values["name"], values)
        except Exception:
            # What was asked for is one thing: half of it is none.
            visit.rooms.delete("network", "networks", network_id)
            raise
    return Redirect(path, Notice("The network is there."))


def _make_subnet(visit: Visit, network_id: str, name: str, values: Values) -> None:
    wanted = {
        "network_id": network_id,
        "name": name,
        "cidr": values["cidr"],
        "ip_version": int(values["version"]),
        "enable_dhcp": values.flag("dhcp"),
        "dns_nameservers": lines(values["dns"]),
        **values.given(gateway_ip="gateway"),
    }
    visit.rooms.post("network", "subnets", body={"subnet": wanted})


def subnet_form(visit: Visit) -> Form:
    """One more subnet."""
    first, *others = _subnet_fields()
    cidr = Field("cidr", "Addresses", placeholder=first.placeholder, is_required=True)
    return Form(
        "Make a subnet",
        [Field("name", "Name"), cidr, *others],
        "Make it",
        f"/networks/{visit['id']}",
        "networks",
    )


def make_subnet(visit: Visit, values: Values) -> Redirect:
    """Make it."""
    _make_subnet(visit, visit["id"], values["name"], values)
    return Redirect(f"/networks/{visit['id']}", Notice("The subnet is there."))


def subnet_edit_form(visit: Visit) -> Form:
    """What may be changed of a subnet."""
    subnet = visit.rooms.get("network", "subnets", visit["id"])["subnet"]
    return Form(
        "Edit the subnet",
        [
            Field("name", "Name", values=[subnet["name"]]),
            Field("gateway", "Gateway", values=[subnet["gateway_ip"] or ""]),
            switch(
                "dhcp",
                "DHCP tells servers their addresses",
                is_on=subnet["enable_dhcp"],
            ),
            Field(
                "dns",
                "Name servers",
                "textarea",
                ["\n".join(subnet["dns_nameservers"])],
                help="One a line; left empty: our own.",
            ),
        ],
        "Save",
        f"/networks/{subnet['network_id']}",
        "networks",
    )


def subnet_edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    change = {
        "name": values["name"],
        "gateway_ip": values["gateway"] or None,
        "enable_dhcp": values.flag("dhcp"),
        "dns_nameservers": lines(values["dns"]),
    }
    path = ("subnets", visit["id"])
    reply = visit.rooms.put("network", *path, body={"subnet": change})
    return Redirect(f"/networks/{reply['subnet']['network_id']}", Notice("Saved."))


def delete_subnet(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("network", "subnets", visit["id"])
    return visit.done("/networks", "The subnet is deleted.")


ROUTES = [
    form("networks/new", new_form, make),
    form("networks/{id}/subnets/new", subnet_form, make_subnet),
    form("subnets/{id}/edit", subnet_edit_form, subnet_edit),
    deed("subnets/{id}/delete", delete_subnet, "Delete this subnet?"),
]
