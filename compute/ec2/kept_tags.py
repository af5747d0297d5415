"""What may be tagged of that whose tags are kept with ``kept_things``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.groups_of_servers import groups_by_name
from compute.ec2.kept_things import Content
from compute.ec2.network_acls import acls_of
from compute.ec2.prefix_lists import lists_of


@dataclass(frozen=True, slots=True)
class Tagged:
    """How the row of something begins that has none yet."""

    content: Content
    vpc: str = ""


def tagged_things(call: Call, kind: str) -> Mapping[str, Tagged]:
    """What of that kind is there, by its id."""
    if kind == ids.ACL:
        return {
            acl.id: Tagged({"entries": list(acl.entries)}, acl.vpc)
            for acl in acls_of(call).values()
        }
    if kind == ids.PLACEMENT_GROUP:
        return {
            ids.ec2_id(ids.PLACEMENT_GROUP, group["id"]): Tagged({})
            for group in groups_by_name(call.inventory).values()
        }
    if kind == ids.PREFIX_LIST:
        return {key: Tagged(each.content()) for key, each in lists_of(call).items()}
    kept = call.kept.all(call.signer, kind)
    return {identifier: Tagged(each.content) for identifier, each in kept.items()}


def tags_of_kept(call: Call, kind: str) -> Mapping[str, Mapping[str, str]]:
    """The tags of what has any, by its id."""
    kept = call.kept.all(call.signer, kind)
    return {identifier: each.tags for identifier, each in kept.items()}
