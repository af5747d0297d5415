"""L7 rules: what of a request a policy looks at."""

from __future__ import annotations

from collections.abc import Sequence

from compute.balancer import rules, tables
from compute.balancer.changes.locking import (
    add,
    begin_of,
    change,
    doom,
    new_part,
    touch,
)
from compute.balancer.frame.definition import Definition, Parent
from compute.balancer.frame.fields import BOOLEAN, ID, TEXT, Field, Fields, words
from compute.balancer.frame.kind import Item, Kind
from compute.balancer.frame.quota import check_quota
from compute.balancer.frame.work import Work
from compute.balancer.haproxy.frontends import MATCHES
from compute.balancer.model import (
    TERMINATED_HTTPS,
    Balancer,
    Listener,
    Policy,
    Rule,
)

FIELDS = Fields(
    Field("policy_id", ID, default="", update=False, column="-"),
    Field(
        "type",
        words("HOST_NAME", "PATH", "FILE_TYPE", "HEADER", "COOKIE", *rules.TLS_RULES),
        required=True,
    ),
    Field("compare_type", words(*MATCHES), required=True),
    Field("key", TEXT, default=""),
    Field("value", {"type": "string", "maxLength": 255}, required=True),
    Field("invert", BOOLEAN, default=False),
)
_COMPARED = ("type", "compare_type", "key", "value")


def create(work: Work, attributes: Item) -> Rule:
    """A new rule of the policy that the path names."""
    policy = work.find(Policy, tables.policies, attributes["policy_id"])
    assert policy is not None, "the path was looked at"
    balancer = begin_of(work, policy)
    touch(work, tables.policies, policy.id)
    touch(work, tables.listeners, policy.listener_id)
    return make(work, balancer, policy, attributes)


def make(work: Work, balancer: Balancer, policy: Policy, attributes: Item) -> Rule:
    """A new rule of the policy."""
    check_quota(work, "l7rule", balancer.project_id)
    values = FIELDS.columns(attributes)
    rules.check_rule(values)
    _check_listener(work, policy, values)
    rule = Rule(**new_part(work, balancer), policy_id=policy.id, **values)
    return add(work, tables.rules, rule, attributes["tags"])


def update(work: Work, rule: Rule, attributes: Item) -> Rule:
    """Change a rule."""
    begin_of(work, rule)
    touch(work, tables.policies, rule.policy_id)
    values = FIELDS.columns(attributes)
    now = {name: getattr(rule, name) for name in _COMPARED}
    rules.check_rule({**now, **values})
    policy = work.find(Policy, tables.policies, rule.policy_id)
    assert policy is not None, "rules have a policy"
    _check_listener(work, policy, {**now, **values})
    return change(work, tables.rules, rule, values, attributes)


def delete(work: Work, rule: Rule) -> None:
    """Take it away."""
    begin_of(work, rule)
    touch(work, tables.policies, rule.policy_id)
    doom(work, tables.rules, tables.rules.c.id == rule.id)


def _check_listener(work: Work, policy: Policy, values: Item) -> None:
    if values["type"] not in rules.TLS_RULES:
        return
    listener = work.find(Listener, tables.listeners, policy.listener_id)
    if listener is None or listener.protocol != TERMINATED_HTTPS:
        raise rules.wrong(f"{values['type']} needs a listener of {TERMINATED_HTTPS}")


def _present(work: Work, found: Sequence[Rule]) -> list[Item]:
    return [
        {
            "type": each.type,
            "compare_type": each.compare_type,
            "key": each.key or None,
            "value": each.value,
            "invert": each.invert,
        }
        for each in found
    ]


KIND = Kind(
    word="l7rule",
    singular="rule",
    plural="rules",
    title="L7 Rule",
    table=tables.rules,
    record=Rule,
    present=_present,
    columns={
        "type": "type",
        "compare_type": "compare_type",
        "key": "key",
        "value": "value",
        "rule_value": "value",
        "invert": "invert",
        # Clients name what the path names, too.
        "l7policy_id": "policy_id",
    },
    lacks=("name", "description"),
)


def definition(policies: Kind[Policy]) -> Definition[Rule]:
    """With the policies, which rules are below."""
    parent = Parent("l7policies/{of}/rules", policies, "policy_id")  # type: ignore[arg-type]
    return Definition(KIND, FIELDS, create, update, delete, parent)
