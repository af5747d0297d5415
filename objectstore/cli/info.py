"""``objectstore info``: what every replica of a name says, differences marked."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from objectstore.cli.fragments import look_at_fragments
from objectstore.cli.names import Named, locate, split_name
from objectstore.cli.nodes import with_roles
from objectstore.cli.outside import Outside, answer, settings_option
from objectstore.cli.show import (
    as_json_option,
    bad,
    console,
    print_json,
    print_table,
    when,
)
from objectstore.policy.erasure import fragment_space
from objectstore.wire.layouts import LAYOUT, layout_of
from objectstore.wire.records import DatabaseInfo, ObjectState
from ring.device import Device

# Of each kind, what is shown; all of it must be equal on all primaries.
_STATE_FIELDS = (
    "exists",
    "timestamp",
    "size",
    "etag",
    "content_type",
    "metadata_timestamp",
    "metadata",
    "system_metadata",
    "delete_at",
    "deleted_timestamp",
)
_INFO_FIELDS = (
    "exists",
    "created",
    "put_timestamp",
    "deleted_timestamp",
    "policy",
    "object_count",
    "bytes_used",
    "container_count",
    "metadata",
    "row_digest",
)
_TIMES = frozenset(
    {
        "timestamp",
        "metadata_timestamp",
        "deleted_timestamp",
        "created",
        "put_timestamp",
    }
)


@click.group()
def info() -> None:
    """Show where an account, container or object is, and each replica's state."""


@info.command()
@click.argument("account")
@settings_option
@as_json_option
def account(account: str, settings_file: Path, as_json: bool) -> None:
    """Show the replicas of ACCOUNT."""
    _show(settings_file, (account,), None, as_json)


@info.command()
@click.argument("name", nargs=-1, required=True)
@settings_option
@as_json_option
def container(name: tuple[str, ...], settings_file: Path, as_json: bool) -> None:
    """Show the replicas of ACCOUNT CONTAINER (or /ACCOUNT/CONTAINER)."""
    _show(settings_file, _of(name, 2), None, as_json)


@info.command(short_help="Show the replicas of an object.", name="object")
@click.argument("name", nargs=-1, required=True)
@settings_option
@as_json_option
@click.option("--policy", type=int, help="Default: its container's.")
def object_(
    name: tuple[str, ...], settings_file: Path, as_json: bool, policy: int | None
) -> None:
    """Show the replicas of ACCOUNT CONTAINER OBJECT (or /ACCOUNT/CONTAINER/OBJECT)."""
    _show(settings_file, _of(name, 3), policy, as_json)


def _of(words: tuple[str, ...], count: int) -> tuple[str, ...]:
    parts = split_name(words)
    if len(parts) != count:
        raise click.UsageError(f"a name of {count} parts is wanted")
    return parts


def _show(
    settings_file: Path, parts: tuple[str, ...], policy: int | None, as_json: bool
) -> None:
    """Exit code 1 when the primaries do not agree."""
    outside = Outside.load(settings_file)
    named = locate(outside, parts, policy)
    replicas = [
        {"role": role, "device": device.device, "server": f"{device.ip}:{device.port}"}
        | _replica(outside, named, device)
        for role, device in with_roles(named)
    ]
    differing = differences(replicas[: len(named.primaries)])
    if as_json:
        print_json(
            {
                "name": named.path,
                "ring": named.ring_name,
                "policy": named.policy,
                "key": named.key.hex(),
                "partition": named.partition,
                "differing": sorted(differing),
                "replicas": replicas,
            }
        )
    else:
        _print(named, replicas, differing)
    sys.exit(1 if differing else 0)


def _replica(outside: Outside, named: Named, device: Device) -> dict[str, Any]:
    """One device's state: ``state`` None where it holds nothing."""
    node = outside.node(named.ring_name, device, named.policy)
    if len(named.parts) < 3:
        found, problem = answer(lambda: node.info(named.key).wait())
        fields = _INFO_FIELDS
    else:
        found, problem = answer(
            lambda: node.lookup(named.key, want_body=False).wait().state
        )
        layout = layout_of(found)
        if layout is not None:
            found = found._replace(size=layout.size)  # not that of the record
        fields = _STATE_FIELDS
    replica: dict[str, Any] = {"state": _fields(found, fields), "problem": problem}
    if len(named.parts) == 3 and not problem:
        path = f"/admin/object/{named.policy}/{device.device}/{named.key.hex()}"
        where, _ = answer(lambda: outside.ask((device.ip, device.port), path))
        replica["where"] = where or {}
        if found is not None and LAYOUT in found.system_metadata:
            replica["fragments"] = _fragments(outside, named, device, found)
    return replica


def _fragments(
    outside: Outside, named: Named, device: Device, state: ObjectState
) -> list[int]:
    """The indexes of the object's fragments that a device has."""
    node = outside.node(named.ring_name, device, fragment_space(named.policy))
    count = len(named.primaries)
    looked = look_at_fragments([node] * count, named.key, state, read=False)
    return [index for index in range(count) if index not in looked.problems]


def _fields(
    found: ObjectState | DatabaseInfo | None, fields: tuple[str, ...]
) -> dict[str, Any] | None:
    if found is None:
        return None
    return {name: getattr(found, name) for name in fields}


def differences(replicas: list[dict[str, Any]]) -> set[str]:
    """The fields in which replicas do not agree; ``state`` when some have none, or
    could not be asked."""
    states = [replica["state"] for replica in replicas]
    problems = any(replica["problem"] for replica in replicas)
    known = [state for state in states if state is not None]
    found = {name for state in known for name in state if state[name] != known[0][name]}
    if problems or (known and len(known) < len(states)):
        found.add("state")
    return found


def _print(named: Named, replicas: list[dict[str, Any]], differing: set[str]) -> None:
    console.print(f"name       {named.path}")
    console.print(f"ring       {named.ring_name}, partition {named.partition}")
    console.print(f"key        {named.key.hex()}")
    columns = [f"{each['role']}\n{each['device']}" for each in replicas]
    fields = _STATE_FIELDS if len(named.parts) == 3 else _INFO_FIELDS
    rows: list[list[Any]] = [["state", *(_summary(each) for each in replicas)]]
    for name in fields:
        usual = _usual(name, replicas[: len(named.primaries)])
        cells: list[Any] = []
        for replica in replicas:
            state = replica["state"]
            text = "" if state is None else _text(name, state[name])
            is_odd = name in differing and state is not None and text != usual
            cells.append(bad(text) if is_odd else text)
        rows.append([name.replace("_", " "), *cells])
    if any("fragments" in replica for replica in replicas):
        texts = [", ".join(map(str, each.get("fragments", ()))) for each in replicas]
        rows.append(["fragments", *texts])
    if len(named.parts) == 3:
        rows.append(["lies in", *(_place(each.get("where", {})) for each in replicas)])
    print_table("", ("", *columns), rows)
    if differing:
        console.print(bad(f"the primaries differ: {', '.join(sorted(differing))}"))
    else:
        console.print("the primaries agree")


def _summary(replica: dict[str, Any]) -> Any:
    if replica["problem"]:
        return bad(replica["problem"])
    if replica["state"] is None:
        return "nothing here" if "handoff" in replica["role"] else bad("nothing here")
    return "here" if replica["state"]["exists"] else "deleted"


def _usual(name: str, replicas: list[dict[str, Any]]) -> str:
    texts = [_text(name, each["state"][name]) for each in replicas if each["state"]]
    return Counter(texts).most_common(1)[0][0] if texts else ""


def _text(name: str, value: Any) -> str:
    if name in _TIMES:
        return when(value)
    if isinstance(value, dict):
        return "\n".join(f"{key}: {text}" for key, text in sorted(value.items()))
    return str(value)


def _place(where: dict[str, Any]) -> str:
    """Where the record is, and the body."""
    parts = []
    if record := where.get("record"):
        parts.append(f"log segment {record[0]} at {record[1]}")
    if "file" in where:
        parts.append(f"body file {Path(where['file']).name}")
    elif body := where.get("body"):
        parts.append(f"body in segment {body[0]} at {body[1]}")
    if where.get("row_owed"):
        parts.append("row owed")
    if quarantined := where.get("quarantined"):
        parts.append(f"quarantined: {quarantined['why']}")
    return "\n".join(parts)
