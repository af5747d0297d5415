"""Security groups and their rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
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

MAKE = new_action("Make a group", "/groups/new")
TRAIL = (Link("Security groups", "/groups"),)
PORT_MAX = 65535
_PROTOCOLS = ["tcp", "udp", "icmp", "ipv6-icmp", "sctp", "ah", "esp", "gre"]


def show_all(visit: Visit) -> Page:
    """The project's."""
    groups = visit.rooms.get(
        "network", "security-groups", project_id=visit.session.project_id
    )["security_groups"]
    rows = []
    for each in groups:
        path = f"/groups/{each['id']}"
        actions = [Action("Edit\u2026", f"{path}/edit", is_form=True)]
        if each["name"] != "default":
            question = f"Delete the group {each['name']}?"
            actions.append(Action("Delete", f"{path}/delete", question, look="danger"))
        count = len(each.get("security_group_rules", ()))
        rows.append(
            Row(
                [
                    link_to(each, path),
                    Text(each["description"], "faint"),
                    Text(formats.counted(count, "rule")),
                ],
                actions,
            )
        )
    empty = Empty("No groups yet.", MAKE)
    columns = ["Name", "Description", "Rules"]
    table = Table("groups", columns, rows, empty, is_filterable=True)
    lead = "A group says which connections are let to and from the servers in it."
    return Page("Security groups", "groups", [table], [MAKE], lead=lead)


def show_one(visit: Visit) -> Page:
    """One group and its rules."""
    found = visit.rooms.together(
        group=lambda: visit.rooms.get("network", "security-groups", visit["id"]),
        groups=lambda: visit.rooms.get("network", "security-groups"),
    )
    group = found["group"]["security_group"]
    names = {
        each["id"]: name_of(each)
        for each in found.get("groups", {}).get("security_groups", ())
    }
    path = f"/groups/{group['id']}"
    rules = sorted(
        group["security_group_rules"],
        key=lambda each: (each["direction"], each["port_range_min"] or 0, each["id"]),
    )
    add = Action("Add a rule", f"{path}/rules/new", is_form=True, look="primary")
    columns = ["Lets", "Protocol", "Ports", "From or to", "Description"]
    table = Table(
        "rules",
        columns,
        [_rule_row(each, names) for each in rules],
        Empty("No rules: nothing is let in or out."),
        "Rules",
        [add],
    )
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(group["id"], "copy")),
        ("Description", plain(group["description"])),
        ("Stateful", yes(group.get("stateful", True))),
    ]
    return Page(
        name_of(group),
        "groups",
        [Facts("facts", facts, "About"), table],
        [Action("Edit\u2026", f"{path}/edit", is_form=True)],
        trail=TRAIL,
    )


def _rule_row(rule: Mapping[str, Any], names: Mapping[str, str]) -> Row:
    way = "in" if rule["direction"] == "ingress" else "out"
    remote: Cell = Text("anywhere")
    if rule.get("remote_group_id"):
        other = rule["remote_group_id"]
        remote = Link(f"group {names.get(other, other)}", f"/groups/{other}")
    elif rule.get("remote_ip_prefix"):
        remote = Text(rule["remote_ip_prefix"], "mono")
    delete = Action("Delete", f"/rules/{rule['id']}/delete", "Delete this rule?")
    return Row(
        [
            Text(f"{way}, {rule['ethertype']}"),
            Text(rule["protocol"] or "any"),
            Text(ports_of(rule)),
            remote,
            Text(rule.get("description") or "", "faint"),
        ],
        [delete],
    )


def ports_of(rule: Mapping[str, Any]) -> str:
    """The ports of a rule; of ICMP its type and code."""
    least, most = rule["port_range_min"], rule["port_range_max"]
    if "icmp" in (rule["protocol"] or ""):
        if least is None:
            return "any type"
        return f"type {least}" + ("" if most is None else f", code {most}")
    if least is None:
        return "any"
    return str(least) if least == most else f"{least} to {most}"


def _group_form(title: str, submit: str, cancel: str, group: Mapping[str, Any]) -> Form:
    return Form(
        title,
        [
            Field("name", "Name", values=[group.get("name", "")], is_required=True),
            Field("description", "Description", values=[group.get("description", "")]),
            switch(
                "stateful",
                "Answers to what is let through are let through, too",
                is_on=group.get("stateful", True),
                help="Stateful. Without it rules are needed for both ways, and nothing"
                " is kept of connections.",
            ),
        ],
        submit,
        cancel,
        "groups",
    )


def _wanted(values: Values) -> dict[str, Any]:
    return {
        "name": values["name"],
        "description": values["description"],
        "stateful": values.flag("stateful"),
    }


def new_form(visit: Visit) -> Form:
    """Its name."""
    return _group_form("Make a security group", "Make it", "/groups", {})


def make(visit: Visit, values: Values) -> Redirect:
    """Make it."""
    body = {"security_group": _wanted(values)}
    reply = visit.rooms.post("network", "security-groups", body=body)
    path = f"/groups/{reply['security_group']['id']}"
    return Redirect(path, Notice("The group is there: add rules to it."))


def edit_form(visit: Visit) -> Form:
    """Its name."""
    found = visit.rooms.get("network", "security-groups", visit["id"])
    path = f"/groups/{visit['id']}"
    return _group_form("Edit the group", "Save", path, found["security_group"])


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    path = ("security-groups", visit["id"])
    visit.rooms.put("network", *path, body={"security_group": _wanted(values)})
    return Redirect(f"/groups/{visit['id']}", Notice("Saved."))


def rule_form(visit: Visit) -> Form:
    """What is let through."""
    groups = visit.rooms.get(
        "network", "security-groups", project_id=visit.session.project_id
    )["security_groups"]
    protocols = [Option("", "Any"), *(Option(each, each) for each in _PROTOCOLS)]
    return Form(
        "Add a rule",
        [
            Field(
                "direction",
                "Lets",
                "select",
                ["ingress"],
                [Option("ingress", "in"), Option("egress", "out")],
                is_required=True,
            ),
            Field(
                "ethertype",
                "IP version",
                "select",
                ["IPv4"],
                [Option("IPv4", "IPv4"), Option("IPv6", "IPv6")],
                is_required=True,
            ),
            Field("protocol", "Protocol", "select", ["tcp"], protocols),
            Field("first", "From port", "number", least=0, most=PORT_MAX),
            Field("last", "To port", "number", least=0, most=PORT_MAX),
            Field(
                "prefix",
                "From or to addresses",
                placeholder="203.0.113.0/24",
                help="Left empty: anywhere.",
            ),
            Field(
                "group",
                "Or servers of a group",
                "select",
                options=options(groups, blank="None"),
            ),
            Field("description", "Description"),
        ],
        "Add",
        f"/groups/{visit['id']}",
        "groups",
    )


def add_rule(visit: Visit, values: Values) -> Redirect:
    """Let it through."""
    if values["prefix"] and values["group"]:
        raise BadForm({"group": "Choose addresses or a group, not both."})
    first = values.number("first")
    last = first if values.number("last") is None else values.number("last")
    is_icmp = "icmp" in values["protocol"]
    wanted = {
        "security_group_id": visit["id"],
        "direction": values["direction"],
        "ethertype": values["ethertype"],
        "port_range_min": first,
        "port_range_max": values.number("last") if is_icmp else last,
        **values.given(
            protocol="protocol",
            remote_ip_prefix="prefix",
            remote_group_id="group",
            description="description",
        ),
    }
    body = {"security_group_rule": wanted}
    visit.rooms.post("network", "security-group-rules", body=body)
    return Redirect(f"/groups/{visit['id']}", Notice("The rule is added."))


def delete_rule(visit: Visit, values: Values) -> Redirect:
    """Let it through no more."""
    visit.rooms.delete("network", "security-group-rules", visit["id"])
    return visit.done("/groups", "The rule is deleted.")


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("network", "security-groups", visit["id"])
    return Redirect("/groups", Notice("The group is deleted."))


ROUTES = [
    page("groups", show_all),
    page("groups/{id}", show_one),
    form("groups/new", new_form, make),
    form("groups/{id}/edit", edit_form, edit),
    form("groups/{id}/rules/new", rule_form, add_rule),
    deed("rules/{id}/delete", delete_rule, "Delete this rule?"),
    deed("groups/{id}/delete", delete, "Delete this group?"),
]
