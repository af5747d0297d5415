"""QoS policies: how fast ports may be, and how their packets are marked.  Everybody
sees those that are shared; administrators make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.dashboard.frame.fields import Field, Form, Option, Values
from compute.dashboard.frame.formats import counted
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Cell,
    Empty,
    Facts,
    Link,
    Page,
    Row,
    Table,
    Text,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.words import (
    link_to,
    name_of,
    new_action,
    options,
    plain,
    switch,
    yes,
)
from compute.dashboard.rooms import Rooms

MAKE = new_action("Make a policy", "/qos/new")
PLACE = ("qos", "policies")
KBPS_MAX = 2**31 - 1
LIMIT, MARK = "bandwidth_limit", "dscp_marking"
PACKETS = "packet_rate_limit"
# Out and in are as the server sees them.
_WAYS = {"egress": "out of it", "ingress": "into it"}
_MARKS = {
    8: "CS1: lower than others", 10: "AF11", 18: "AF21", 26: "AF31", 34: "AF41",
    46: "EF: before others", 48: "CS6",
}  # fmt: skip


def policies_of(rooms: Rooms) -> list[dict[str, Any]]:
    """Those that one may use."""
    found: list[dict[str, Any]] = rooms.get("network", *PLACE)["policies"]
    return found


def field_of(policies: Sequence[Mapping[str, Any]], now: str | None) -> Field:
    """Which policy a network or a port has; that of now is offered in any case."""
    offered = options(policies, blank="None")
    if now and now not in {each.value for each in offered}:
        offered.append(Option(now, now))
    help_ = "How fast it may be."
    return Field("qos", "QoS policy", "select", [now or ""], offered, help=help_)


def speed(kbps: int) -> str:
    """``12.5 Mbit/s``.  Pure."""
    for unit, factor in (("Gbit/s", 1_000_000), ("Mbit/s", 1000)):
        if kbps >= factor:
            return f"{kbps / factor:g} {unit}"
    return f"{kbps} kbit/s"


def rule_text(rule: Mapping[str, Any]) -> str:
    """What a rule says.  Pure."""
    if rule["type"] == MARK:
        return f"packets out of it are marked {rule['dscp_mark']}"
    if rule["type"] == PACKETS:
        rate = counted(rule["max_kpps"] * 1000, "packet")
        text = f"{_WAYS[rule['direction']]} at most {rate} a second"
        at_once = rule["max_burst_kpps"] * 1000
        return f"{text}, {counted(at_once, 'packet')} at once" if at_once else text
    burst = rule.get("max_burst_kbps")
    text = f"{_WAYS[rule['direction']]} at most {speed(rule['max_kbps'])}"
    return f"{text}, {burst} kbit at once" if burst else text


def show_all(visit: Visit) -> Page:
    """The list."""
    may = visit.session.is_admin
    rows = [
        Row(
            [
                link_to(each, f"/qos/{each['id']}"),
                Text(
                    "; ".join(rule_text(rule) for rule in each["rules"]) or "no rules"
                ),
                yes(each["shared"]),
                yes(each.get("is_default")),
            ],
            _actions(each) if may else (),
        )
        for each in policies_of(visit.rooms)
    ]
    text = "No policies. One says how fast ports may be, and how packets are marked"
    empty = Empty(
        f"{text}." if may else f"{text}; administrators make them.",
        MAKE if may else None,
    )
    columns = ["Name", "What it says", "Shared", "Of new networks"]
    table = Table("qos", columns, rows, empty, is_filterable=True)
    return Page("QoS policies", "qos", [table], [MAKE] if may else ())


def _actions(policy: Mapping[str, Any]) -> list[Action]:
    path = f"/qos/{policy['id']}"
    question = f"Delete the policy {name_of(policy)}?"
    return [
        Action("Add a rule", f"{path}/rules/new", is_form=True),
        Action("Delete", f"{path}/delete", question, look="danger"),
    ]


def show_one(visit: Visit) -> Page:
    """One with its rules."""
    may = visit.session.is_admin
    policy = visit.rooms.get("network", *PLACE, visit["id"])["policy"]
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(policy["id"], "copy")),
        ("Description", plain(policy.get("description"))),
        ("Shared with all projects", yes(policy["shared"])),
        ("Of new networks", yes(policy.get("is_default"))),
    ]
    path = f"/qos/{policy['id']}/rules"
    rows = [
        Row(
            [Text(rule_text(each))],
            [
                Action(
                    "Delete",
                    f"{path}/{each['type']}/{each['id']}/delete",
                    "Delete this rule?",
                )
            ]
            if may
            else (),
        )
        for each in policy["rules"]
    ]
    empty = Empty("No rules: the policy changes nothing yet.")
    return Page(
        name_of(policy),
        "qos",
        [
            Facts("facts", facts, "About"),
            Table("rules", ["What it says"], rows, empty, "Rules"),
        ],
        _actions(policy) if may else (),
        trail=[Link("QoS policies", "/qos")],
    )


def new_form(visit: Visit) -> Form:
    """Its name, and the limits that most have."""
    return Form(
        "Make a QoS policy",
        [
            Field("name", "Name", is_required=True),
            _kbps("egress", "Out of a server at most (kbit/s)"),
            _kbps("ingress", "Into a server at most (kbit/s)"),
            switch("shared", "For all projects", is_on=True),
            switch("default", "Networks of this project have it from now on"),
            Field("description", "Description"),
        ],
        "Make it",
        "/qos",
        "qos",
    )  # fmt: skip


def _kbps(name: str, label: str, *, is_required: bool = False) -> Field:
    return Field(name, label, "number", is_required=is_required, least=1, most=KBPS_MAX)


def make(visit: Visit, values: Values) -> Redirect:
    """Make it, then its limits."""
    policy = {
        "name": values["name"],
        "description": values["description"],
        "shared": values.flag("shared"),
        "is_default": values.flag("default"),
    }
    made = visit.rooms.post("network", *PLACE, body={"policy": policy})["policy"]
    for way in _WAYS:
        if (kbps := values.number(way)) is not None:
            rule = {"max_kbps": kbps, "direction": way}
            _add(visit, made["id"], LIMIT, rule)
    return Redirect(f"/qos/{made['id']}", Notice("The policy is there."))


def _add(visit: Visit, policy_id: str, kind: str, rule: Mapping[str, Any]) -> None:
    path = (*PLACE, policy_id, f"{kind}_rules")
    visit.rooms.post("network", *path, body={f"{kind}_rule": rule})


def rule_form(visit: Visit) -> Form:
    """A limit, or a mark."""
    ways = [Option(way, f"Limit what goes {text}") for way, text in _WAYS.items()]
    return Form(
        "Add a rule",
        [
            Field("what", "What it does", "select",
                  options=[*ways, Option(MARK, "Mark packets")], is_required=True),
            _kbps("kbps", "At most (kbit/s)"),
            Field("burst", "More at once (kbit)", "number", least=0, most=KBPS_MAX),
            Field("mark", "Mark (DSCP)", "select",
                  options=[Option(str(mark), f"{mark} {text}")
                           for mark, text in _MARKS.items()]),
        ],
        "Add",
        f"/qos/{visit['id']}",
        "qos",
    )  # fmt: skip


def add_rule(visit: Visit, values: Values) -> Redirect:
    """Add it."""
    if values["what"] == MARK:
        _add(visit, visit["id"], MARK, {"dscp_mark": values.number("mark")})
    else:
        rule = {
            "max_kbps": values.number("kbps") or 0,
            "max_burst_kbps": values.number("burst") or 0,
            "direction": values["what"],
        }
        _add(visit, visit["id"], LIMIT, rule)
    return Redirect(f"/qos/{visit['id']}", Notice("The rule is added."))


def delete_rule(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    path = (*PLACE, visit["id"], f"{visit['kind']}_rules", visit["rule"])
    visit.rooms.delete("network", *path)
    return Redirect(f"/qos/{visit['id']}", Notice("The rule is deleted."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("network", *PLACE, visit["id"])
    return Redirect("/qos", Notice("The policy is deleted."))


ROUTES = [
    page("qos", show_all),
    form("qos/new", new_form, make),
    page("qos/{id}", show_one),
    form("qos/{id}/rules/new", rule_form, add_rule),
    deed("qos/{id}/rules/{kind}/{rule}/delete", delete_rule, "Delete this rule?"),
    deed("qos/{id}/delete", delete, "Delete this policy?"),
]
