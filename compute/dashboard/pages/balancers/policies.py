"""Policies of HTTP listeners, and the rules that say which requests they are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    status,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.balancers.listeners import ROOM, deed_of, find
from compute.dashboard.pages.words import name_of, options, switch, yes

POSITION_MAX = 1000
ADDRESS_CHARACTERS_MAX = 2000
_ACTIONS = {
    "REDIRECT_TO_POOL": "Send to a pool",
    "REDIRECT_TO_URL": "Send on to an address",
    "REDIRECT_PREFIX": "Send on to an address, and keep the path",
    "REJECT": "Refuse (403)",
}
_TARGETS = {
    "REDIRECT_TO_POOL": ("pool", "redirect_pool_id"),
    "REDIRECT_TO_URL": ("url", "redirect_url"),
    "REDIRECT_PREFIX": ("url", "redirect_prefix"),
}
_KINDS = {
    "PATH": "the path",
    "HOST_NAME": "the host's name",
    "HEADER": "the header",
    "COOKIE": "the cookie",
    "FILE_TYPE": "the ending of the path",
    # Where TLS ends, and clients' certificates are asked for.
    "SSL_CONN_HAS_CERT": "that the client has a certificate",
    "SSL_VERIFY_RESULT": "the result of its check",
    "SSL_DN_FIELD": "the field of its certificate's name",
}
_COMPARISONS = {
    "STARTS_WITH": "begins with",
    "EQUAL_TO": "is",
    "ENDS_WITH": "ends with",
    "CONTAINS": "has in it",
    "REGEX": "fits the expression",
}
_WITH_KEY = frozenset(("HEADER", "COOKIE", "SSL_DN_FIELD"))


def show(visit: Visit) -> Page:
    """One policy; all of its rules have to fit."""
    rooms, policy_id = visit.rooms, visit["policy"]
    found = rooms.together(
        policy=lambda: rooms.get(ROOM, "l7policies", policy_id),
        rules=lambda: rooms.get(ROOM, "l7policies", policy_id, "rules"),
    )
    policy = found["policy"]["l7policy"]
    listener = f"/balancers/listeners/{policy['listener_id']}"
    path = f"/balancers/policies/{policy_id}"
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(policy["id"], "copy")),
        ("What it does", Text(deed_of(policy, {}))),
        ("Place", Text(str(policy["position"]))),
        ("Switched on", yes(policy["admin_state_up"])),
    ]
    is_busy = str(policy["provisioning_status"]).startswith("PENDING")
    question = f"Delete the policy {name_of(policy)} and its rules?"
    return Page(
        name_of(policy),
        "balancers",
        [
            Facts("facts", facts, "About", is_busy),
            _rules(path, found.get("rules", {}).get("rules", ())),
        ],
        [Action("Delete", f"{path}/delete", question, look="danger")],
        badges=[status(policy["operating_status"])],
        trail=[Link("Load balancers", "/balancers"), Link("listener", listener)],
    )


def _rules(path: str, rules: Any) -> Table:
    rows = [
        Row(
            [Text(rule_text(each)), status(each["operating_status"])],
            [
                Action(
                    "Delete", f"{path}/rules/{each['id']}/delete", "Delete this rule?"
                )
            ],
            str(each["provisioning_status"]).startswith("PENDING"),
        )
        for each in rules
    ]
    add = Action("Add a rule", f"{path}/rules/new", is_form=True)
    empty = Empty("No rules yet: the policy does nothing until it has one.", add)
    title = "Rules, all of which have to fit"
    return Table("rules", ["A request fits when", "State"], rows, empty, title, [add])


def rule_text(rule: Mapping[str, Any]) -> str:
    """``the header "Host" begins with "www."``.  Pure."""
    what = _KINDS.get(rule["type"], rule["type"])
    if rule.get("key"):
        what += f' "{rule["key"]}"'
    how = _COMPARISONS.get(rule["compare_type"], rule["compare_type"])
    text = f'{what} {how} "{rule["value"]}"'
    return f"not: {text}" if rule.get("invert") else text


def policy_form(visit: Visit) -> Form:
    """What it does."""
    listener = find(visit, visit["listener"])
    balancer = listener["loadbalancers"][0]["id"]
    pools = visit.rooms.get(ROOM, "pools", loadbalancer_id=balancer)["pools"]
    return Form(
        "Add a policy",
        [
            Field("name", "Name"),
            Field(
                "action", "What it does with requests that fit", "select",
                options=[Option(word, text) for word, text in _ACTIONS.items()],
                is_required=True,
            ),
            Field(
                "pool", "To the pool", "select",
                options=options(pools, "protocol", "No pool"),
            ),
            Field(
                "url", "To the address", longest=ADDRESS_CHARACTERS_MAX,
                placeholder="https://www.example.org/",
            ),
            Field(
                "position", "Place among the policies", "number", least=1,
                most=POSITION_MAX, help="Left empty, it is asked last.",
            ),
        ],
        "Add",
        f"/balancers/listeners/{visit['listener']}",
        "balancers",
    )  # fmt: skip


def make_policy(visit: Visit, values: Values) -> Redirect:
    """Make it; its rules come after."""
    policy = {"listener_id": visit["listener"], **order_of(values)}
    made = visit.rooms.post(ROOM, "l7policies", body={"l7policy": policy})["l7policy"]
    text = Notice("The policy is there. Now say for which requests.")
    return Redirect(f"/balancers/policies/{made['id']}", text)


def order_of(values: Values) -> dict[str, Any]:
    """What is sent for a policy.  ``BadForm``."""
    action = values["action"]
    policy: dict[str, Any] = {"action": action, **values.given(name="name")}
    if action in _TARGETS:
        field, name = _TARGETS[action]
        if not values[field]:
            raise BadForm({field: "This is needed."})
        policy[name] = values[field]
    if (position := values.number("position")) is not None:
        policy["position"] = position
    return policy


def rule_form(visit: Visit) -> Form:
    """What it looks at."""
    return Form(
        "Add a rule",
        [
            Field(
                "type", "Look at", "select",
                options=[Option(word, text) for word, text in _KINDS.items()],
                is_required=True,
            ),
            Field(
                "key", "Name of the header, cookie or field", placeholder="User-Agent",
                help="Only for these.",
            ),
            Field(
                "compare", "It fits when it", "select",
                options=[Option(word, text) for word, text in _COMPARISONS.items()],
                is_required=True,
            ),
            Field(
                "value", "This", is_required=True, placeholder="/api",
                help="That there is a certificate: True; that its check was good: 0.",
            ),
            switch("invert", "Turned round: fits when it does not"),
        ],
        "Add",
        f"/balancers/policies/{visit['policy']}",
        "balancers",
    )  # fmt: skip


def make_rule(visit: Visit, values: Values) -> Redirect:
    """Ask it of every request."""
    needs_key = values["type"] in _WITH_KEY
    if needs_key != bool(values["key"]):
        text = (
            "This is needed." if needs_key else "Only for headers, cookies and fields."
        )
        raise BadForm({"key": text})
    rule = {
        "type": values["type"],
        "compare_type": values["compare"],
        "value": values["value"],
        "invert": values.flag("invert"),
        **values.given(key="key"),
    }
    path = ("l7policies", visit["policy"], "rules")
    visit.rooms.post(ROOM, *path, body={"rule": rule})
    return Redirect(f"/balancers/policies/{visit['policy']}", Notice("Added."))


def delete_policy(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    policy = visit.rooms.get(ROOM, "l7policies", visit["policy"])["l7policy"]
    visit.rooms.delete(ROOM, "l7policies", visit["policy"])
    path = f"/balancers/listeners/{policy['listener_id']}"
    return Redirect(path, Notice("The policy is deleted."))


def delete_rule(visit: Visit, values: Values) -> Redirect:
    """Ask it no more."""
    visit.rooms.delete(ROOM, "l7policies", visit["policy"], "rules", visit["rule"])
    return Redirect(f"/balancers/policies/{visit['policy']}", Notice("Deleted."))


ROUTES = [
    page("balancers/policies/{policy}", show),
    form("balancers/listeners/{listener}/policies/new", policy_form, make_policy),
    form("balancers/policies/{policy}/rules/new", rule_form, make_rule),
    deed(
        "balancers/policies/{policy}/rules/{rule}/delete",
        delete_rule,
        "Delete this rule?",
    ),
    deed(
        "balancers/policies/{policy}/delete",
        delete_policy,
        "Delete this policy and its rules?",
    ),
]
