"""Figures of guests and of the host, out of what libvirt says.  Mostly pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import libvirt

from compute.agent.drivers.libvirt.connection import Connection
from compute.agent.drivers.libvirt.copies import require_active
from compute.agent.drivers.libvirt.domain_xml import METADATA_NAMESPACE
from compute.agent.drivers.libvirt.domains import definition_of, state_of
from compute.agent.guests import DiskUsage, GuestState, GuestUsage, NicUsage

Facts = Mapping[str, Any]
_WANTED = (
    libvirt.VIR_DOMAIN_STATS_VCPU
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_BLOCK
    | libvirt.VIR_DOMAIN_STATS_INTERFACE
)


def read_usage(connection: Connection, uuid: str, now_seconds: float) -> GuestUsage:
    """One active guest's figures (on a native thread)."""
    domain = require_active(connection, uuid, "be measured")
    found = connection.domainListGetStats([domain], _WANTED, 0)
    facts: Facts = found[0][1] if found else {}
    return usage(facts, definition_of(domain), state_of(domain), now_seconds)


def usage(
    facts: Facts, definition: Element, state: GuestState, now_seconds: float
) -> GuestUsage:
    """The port's figures out of libvirt's flat ones and the guest's XML."""
    maximum = int(facts.get("balloon.maximum", 0))
    available = facts.get("balloon.available", maximum)
    unused = facts.get("balloon.unused", 0)  # absent until the guest's driver is up
    started = definition.find(f"./metadata/{{{METADATA_NAMESPACE}}}guest")
    since = float(started.get("started", now_seconds)) if started is not None else 0.0
    return GuestUsage(
        state=state,
        driver="libvirt",
        hypervisor=definition.get("type", "qemu"),
        uptime_seconds=max(0, int(now_seconds - since)),
        cpu_nanoseconds=tuple(
            int(facts.get(f"vcpu.{number}.time", 0))
            for number in range(int(facts.get("vcpu.current", 0)))
        ),
        memory_max_mib=maximum // 1024,
        memory_used_mib=max(0, int(available) - int(unused)) // 1024,
        disks=tuple(_disks(facts)),
        nics=tuple(_nics(facts, definition)),
    )


def _disks(facts: Facts) -> Iterator[DiskUsage]:
    for number in range(int(facts.get("block.count", 0))):
        yield DiskUsage(
            name=str(facts.get(f"block.{number}.name", "")),
            read_bytes=int(facts.get(f"block.{number}.rd.bytes", 0)),
            read_requests=int(facts.get(f"block.{number}.rd.reqs", 0)),
            write_bytes=int(facts.get(f"block.{number}.wr.bytes", 0)),
            write_requests=int(facts.get(f"block.{number}.wr.reqs", 0)),
            errors=int(facts.get(f"block.{number}.errors", -1)),
        )


def _nics(facts: Facts, definition: Element) -> Iterator[NicUsage]:
    macs: dict[str, str] = {}
    for element in definition.iterfind("./devices/interface"):
        target, mac = element.find("target"), element.find("mac")
        if target is not None and mac is not None:
            macs[target.get("dev", "")] = mac.get("address", "")
    for number in range(int(facts.get("net.count", 0))):

        def figure(name: str, number: int = number) -> int:
            return int(facts.get(f"net.{number}.{name}", 0))

        yield NicUsage(
            mac=macs.get(str(facts.get(f"net.{number}.name", "")), ""),
            received_bytes=figure("rx.bytes"),
            received_packets=figure("rx.pkts"),
            received_errors=figure("rx.errs"),
            received_drops=figure("rx.drop"),
            sent_bytes=figure("tx.bytes"),
            sent_packets=figure("tx.pkts"),
            sent_errors=figure("tx.errs"),
            sent_drops=figure("tx.drop"),
        )


def processor_facts(capabilities: str) -> tuple[str, str, tuple[str, ...]]:
    """(model, vendor, features) of the host's processor."""
    processor = fromstring(capabilities).find("./host/cpu")
    if processor is None:
        return "", "", ()
    names = (element.get("name", "") for element in processor.iterfind("feature"))
    return (
        processor.findtext("model", ""),
        processor.findtext("vendor", ""),
        tuple(sorted(filter(None, names))),
    )
