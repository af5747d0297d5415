"""Managed prefix lists: address groups of the network room.

What a list has now is what its group has, and so what security groups go by, whoever
changed it.  A row of ours keeps what a group has no place for: how many entries it may
have, what each is described as, and what it was in earlier versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from compute.ec2 import ids
from compute.ec2.call import Call
from compute.ec2.frame.errors import Ec2Error, invalid
from compute.ec2.frame.parameters import Parameters
from compute.ec2.inventory import Thing

# Of an address group.
ENTRIES_MAX = 1000
# So many versions of a list can be seen and restored.
VERSIONS_MAX = 20
# In all versions but the latest: each list's are read whenever one is asked for.
PAST_ENTRIES_MAX = 1000
_DESCRIPTION_MAX = 255
FAMILIES = {"IPv4": 4, "IPv6": 6}

Entries = dict[str, str]
"""Descriptions, by what they are of."""


@dataclass(frozen=True, slots=True)
class PrefixList:
    """One of them; ``versions``: the latest ones by their numbers."""

    id: str
    group: Thing
    family: str
    entries_max: int
    version: int
    versions: Mapping[int, Entries]
    tags: Mapping[str, str]

    @property
    def entries(self) -> Entries:
        """Those of now."""
        said = self.versions.get(self.version, {})
        return {each: said.get(each, "") for each in self.group["addresses"]}

    def content(self, **changes: Any) -> dict[str, Any]:
        """What the row keeps, changed."""
        versions = changes.pop("versions", self.versions)
        return {
            "family": self.family,
            "entries_max": self.entries_max,
            "version": self.version,
            "versions": {str(number): versions[number] for number in latest(versions)},
            **changes,
        }


def latest(versions: Mapping[int, Entries]) -> list[int]:
    """The numbers of those that are kept: of long lists fewer."""
    newest, *past = sorted(versions, reverse=True)[:VERSIONS_MAX]
    kept, count = [newest], 0
    for number in past:
        count += len(versions[number])
        # What was there just now can be restored, however long.
        if count > PAST_ENTRIES_MAX and number != past[0]:
            break
        kept.append(number)
    return sorted(kept)


def beginning(family: str, entries_max: int, entries: Entries) -> dict[str, Any]:
    """The row of a new list."""
    return {
        "family": family,
        "entries_max": entries_max,
        "version": 1,
        "versions": {"1": entries},
    }


def lists_of(call: Call) -> dict[str, PrefixList]:
    """The project's by their ids."""
    rows = call.kept.all(call.signer, ids.PREFIX_LIST)
    found = {}
    for group in call.inventory.address_groups:
        identifier = call.inventory.id_of(ids.PREFIX_LIST, group["id"])
        row = rows.get(identifier)
        content = row.content if row else begins_as(group)
        found[identifier] = PrefixList(
            identifier,
            group,
            content["family"],
            content["entries_max"],
            content["version"],
            {int(key): dict(value) for key, value in content["versions"].items()},
            row.tags if row else {},
        )
    return found


def begins_as(group: Thing) -> dict[str, Any]:
    """The row of a group that OpenStack's user made."""
    addresses: Sequence[str] = group["addresses"]
    is_6 = any(":" in each for each in addresses)
    family = "IPv6" if is_6 else "IPv4"
    return beginning(family, ENTRIES_MAX, dict.fromkeys(addresses, ""))


def list_named(call: Call, identifier: str) -> PrefixList:
    """The one with that id.  ``Ec2Error``."""
    return ids.named(lists_of(call), ids.PREFIX_LIST, [identifier])[0]


def source_named(call: Call, identifier: str) -> tuple[str, str]:
    """What a rule of a security group needs of a list: its group's uuid and its family.
    ``Ec2Error``."""
    found = list_named(call, identifier)
    return str(found.group["id"]), found.family


def asked_entries(given: Sequence[Parameters], family: str) -> Entries:
    """Entries of a request, as the network room writes them.  ``Ec2Error``."""
    found: Entries = {}
    for each in given:
        each.heed("Cidr Description")
        cidr, text = each.required("Cidr"), each.text("Description")
        try:
            prefix = ip_network(cidr, strict=False)
        except ValueError:
            raise invalid("Cidr", cidr) from None
        if prefix.version != FAMILIES[family]:
            raise invalid("Cidr", cidr, f"The list is of {family}.")
        if len(text) > _DESCRIPTION_MAX:
            raise invalid("Description", "...", "It is too long.")
        if str(prefix) in found:
            raise invalid("Cidr", cidr, "It is there twice.")
        found[str(prefix)] = text
    return found


def check_version(identifier: str, asked: int, has: int) -> None:
    """``Ec2Error``: a list is not any more what somebody has seen."""
    if asked != has:
        text = f"{identifier} has the version {has}, and not {asked}"
        raise Ec2Error("PrefixListVersionMismatch", text)


def check_count(listed: Entries, most: int) -> None:
    """``Ec2Error``: there are more than the list may have."""
    if len(listed) > most:
        text = f"The list has {most} entries at most"
        raise Ec2Error("PrefixListMaxEntriesExceeded", text)
