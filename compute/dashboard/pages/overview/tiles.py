"""At a glance: how many of everything there are, what runs, what is wrong.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from compute.dashboard.frame import formats
from compute.dashboard.frame.panels import Tile
from compute.dashboard.frame.view import Action, Badge, Said
from compute.dashboard.rooms import Answers

# As many are looked at for what is wrong with them.
COUNTED_MAX = 1000
Thing = Mapping[str, Any]


def tiles_of(found: Answers) -> list[Tile]:
    """One for each kind that there is a service of."""
    made = [_servers(found), _volumes(found), _addresses(found), _balancers(found)]
    made += [_stacks(found), _alarms(found), _objects(found)]
    return [each for each in made if each is not None]


def _servers(found: Answers) -> Tile | None:
    limits = found.get("limits", {}).get("limits", {}).get("absolute", {})
    if not limits:
        return None
    total = int(limits.get("totalInstancesUsed", 0))
    running = len(found.get("running", {}).get("servers", ()))
    failed = len(found.get("failed", {}).get("servers", ()))
    badges = _badges((running, "running", "good"), (failed, "in error", "bad"))
    if (rest := total - running - failed) > 0:
        badges += _badges((rest, "not running", "idle"))
    return Tile("Servers", formats.number(total), "/servers", badges, "server")


def _volumes(found: Answers) -> Tile | None:
    limits = found.get("volumes", {}).get("limits", {}).get("absolute", {})
    if not limits:
        return None
    total = int(limits.get("totalVolumesUsed", 0))
    failed = len(found.get("failed_volumes", {}).get("volumes", ()))
    space = f"{formats.number(limits.get('totalGigabytesUsed', 0))} GiB"
    badges = _badges((failed, "in error", "bad"))
    if total:
        badges.insert(0, Badge(space, "idle"))
    return Tile("Volumes", formats.number(total), "/volumes", badges, "drive")


def _addresses(found: Answers) -> Tile | None:
    quota = found.get("networks", {}).get("quota", {})
    if "network" not in quota:
        return None
    addresses = quota.get("floatingip", {}).get("used", 0)
    badges = _badges((addresses, "floating", "idle"))
    total = formats.number(quota["network"]["used"])
    return Tile("Networks", total, "/networks", badges, "network")


def _balancers(found: Answers) -> Tile | None:
    balancers = found.get("balancers", {}).get("loadbalancers")
    if balancers is None:
        return None
    states = [each["operating_status"] for each in balancers]
    failed = sum(each["provisioning_status"] == "ERROR" for each in balancers)
    badges = _badges(
        (states.count("ONLINE"), "online", "good"),
        (states.count("DEGRADED"), "degraded", "warn"),
        (max(failed, states.count("ERROR")), "in error", "bad"),
    )
    total = formats.number(len(balancers))
    return Tile("Balancers", total, "/balancers", badges, "balance")


def _stacks(found: Answers) -> Tile | None:
    stacks = found.get("stacks", {}).get("stacks")
    if stacks is None:
        return None
    failed = len(failed_stacks(stacks))
    whole = sum(str(it["stack_status"]).endswith("_COMPLETE") for it in stacks)
    badges = _badges((whole, "complete", "good"), (failed, "failed", "bad"))
    return Tile("Stacks", formats.number(len(stacks)), "/stacks", badges, "layers")


def _alarms(found: Answers) -> Tile | None:
    alarms = found.get("alarms", None)
    if alarms is None:
        return None
    states = [each["state"] for each in alarms if each["enabled"]]
    badges = _badges(
        (states.count("ok"), "ok", "good"), (_rung(alarms), "ringing", "bad")
    )
    return Tile("Alarms", formats.number(len(alarms)), "/alarms", badges, "bell")


def _objects(found: Answers) -> Tile | None:
    size, count = found.get("objects", (None, 0))
    if size is None:
        return None
    badges = [Badge(formats.size(size), "idle")] if count else []
    return Tile("Objects", formats.number(count), "/objects", badges, "bucket")


def _badges(*counts: tuple[int, str, str]) -> list[Badge]:
    return [
        Badge(f"{formats.number(count)} {word}", tone)
        for count, word, tone in counts
        if count
    ]


def _rung(alarms: Iterable[Thing]) -> int:
    return sum(each["enabled"] and each["state"] == "alarm" for each in alarms)


def failed_stacks(stacks: Sequence[Thing]) -> list[Thing]:
    """Those that ended badly."""
    return [each for each in stacks if "FAILED" in str(each["stack_status"])]


def wrong(found: Answers) -> list[Said]:
    """What somebody should look at, each with the way there."""
    stacks = found.get("stacks", {}).get("stacks") or ()
    balancers = found.get("balancers", {}).get("loadbalancers") or ()
    ill = [
        each
        for each in balancers
        if "ERROR" in (each["provisioning_status"], each["operating_status"])
    ]
    counts = (
        (len(found.get("failed", {}).get("servers", ())), "server", "in error",
         "/servers?status=ERROR"),
        (len(found.get("failed_volumes", {}).get("volumes", ())), "volume", "in error",
         "/volumes?status=error"),
        (len(ill), "load balancer", "in error", "/balancers"),
        (len(failed_stacks(stacks)), "stack", "failed", "/stacks"),
        (_rung(found.get("alarms", ())), "alarm", "ringing", "/alarms"),
    )  # fmt: skip
    return [
        Said(
            f"{formats.counted(count, noun)} {how}.",
            "bad",
            Action("Look", path, is_form=True),
        )
        for count, noun, how, path in counts
        if count
    ]
