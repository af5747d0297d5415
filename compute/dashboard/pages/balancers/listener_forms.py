"""Listeners of load balancers, made and changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Group, Option, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.balancers import tls
from compute.dashboard.pages.balancers.listeners import ROOM, added_headers, find
from compute.dashboard.pages.words import lines, options, switch_of

PORT_MAX, CONNECTIONS_MAX = 65535, 1_000_000
PROTOCOLS = {
    "HTTP": "HTTP",
    tls.TERMINATED_HTTPS: "HTTPS, which ends here (TERMINATED_HTTPS)",
    "HTTPS": "HTTPS, handed on as it is",
    "TCP": "TCP",
    "UDP": "UDP",
    "PROMETHEUS": "PROMETHEUS: figures of the load balancer",
}
HEADERS = ("X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto")
CLIENT_HEADERS = (
    "X-SSL-Client-Verify",
    "X-SSL-Client-Has-Cert",
    "X-SSL-Client-DN",
    "X-SSL-Client-CN",
    "X-SSL-Issuer",
    "X-SSL-Client-SHA1",
)


def protocol_options(visit: Visit) -> list[Option]:
    """What a listener may speak here."""
    return [
        Option(word, text)
        for word, text in PROTOCOLS.items()
        if word != tls.TERMINATED_HTTPS or tls.has_secrets(visit)
    ]


def new_form(visit: Visit) -> Form:
    """Where it listens."""
    balancer = visit["id"]
    return Form(
        "Add a listener",
        [
            Field("name", "Name"),
            Field(
                "protocol", "Protocol", "select", options=protocol_options(visit),
                is_required=True,
            ),
            Field(
                "port", "Listens on port", "number", ["80"], is_required=True, least=1,
                most=PORT_MAX,
            ),
            *_fields(visit, balancer, {}),
        ],
        "Add",
        f"/balancers/{balancer}",
        "balancers",
    )  # fmt: skip


def _fields(visit: Visit, balancer: str, now: Mapping[str, Any]) -> list[Field | Group]:
    """What may be changed later, too."""
    pools = visit.rooms.get(ROOM, "pools", loadbalancer_id=balancer)["pools"]
    most = now.get("connection_limit", -1)
    names = [*HEADERS, *CLIENT_HEADERS] if tls.has_secrets(visit) else HEADERS
    return [
        Field(
            "pool", "Hands on to the pool", "select",
            [now.get("default_pool_id") or ""],
            options(pools, "protocol", "None yet"),
        ),
        Field(
            "most", "Connections at most", "number",
            [str(most)] if most >= 0 else [], least=1, most=CONNECTIONS_MAX,
        ),
        Field(
            "cidrs", "Let in only", "textarea",
            ["\n".join(now.get("allowed_cidrs") or ())], placeholder="192.0.2.0/24",
            help="One range of addresses a line; empty: everybody.",
        ),
        *tls.tls_group(visit, now),
        Group(
            "Headers that requests get",
            [
                Field(
                    "headers", "Headers", "checks", added_headers(now),
                    [Option(each, each) for each in names],
                    help="Where requests are read: HTTP and HTTPS that ends here; those"
                    " of clients' certificates only of the latter.",
                )
            ],
            is_folded=True,
        ),
    ]  # fmt: skip


def make(visit: Visit, values: Values) -> Redirect:
    """Listen."""
    listener: dict[str, Any] = {
        "loadbalancer_id": visit["id"],
        "protocol": values["protocol"],
        "protocol_port": values.number("port"),
        **values.given(name="name", default_pool_id="pool"),
        **_order(values["protocol"], values),
    }
    visit.rooms.post(ROOM, "listeners", body={"listener": listener})
    return Redirect(f"/balancers/{visit['id']}", Notice("The listener is being made."))


def _order(protocol: str, values: Values) -> dict[str, Any]:
    """What is sent of both forms.  ``BadForm``."""
    is_read = tls.is_read({"protocol": protocol})
    chosen = values.chosen("headers")
    if chosen and not is_read:
        raise BadForm({"headers": "Only where requests are read."})
    most = values.number("most")
    order: dict[str, Any] = {
        "connection_limit": -1 if most is None else most,
        "allowed_cidrs": lines(values["cidrs"]),
        **tls.tls_order(protocol, values),
    }
    if is_read:
        order["insert_headers"] = dict.fromkeys(chosen, "true")
    return order


def edit_form(visit: Visit) -> Form:
    """As it is; its protocol and port stay."""
    listener = find(visit, visit["listener"])
    balancer = listener["loadbalancers"][0]["id"]
    return Form(
        "Edit the listener",
        [
            Field("name", "Name", values=[listener["name"] or ""]),
            switch_of(listener),
            *_fields(visit, balancer, listener),
        ],
        "Save",
        f"/balancers/listeners/{visit['listener']}",
        "balancers",
        lead="Saved again it takes its certificates as the key manager has them now.",
    )


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    listener = find(visit, visit["listener"])
    change = {
        "name": values["name"],
        "admin_state_up": values.flag("up"),
        "default_pool_id": values["pool"] or None,
        **_order(listener["protocol"], values),
    }
    path = ("listeners", visit["listener"])
    visit.rooms.put(ROOM, *path, body={"listener": change})
    text = Notice("The listener is being changed.")
    return Redirect(f"/balancers/listeners/{visit['listener']}", text)


ROUTES = [
    form("balancers/{id}/listeners/new", new_form, make),
    form("balancers/listeners/{listener}/edit", edit_form, edit),
]
