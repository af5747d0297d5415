"""Whether a host is this site's, and whether the site is its latest state.  Pure.

The worst day is a site that was lost, or came back from an old copy, and an ``apply``:
new secrets and new rings over living data, and no name of it is found again.  So what a
host has already is compared with the site before anything is written, here or there.
"""

from __future__ import annotations

import base64
import configparser
from collections.abc import Iterator, Mapping
from typing import Any

from compute.deploy.remote.places import NAME, SETTINGS
from compute.deploy.wish import HostWishes

CLUSTER = f"{SETTINGS}/cluster.conf"
RING_SUFFIX = ".ring.gz"
POLICY_PREFIX = "storage-policy:"
_ADVICE = "bring the site back from its copy (doc/deployment.md: the site is lost)"

# By index: what each is called, and what it keeps of an object.
_Policies = Mapping[str, tuple[str, str]]


def strangeness(
    wishes: HostWishes, found: Mapping[str, Any], drawn: Mapping[str, int]
) -> Iterator[str]:
    """Why nothing may be written there.  ``drawn``: rings of the site, and versions."""
    yield from _another_name(wishes, found["files"])
    yield from _another_cluster(wishes, found["files"])
    yield from _newer_rings(found["files"], drawn)
    if not drawn:
        for path, device in found["devices"].items():
            if device["holds"]:
                yield (
                    f"{path} holds {device['holds']}, and the site has no rings: "
                    f"{_ADVICE}; if it is nothing, remove it"
                )


def _another_name(wishes: HostWishes, files: Mapping[str, Any]) -> Iterator[str]:
    name = _text(files.get(NAME)).strip()
    if name and name != wishes.host.name:
        yield (
            f"is {name}, by its {NAME}: are two addresses swapped?  If it was given "
            f"another name, remove that file there"
        )


def _another_cluster(wishes: HostWishes, files: Mapping[str, Any]) -> Iterator[str]:
    if CLUSTER not in wishes.files:
        return
    here, there = (
        _sections(wishes.files[CLUSTER].content.decode()),
        _sections(_text(files.get(CLUSTER))),
    )
    if _suffix(there) and _suffix(there) != _suffix(here):
        yield f"keeps names with another hash_suffix than the site's: {_ADVICE}"
        return
    yield from _other_policies(_policies(here), _policies(there))


def _other_policies(here: _Policies, there: _Policies) -> Iterator[str]:
    """What would leave objects of the host behind, or with a code that cannot read
    them."""
    names = [name for name, _ in here.values()]
    for index, (name, kept_as) in there.items():
        its = f"has the storage policy {name!r} at {index}"
        if index not in here:
            yield f"{its}: it cannot be taken away"
        elif here[index][0] != name and name in names:
            yield f"{its}: it cannot be moved"
        elif here[index][1] != kept_as:
            yield f"{its}: it keeps {kept_as} for ever, not {here[index][1]}"


def _newer_rings(files: Mapping[str, Any], drawn: Mapping[str, int]) -> Iterator[str]:
    for path, file in files.items():
        if file is None or not path.endswith(RING_SUFFIX):
            continue
        name = path.rpartition("/")[2].removesuffix(RING_SUFFIX)
        if name not in drawn:
            yield f"has the ring {name}, whose builder the site lacks: {_ADVICE}"
        elif (file.get("ring_version") or 0) > drawn[name]:
            yield (
                f"has version {file['ring_version']} of the ring {name}, the site "
                f"version {drawn[name]}: {_ADVICE}"
            )


def _text(file: Mapping[str, Any] | None) -> str:
    if file is None or file["text"] is None:
        return ""
    return base64.b64decode(file["text"]).decode("utf-8", "replace")


def _sections(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    try:
        parser.read_string(text)
    except configparser.Error:
        # Half a file is nobody's: it is written anew.
        return configparser.ConfigParser()
    return parser


def _suffix(parser: configparser.ConfigParser) -> str:
    return parser.get("cluster", "hash_suffix", fallback="")


def _policies(parser: configparser.ConfigParser) -> _Policies:
    return {
        section.removeprefix(POLICY_PREFIX): _name_and_form(parser[section])
        for section in parser.sections()
        if section.startswith(POLICY_PREFIX)
    }


def _name_and_form(section: configparser.SectionProxy) -> tuple[str, str]:
    form = "copies"
    if section.get("type") == "erasure":
        form = f"fragments of {section.get('data')}+{section.get('parity')}"
    return section.get("name", ""), form
