"""Managed prefix lists (see ``ec2.prefix_lists``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compute.ec2 import ids, tagging
from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, coded, invalid, missing
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.kept_things import Kept
from compute.ec2.marking import undone
from compute.ec2.prefix_lists import (
    ENTRIES_MAX,
    FAMILIES,
    Entries,
    PrefixList,
    asked_entries,
    beginning,
    begins_as,
    check_count,
    check_version,
    list_named,
    lists_of,
)

_PATH = "address-groups"
_NAME_MAX = 255
_IN_USE = "DependencyViolation"
_MISSING = ids.not_found(ids.PREFIX_LIST, "").code

FILTERS: Mapping[str, Accessor] = {
    "owner-id": lambda shown: shown["ownerId"],
    "prefix-list-id": lambda shown: shown["prefixListId"],
    "prefix-list-name": lambda shown: shown["prefixListName"],
}


def describe(call: Call) -> Document:
    """``DescribeManagedPrefixLists``."""
    wanted = call.parameters.texts("PrefixListId")
    found = ids.named(lists_of(call), ids.PREFIX_LIST, wanted)
    shown = chosen(
        [_document(call, each) for each in found],
        asked_filters(call.parameters),
        FILTERS,
    )
    key = "prefixListId"
    shown, token = page(call.parameters, shown, lambda each: str(each[key]), 1)
    return {"prefixListSet": shown, "nextToken": token}


def _document(call: Call, found: PrefixList, state: str = "create") -> dict[str, Any]:
    done = "modify" if state == "create" and found.version > 1 else state
    arn = f"arn:aws:ec2:{call.region}:{found.group['project_id']}:prefix-list"
    return {
        "prefixListId": found.id,
        "addressFamily": found.family,
        "state": f"{done}-complete",
        "prefixListArn": f"{arn}/{found.id}",
        "prefixListName": found.group["name"],
        "maxEntries": found.entries_max,
        "version": found.version,
        "tagSet": tagging.set_of(found.tags),
        "ownerId": found.group["project_id"],
    }


def create(call: Call) -> Document:
    """``CreateManagedPrefixList``."""
    parameters = call.parameters
    token = tagging.client_token(parameters)
    rows = call.kept.all(call.signer, ids.PREFIX_LIST)
    there = lists_of(call)
    for row in rows.values():
        if token and row.client_token == token and row.id in there:
            return {"prefixList": _document(call, there[row.id])}
    name, family = _name(parameters.required("PrefixListName")), "AddressFamily"
    if (asked := parameters.required(family)) not in FAMILIES:
        raise invalid(family, asked, f"It can be {' or '.join(FAMILIES)}.")
    most = _entries_max(parameters.integer("MaxEntries"))
    entries = asked_entries(parameters.structures("Entry"), asked)
    check_count(entries, most)
    tags = tagging.tags_of_type(parameters, tagging.PREFIX_LIST_TYPE)
    body = {"address_group": {"name": name, "addresses": list(entries)}}
    with coded(limit="PrefixListLimitExceeded"):
        group = call.rooms.post("network", _PATH, body=body)["address_group"]
    identifier = call.inventory.id_of(ids.PREFIX_LIST, group["id"])
    with undone(call.rooms, "network", _PATH, group["id"]):
        call.kept.change(
            call.signer,
            identifier,
            lambda row: replace(row, tags=tags, client_token=token),
            begins=beginning(asked, most, entries),
            things=[*there, identifier],
        )
    return {"prefixList": _document(_again(call), _now(call, identifier))}


def modify(call: Call) -> Document:
    """``ModifyManagedPrefixList``: other entries are another version."""
    parameters = call.parameters
    found = list_named(call, parameters.required("PrefixListId"))
    added = asked_entries(parameters.structures("AddEntry"), found.family)
    removed = asked_entries(parameters.structures("RemoveEntry"), found.family)
    most, name = parameters.integer("MaxEntries"), parameters.text("PrefixListName")
    entries = found.entries
    if added or removed:
        if most is not None:
            text = "Entries and MaxEntries are changed one after the other"
            raise Ec2Error("InvalidParameterCombination", text)
        _check_version(call, found)
        for each in removed:
            if each not in entries or each in added:
                raise invalid("RemoveEntry.Cidr", each, "The list has no such entry.")
            del entries[each]
        entries |= added
        check_count(entries, found.entries_max)
    elif most is not None:
        check_count(entries, _entries_max(most))
    elif not name:
        raise missing("AddEntry")
    if name:
        body = {"address_group": {"name": _name(name)}}
        with coded(missing=_MISSING):
            call.rooms.put("network", _PATH, found.group["id"], body=body)
    if added or removed:
        _write(call, found, entries)
    elif most is not None:
        _keep(call, found, found.content(entries_max=most))
    return {"prefixList": _document(call, _now(call, found.id), "modify")}


def restore(call: Call) -> Document:
    """``RestoreManagedPrefixListVersion``: what it was is a version of its own."""
    parameters = call.parameters
    found = list_named(call, parameters.required("PrefixListId"))
    previous = parameters.integer("PreviousVersion")
    if previous is None or parameters.integer("CurrentVersion") is None:
        raise missing("PreviousVersion" if previous is None else "CurrentVersion")
    _check_version(call, found)
    wanted = _of_version(found, previous)
    check_count(wanted, found.entries_max)
    _write(call, found, wanted)
    return {"prefixList": _document(call, _now(call, found.id), "restore")}


def delete(call: Call) -> Document:
    """``DeleteManagedPrefixList``: not while security groups name it."""
    found = list_named(call, call.parameters.required("PrefixListId"))
    try:
        with coded(missing=_MISSING, state=_IN_USE):
            call.rooms.delete("network", _PATH, found.group["id"])
    except Ec2Error as error:
        if error.code != _IN_USE:
            raise
        text = f"The prefix list {found.id} is in use by security groups"
        raise Ec2Error(_IN_USE, text) from None
    call.kept.drop(call.signer, [found.id])
    return {"prefixList": _document(call, found, "delete")}


def entries(call: Call) -> Document:
    """``GetManagedPrefixListEntries``: of now, or of an earlier version."""
    found = list_named(call, call.parameters.required("PrefixListId"))
    version = call.parameters.integer("TargetVersion", found.version)
    listed = _of_version(found, version or 0)
    shown: list[dict[str, Any]] = [
        {"cidr": cidr, "description": text or None} for cidr, text in listed.items()
    ]
    shown, token = page(call.parameters, shown, lambda each: str(each["cidr"]), 1)
    return {"entrySet": shown, "nextToken": token}


def associations(call: Call) -> Document:
    """``GetManagedPrefixListAssociations``: the security groups that name it."""
    found = list_named(call, call.parameters.required("PrefixListId"))
    own = call.signer.project_id
    shown: list[dict[str, Any]] = [
        {
            "resourceId": call.inventory.id_of(ids.GROUP, group["id"]),
            "resourceOwner": own,
        }
        for group in call.inventory.groups
        if any(
            rule.get("remote_address_group_id") == found.group["id"]
            for rule in group["security_group_rules"]
        )
    ]
    shown, token = page(call.parameters, shown, lambda each: str(each["resourceId"]))
    return {"prefixListAssociationSet": shown, "nextToken": token}


# ---- changing one --------------------------------------------------------------------


def _write(call: Call, found: PrefixList, wanted: Entries) -> None:
    """The number first: of two that have seen the same version, one is the next.  What
    the group has is what holds."""
    number = found.version + 1
    versions = {**found.versions, found.version: found.entries, number: wanted}
    _keep(call, found, found.content(version=number, versions=versions))
    has, path = set(found.entries), (_PATH, found.group["id"])
    steps = [
        ("add_addresses", sorted(set(wanted) - has)),
        ("remove_addresses", sorted(has - set(wanted))),
    ]
    if len(has | set(wanted)) > ENTRIES_MAX:
        steps.reverse()
    try:
        with coded(missing=_MISSING):
            for verb, addresses in steps:
                if addresses:
                    body = {"addresses": addresses}
                    call.rooms.put("network", *path, verb, body=body)
    except BaseException:
        _keep(call, replace(found, version=number), found.content())
        raise


def _keep(call: Call, found: PrefixList, content: Mapping[str, Any]) -> None:
    """``Ec2Error``: others have changed it meanwhile, at another process."""

    def change(row: Kept) -> Kept:
        check_version(found.id, found.version, row.content["version"])
        return replace(row, content=content)

    call.kept.change(
        call.signer,
        found.id,
        change,
        begins=begins_as(found.group),
        things=lists_of(call),
    )


def _again(call: Call) -> Call:
    return replace(call, inventory=call.inventory.look_again())


def _now(call: Call, identifier: str) -> PrefixList:
    return list_named(_again(call), identifier)


def _of_version(found: PrefixList, number: int) -> Entries:
    if number == found.version:
        return found.entries
    if number not in found.versions:
        text = f"{found.id} has no version {number}, or not any more"
        raise Ec2Error("InvalidPrefixListVersion.NotFound", text)
    return dict(found.versions[number])


def _check_version(call: Call, found: PrefixList) -> None:
    current = call.parameters.integer("CurrentVersion")
    if current is None:
        raise missing("CurrentVersion")
    check_version(found.id, current, found.version)


def _entries_max(asked: int | None) -> int:
    if asked is None:
        raise missing("MaxEntries")
    if not 1 <= asked <= ENTRIES_MAX:
        raise invalid("MaxEntries", asked, f"It is from 1 to {ENTRIES_MAX}.")
    return asked


def _name(name: str) -> str:
    if len(name) > _NAME_MAX or name.startswith("com.amazonaws"):
        raise invalid("PrefixListName", name[:_NAME_MAX])
    return name


_ONE = "PrefixListId"
_PAGED = "MaxResults NextToken"
ACTIONS = {
    "DescribeManagedPrefixLists": Action(describe, f"{_ONE} Filter {_PAGED}"),
    "CreateManagedPrefixList": Action(
        create,
        "PrefixListName Entry MaxEntries TagSpecification AddressFamily ClientToken",
        is_alone=True,
    ),
    "ModifyManagedPrefixList": Action(
        modify,
        f"{_ONE} CurrentVersion PrefixListName AddEntry RemoveEntry MaxEntries",
        is_alone=True,
    ),
    "RestoreManagedPrefixListVersion": Action(
        restore, f"{_ONE} PreviousVersion CurrentVersion", is_alone=True
    ),
    "DeleteManagedPrefixList": Action(delete, _ONE, is_alone=True),
    "GetManagedPrefixListEntries": Action(entries, f"{_ONE} TargetVersion {_PAGED}"),
    "GetManagedPrefixListAssociations": Action(associations, f"{_ONE} {_PAGED}"),
}
