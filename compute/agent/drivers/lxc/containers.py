"""Acts upon libvirt's containers: plain functions for native threads, as those of
``libvirt.domains``, and what those cannot know."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import libvirt

from compute.agent.drivers.libvirt.connection import Connection, Domain
from compute.agent.drivers.libvirt.domain_xml import METADATA_NAMESPACE
from compute.agent.drivers.libvirt.domains import (
    definition_of,
    end,
    find,
    is_ours,
    require,
    state_of,
)
from compute.agent.drivers.lxc import consoles, links, remains
from compute.agent.drivers.lxc.container_xml import CONSOLE_LOG, SERIAL_SOCKET
from compute.agent.drivers.lxc.identities import free_range
from compute.agent.drivers.lxc.inits import power_off_signal
from compute.agent.guests import ACTIVE_STATES, GuestState, GuestUsage, NicUsage
from objectstore.kernel.errors import Unavailable

# The network agent may make a tap anew in the moment after it was taken away.
CREATE_TRIES = 5
CREATE_PAUSE_SECONDS = 0.2
# A console's terminal is there as soon as its container is, or a little later.
TERMINAL_TRIES = 50
TERMINAL_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Card:
    """A card of a container, as its definition has it."""

    mac: str
    tap: str
    bridge: str
    mtu: int | None = None


def define(connection: Connection, uuid: str, text: Callable[[int], str]) -> int:
    """Define what ``text`` makes of the first of a free range of users; that.  One at
    a time: two would take the same range."""
    used = {
        int(element.get("target", "0"))
        for domain in connection.listAllDomains()
        if domain.UUIDString() != uuid
        for element in definition_of(domain).iterfind("./idmap/uid")
    }
    first_id = free_range(used)
    connection.defineXML(text(first_id))
    return first_id


def first_id(connection: Connection, uuid: str) -> int:
    """The first of a defined container's users."""
    element = definition_of(require(connection, uuid)).find("./idmap/uid")
    return 0 if element is None else int(element.get("target", "0"))


def cards(connection: Connection, uuid: str) -> list[Card]:
    """Those of its definition; none when it has none."""
    domain = find(connection, uuid)
    return [] if domain is None else list(map(_card, _interfaces(domain)))


def _interfaces(domain: Domain) -> list[Element]:
    return definition_of(domain).findall("./devices/interface")


def _card(element: Element) -> Card:
    def value(tag: str, name: str) -> str:
        found = element.find(tag)
        return "" if found is None else found.get(name, "")

    return Card(
        value("mac", "address"), value("target", "dev"), value("source", "bridge")
    )


def create(connection: Connection, uuid: str) -> None:
    """Let a defined container begin."""
    domain = require(connection, uuid)
    taps = [card.tap for card in map(_card, _interfaces(domain))]
    _in_place_of(taps, domain.create)


def plug(connection: Connection, uuid: str, text: str, tap: str) -> None:
    """Give a running container a card."""
    domain = require(connection, uuid)

    def attach() -> None:
        domain.attachDeviceFlags(text, libvirt.VIR_DOMAIN_AFFECT_LIVE)

    _in_place_of([tap], attach)


def _in_place_of(taps: list[str], act: Callable[[], object]) -> None:
    """``act`` makes devices with the taps' names; the taps are in its way."""
    for attempt in range(1, CREATE_TRIES + 1):
        for tap in taps:
            links.make_way(tap)
        try:
            act()
            return
        except libvirt.libvirtError as error:
            if "exists" not in str(error) or attempt == CREATE_TRIES:
                raise
        time.sleep(CREATE_PAUSE_SECONDS)


def attend(connection: Connection, uuid: str) -> None:
    """What a container that has begun wants of its host: its console carried, its
    cards' outer ends as they should be.  Fine when that is so, or it has ended."""
    domain = find(connection, uuid)
    if domain is None or state_of(domain) not in ACTIVE_STATES:
        return
    for card in map(_card, _interfaces(domain)):
        links.dress(card.tap, None)
    log, socket_path = fact(domain, CONSOLE_LOG), fact(domain, SERIAL_SOCKET)
    if not log or not socket_path:
        return
    for _ in range(TERMINAL_TRIES):
        console = definition_of(domain).find("./devices/console/source")
        terminal = "" if console is None else console.get("path", "")
        if terminal:
            consoles.carry(terminal, log, socket_path)
            return
        time.sleep(TERMINAL_PAUSE_SECONDS)


def fact(domain: Domain, name: str) -> str:
    """What we noted in its definition; "" when nothing."""
    below = f"{{{METADATA_NAMESPACE}}}"
    path = f"./metadata/{below}guest/{below}fact[@name='{name}']"
    return definition_of(domain).findtext(path) or ""


def console_log(connection: Connection, uuid: str) -> str:
    """Where its console is logged."""
    return fact(require(connection, uuid), CONSOLE_LOG)


def active(connection: Connection) -> list[str]:
    """Our containers that have processes."""
    return [
        domain.UUIDString()
        for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
        if is_ours(domain)
    ]


def end_politely(connection: Connection, uuid: str) -> None:
    """Tell its first program to shut down, in that program's own way."""
    init = init_of(connection, uuid)
    with suppress(OSError):  # it has ended
        if init:
            os.kill(init, power_off_signal(os.readlink(f"/proc/{init}/exe")))


def init_of(connection: Connection, uuid: str) -> int:
    """The host's number of its first process; 0 when it has none."""
    domain = find(connection, uuid)
    if domain is None or not domain.isActive():
        return 0
    controller = domain.ID()
    with (
        suppress(OSError),
        open(
            f"/proc/{controller}/task/{controller}/children", encoding="ascii"
        ) as file,
    ):
        children = file.read().split()
        return int(children[0]) if children else 0
    return 0


def end_wholly(connection: Connection, uuid: str) -> None:
    """Its processes are no more.  A paused one first goes on: what is frozen cannot
    die."""
    domain = find(connection, uuid)
    if domain is not None and state_of(domain) is GuestState.PAUSED:
        with suppress(libvirt.libvirtError):
            domain.resume()
    end(connection, uuid)
    if domain is not None:
        remains.end(domain.name())


def read_usage(connection: Connection, uuid: str, now_seconds: float) -> GuestUsage:
    """One active container's figures."""
    domain = require(connection, uuid)
    _, maximum_kib, used_kib, processors, nanoseconds = domain.info()
    definition = definition_of(domain)
    marked = definition.find(f"./metadata/{{{METADATA_NAMESPACE}}}guest")
    started = now_seconds if marked is None else float(marked.get("started", "0"))
    # A container has no processors of its own, only their time.
    share = int(nanoseconds) // max(1, int(processors))
    return GuestUsage(
        state=state_of(domain),
        driver="libvirt",
        hypervisor="lxc",
        uptime_seconds=max(0, int(now_seconds - started)),
        cpu_nanoseconds=(share,) * int(processors),
        memory_max_mib=int(maximum_kib) // 1024,
        memory_used_mib=int(used_kib) // 1024,
        nics=tuple(
            _card_usage(domain, card) for card in map(_card, _interfaces(domain))
        ),
    )


def _card_usage(domain: Domain, card: Card) -> NicUsage:
    try:
        figures = [max(0, int(each)) for each in domain.interfaceStats(card.tap)]
    except libvirt.libvirtError as error:
        raise Unavailable(f"no figures of {card.tap}: {error}") from error
    return NicUsage(card.mac, *figures)
