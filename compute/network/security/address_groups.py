"""Address groups: prefixes under a name, which rules let in or out as one.

A rule names a group by ``remote_address_group_id``; whoever changes the group changes
what all these rules mean, and the hosts concerned hear of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import NotFound, PolicyNotAuthorized
from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection
from compute.network.frame.fields import TEXT, Field, Fields
from compute.network.frame.resource import Definition
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.links.prefixes import read_prefix
from compute.network.links.visibility import (
    SHARED,
    end_policies,
    lent,
    own_or_lent,
)
from compute.network.model import AddressGroup, SecurityRule
from compute.network.security.watchers import hosts_that_use_addresses
from objectstore.kernel.reply import Reply

Changed = Callable[[AddressGroup], list[str]]

NAMED_MAX = 200  # characters of addresses in an error
ADDRESSES_MAX = 1000  # of one group: each is an element of a set on many hosts

_ADDRESSES = {"type": "array", "items": TEXT, "maxItems": ADDRESSES_MAX}
FIELDS = Fields(
    Field("name", TEXT, default=""),
    Field("description", TEXT, default=""),
    Field("addresses", _ADDRESSES, default=[], update=False),
)
CHANGE = Schema(
    {
        "type": "object",
        "properties": {"addresses": {**_ADDRESSES, "minItems": 1}},
        "required": ["addresses"],
        "additionalProperties": False,
    }
)


def create_group(work: Work, body: Body) -> AddressGroup:
    """A new group."""
    group = AddressGroup(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        description=body["description"],
        addresses=_parse(body["addresses"]),
    )
    return work.insert(tables.address_groups, group)


def update_group(work: Work, group: AddressGroup, body: Body) -> AddressGroup:
    """Change name and description."""
    return work.save(tables.address_groups, group, **body)


def delete_group(work: Work, group: AddressGroup) -> None:
    """Take it away; ``AddressGroupInUse`` while rules name it."""
    rules = tables.security_rules
    if work.records(SecurityRule, rules, rules.c.remote_address_group_id == group.id):
        raise conflict(
            "AddressGroupInUse",
            f"Address group {group.id} is in use on one or more security group rules.",
        )
    end_policies(work, group.id)
    work.delete(tables.address_groups, group)


def _parse(texts: Sequence[str]) -> list[str]:
    found = []
    for text in texts:
        try:
            found.append(str(read_prefix(text)))
        except ValueError:
            raise invalid(
                f"addresses: '{text[:60]}' is no address and no prefix."
            ) from None
    return list(dict.fromkeys(found))


class AddressGroupActions:
    """Adding addresses to a group, and taking some away."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """Both."""
        path = "/v2.0/address-groups/{id}/"
        return [
            Route("PUT", path + "add_addresses", self.add),
            Route("PUT", path + "remove_addresses", self.remove),
        ]

    def add(self, call: ApiCall) -> Reply:
        """Add those that it has not."""
        wanted = _parse(call.json(CHANGE)["addresses"])

        def changed(group: AddressGroup) -> list[str]:
            found = list(dict.fromkeys([*group.addresses, *wanted]))
            if len(found) > ADDRESSES_MAX:
                raise invalid(f"addresses: a group has at most {ADDRESSES_MAX}.")
            return found

        return self._change(call, changed)

    def remove(self, call: ApiCall) -> Reply:
        """Take those away; ``AddressesNotFound`` for what it has not."""
        wanted = _parse(call.json(CHANGE)["addresses"])

        def changed(group: AddressGroup) -> list[str]:
            missing = sorted(set(wanted) - set(group.addresses))
            if missing:
                raise NotFound(
                    f"Addresses {', '.join(missing)[:NAMED_MAX]} are not in address"
                    f" group {group.id}.",
                    kind="AddressesNotFound",
                )
            return [each for each in group.addresses if each not in wanted]

        return self._change(call, changed)

    def _change(self, call: ApiCall, changed: Changed) -> Reply:
        def work_on(work: Work) -> Body:
            group = COLLECTION.find(work, call.parameters["id"])
            target = {"project_id": group.project_id}
            if not work.policy.allows(work.context, "update_address_group", target):
                raise PolicyNotAuthorized(
                    "(update_address_group) is disallowed by policy"
                )
            saved = work.save(tables.address_groups, group, addresses=changed(group))
            work.touch(hosts_that_use_addresses(work, group.id))
            work.tell("address_group.update", group.id)
            return COLLECTION.show(work, [saved])[0]

        found = self._database.write(call.context, work_on)
        return json_reply(200, {"address_group": found})


def _present(work: Work, groups: Sequence[AddressGroup]) -> list[Body]:
    shared = lent(work, [group.id for group in groups], SHARED)
    return [
        {"addresses": list(group.addresses), "shared": group.id in shared}
        for group in groups
    ]


COLLECTION = Collection(
    singular="address_group",
    plural="address-groups",
    title="Address group",
    kind="AddressGroup",
    table=tables.address_groups,
    record=AddressGroup,
    present=_present,
    visible=own_or_lent(tables.address_groups),
    lacks=("tags",),
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_group,
    update=update_group,
    delete=delete_group,
)
