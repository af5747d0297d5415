"""All that one host needs to know of load balancers, and what its agent tells: JSON.

A view is whole: what it does not name must not run on the host.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from compute.balancer.counters import Traffic
from compute.balancer.datagrams import DatagramListener, DatagramMember
from compute.balancer.probes import Probe
from objectstore.kernel.errors import Corrupt

# Raised when a field is added, removed or gets another meaning.
VIEW_VERSION = 4


@dataclass(frozen=True, slots=True)
class Served:
    """A load balancer of the host: ``configuration``: haproxy's, "": it serves nothing
    (yet); ``datagrams``: what the kernel serves; ``problem``: why nobody can say what
    is to be served: what runs, runs on; ``has_keys``: the configuration names files of
    certificates, which are asked for when a process begins."""

    balancer_id: str
    generation: int
    address: str
    configuration: str
    problem: str = ""
    datagrams: Sequence[DatagramListener] = ()
    probes: Sequence[Probe] = ()
    has_keys: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What a host's agent tells of one load balancer.  ``generation``: what it serves;
    ``error``: why it does not serve what it should ("": it does, or will);
    ``servers``: haproxy's words for each member; ``traffic``: of each listener, as the
    process counts it; ``counters``: who counts those of UDP, in its place."""

    balancer_id: str
    generation: int
    error: str = ""
    process: str = ""
    servers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    traffic: Mapping[str, Traffic] = field(default_factory=dict)
    counters: Mapping[str, str] = field(default_factory=dict)


def encode_view(served: Sequence[Served]) -> bytes:
    """A host's view."""
    items = [
        {
            "id": each.balancer_id,
            "generation": each.generation,
            "address": each.address,
            "configuration": each.configuration,
            "problem": each.problem,
            "datagrams": [asdict(one) for one in each.datagrams],
            "probes": [asdict(one) for one in each.probes],
            "has_keys": each.has_keys,
        }
        for each in served
    ]
    return orjson.dumps({"version": VIEW_VERSION, "balancers": items})


def decode_view(data: bytes) -> list[Served]:
    """What ``encode_view`` wrote; ``Corrupt`` for anything else."""
    document = _document(data)
    try:
        return [
            Served(
                str(item["id"]),
                int(item["generation"]),
                str(item["address"]),
                str(item["configuration"]),
                str(item["problem"]),
                tuple(_datagrams(one) for one in item["datagrams"]),
                tuple(Probe(**one) for one in item["probes"]),
                bool(item["has_keys"]),
            )
            for item in document["balancers"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise Corrupt(f"not a view: {error!r}") from None


@dataclass(frozen=True, slots=True)
class Keys:
    """What a process is begun with: the texts of files by name; ``problem``: why there
    are none."""

    problem: str = ""
    files: Mapping[str, str] = field(default_factory=dict, repr=False)


def encode_keys(keys: Keys) -> bytes:
    """What a host asks for."""
    document = {"problem": keys.problem, "files": dict(keys.files)}
    return orjson.dumps({"version": VIEW_VERSION, **document})


def decode_keys(data: bytes) -> Keys:
    """What ``encode_keys`` wrote; ``Corrupt`` for anything else."""
    document = _document(data)
    try:
        files = {str(name): str(text) for name, text in document["files"].items()}
        return Keys(str(document["problem"]), files)
    except (KeyError, AttributeError) as error:
        raise Corrupt(f"no keys: {error!r}") from None


def encode_reports(problem: str, reports: Sequence[Report]) -> bytes:
    """What a host's agent tells."""
    items = [
        {
            "id": each.balancer_id,
            "generation": each.generation,
            "error": each.error,
            "process": each.process,
            "servers": {key: list(words) for key, words in each.servers.items()},
            "traffic": {key: _figures(found) for key, found in each.traffic.items()},
            "counters": dict(each.counters),
        }
        for each in reports
    ]
    document = {"version": VIEW_VERSION, "problem": problem, "balancers": items}
    return orjson.dumps(document)


def decode_reports(data: bytes) -> tuple[str, list[Report]]:
    """What ``encode_reports`` wrote; ``Corrupt`` for anything else."""
    document = _document(data)
    try:
        return str(document["problem"]), [_report(i) for i in document["balancers"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Corrupt(f"not a report: {error!r}") from None


def _report(item: Mapping[str, Any]) -> Report:
    return Report(
        str(item["id"]),
        int(item["generation"]),
        str(item["error"]),
        str(item["process"])[:64],
        {
            str(key): [str(word) for word in words]
            for key, words in item["servers"].items()
        },
        {
            str(key): Traffic(*(int(figure) for figure in found))
            for key, found in item["traffic"].items()
        },
        {str(key): str(who)[:64] for key, who in item["counters"].items()},
    )


def _datagrams(item: Mapping[str, Any]) -> DatagramListener:
    members = tuple(DatagramMember(**one) for one in item["members"])
    return DatagramListener(**{**item, "members": members})


def _figures(found: Traffic) -> list[int]:
    return [getattr(found, name) for name in Traffic.__slots__]


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Corrupt(f"not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("version") != VIEW_VERSION:
        raise Corrupt("neither a view nor a report of our version")
    return document
