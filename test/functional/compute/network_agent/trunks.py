"""What guests of trunks send and hear: frames with tags, and real packets in them."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compute.network.agent.names import trunk_device
from compute.network.port_names import OWNER_DHCP, tap_name
from compute.network.quality import Quality
from compute.network.view import HostView, SecurityGroup
from objectstore.kernel import concurrency
from test.functional.compute.network_agent import speeds
from test.functional.compute.network_agent.cloud import (
    HOST_NAME,
    Cloud,
    any_egress,
    lets_in,
    make_id,
    make_network,
    make_port,
    wait_for,
)
from test.functional.compute.network_agent.guests import Guest, run

VLAN, NO_VLAN = 100, 101
DOT1Q, DOT1AD = 0x8100, 0x88A8
IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
EVERYBODY = "ff:ff:ff:ff:ff:ff"
HERE = Path(__file__).parent


def trunk_of_two() -> HostView:
    """``red1`` is a trunk; ``blue1`` its subport; ``red2`` and ``blue2`` have guests of
    their own.  All are in the group ``web``."""
    web = make_id("web")
    red, blue = make_network("red", 1), make_network("blue", 2)
    parent = make_port("red1", red, 11, security_groups=(web,))
    ports = [
        make_port("red dhcp", red, 2, OWNER_DHCP),
        make_port("blue dhcp", blue, 2, OWNER_DHCP),
        parent,
        make_port("red2", red, 12, security_groups=(web,)),
        make_port(
            "blue1",
            blue,
            11,
            "trunk:subport",
            security_groups=(web,),
            trunk_port_id=parent.id,
            vlan=VLAN,
        ),
        make_port("blue2", blue, 12, security_groups=(web,)),
    ]
    group = SecurityGroup(web, any_egress("web"))
    return HostView(HOST_NAME, 1, (red, blue), tuple(ports), (group,))


def furnished(cloud: Cloud) -> tuple[Guest, Guest, Guest, Guest]:
    """Everybody has an address and may be pinged."""
    cloud.control.view = trunk_of_two()
    cloud.settle()
    cloud.replace_group("web", lets_in("web", "ping", protocol=1))
    trunk, subport = cloud.boot("red1", "blue1"), cloud.guests["blue1"]
    red2, blue2 = cloud.boot("red2"), cloud.boot("blue2")
    for guest, address in (
        (trunk, "10.1.0.11"),
        (subport, "10.2.0.11"),
        (red2, "10.1.0.12"),
        (blue2, "10.2.0.12"),
    ):
        assert guest.dhcp()["ip"] == address
    return trunk, subport, red2, blue2


def a_trunk_carries_its_subports(cloud: Cloud) -> None:
    trunk, subport, red2, blue2 = furnished(cloud)
    assert make_id("blue1") in cloud.control.active_ports()
    assert subport.pings("10.2.0.12") and trunk.pings("10.1.0.12")
    assert blue2.pings("10.2.0.11") and red2.pings("10.1.0.11")
    # Each port's own groups.
    cloud.replace_port("blue1", security_groups=())
    assert not blue2.pings("10.2.0.11") and red2.pings("10.1.0.11")
    cloud.replace_port("blue1", security_groups=(make_id("web"),))
    # Traffic lives without the agent, and a new one finds nothing to do.
    cloud.kill_agent()
    assert blue2.pings("10.2.0.11")
    cloud.start_agent()
    before = programs()
    cloud.settle()
    assert blue2.pings("10.2.0.11") and programs() == before
    # What somebody takes away comes back: a program, a device.
    run("tc", "qdisc", "del", "dev", tap_name(make_id("red1")), "clsact")
    run("ip", "link", "set", trunk_device(make_id("blue1")), "down")
    assert not blue2.pings("10.2.0.11")
    cloud.settle()
    assert blue2.pings("10.2.0.11") and subport.pings("10.2.0.12")
    # Another id: the guest is not heard by the old one.
    cloud.replace_port("blue1", vlan=NO_VLAN)
    assert not subport.pings("10.2.0.12") and trunk.pings("10.1.0.12")
    cloud.replace_port("blue1", vlan=VLAN)
    assert subport.pings("10.2.0.12")
    # A trunk is one no more, and goes on as the port that it was.
    cloud.change(ports=tuple(x for x in cloud.view.ports if x.id != make_id("blue1")))
    assert not subport.pings("10.2.0.12") and trunk.pings("10.1.0.12")
    assert programs() == ""
    assert trunk_device(make_id("blue1")) not in run("ip", "-o", "link")


def programs() -> str:
    """The programs that stand at devices, with the kernel's numbers of them."""
    found = []
    for line in run("tc", "qdisc", "show").splitlines():
        if line.startswith(("qdisc clsact", "qdisc ingress")):
            device = line.split()[4]
            found.append(run("tc", "filter", "show", "dev", device, "ingress"))
    return "".join(found)


def frame(source: str, payload: bytes, *tags: tuple[int, int], kind: int = IPV4) -> str:
    """A broadcast frame, tagged with these, in hexadecimal digits."""
    address = bytes.fromhex(source.replace(":", ""))
    middle = b"".join(struct.pack("!HH", kind, vlan) for kind, vlan in tags)
    whole = b"\xff" * 6 + address + middle + struct.pack("!H", kind) + payload
    return whole.hex()


def packet(
    source: str, word: bytes, ports: tuple[int, int] = (4000, 4000), piece: int = 0
) -> bytes:
    """A UDP packet to everybody that says the word; ``piece``: the fields of its head
    by which it is but a fragment."""
    udp = struct.pack("!HHHH", *ports, 8 + len(word), 0) + word
    head = struct.pack(
        "!BBHHHBBH4s4s",
        *(0x45, 0, 20 + len(udp), 1, piece, 64, 17, 0),
        socket.inet_aton(source),
        b"\xff" * 4,
    )
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    check = struct.pack("!H", ~total & 0xFFFF)
    return head[:10] + check + head[12:] + udp


def false_claims(mac: str) -> dict[bytes, tuple[int, bytes]]:
    """By the word that each says, what no guest may say on any network: the kind of
    frame, and what is in it."""
    sender = bytes.fromhex(mac.replace(":", ""))
    gateway, nobody = socket.inet_aton("10.2.0.1"), bytes(6)
    arp = struct.pack("!HHBBH", 1, IPV4, 6, 4, 2) + sender + gateway + nobody + gateway
    router = socket.inet_pton(socket.AF_INET6, "fe80::1")
    everybody = socket.inet_pton(socket.AF_INET6, "ff02::1")
    advert = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + b"a router"
    ahead = struct.pack("!IHBB", 6 << 28, len(advert), 58, 255) + router + everybody
    return {
        b"an address": (ARP, arp + b"an address"),
        b"a router": (IPV6, ahead + advert),
        b"a lease": (IPV4, packet("10.2.0.11", b"a lease", (67, 68))),
        b"first piece": (IPV4, packet("10.2.0.77", b"first piece", piece=0x2000)),
        b"last piece": (IPV4, packet("10.2.0.77", b"last piece", piece=5)),
        b"no kind": (0x88B5, b"no kind"),
    }


def stray_frames(own: str, his: str) -> dict[bytes, str]:
    """By the word that each says, what must get nowhere of what a trunk may send;
    ``own``: its address, ``his``: its subport's."""
    tagged: dict[bytes, tuple[str, str, int, int]] = {
        b"unknown": (his, "10.2.0.11", DOT1Q, NO_VLAN),
        b"nobody's": (his, "10.2.0.11", DOT1Q, 0),
        b"urgent": (his, "10.2.0.11", DOT1Q, 7 << 13),
        b"reserved": (his, "10.2.0.11", DOT1Q, 4095),
        b"another kind": (his, "10.2.0.11", DOT1AD, VLAN),
        b"not its address": (his, "10.2.0.77", DOT1Q, VLAN),
        b"not its MAC": (own, "10.2.0.11", DOT1Q, VLAN),
    }
    nested = {
        b"twice": ((DOT1Q, VLAN), (DOT1Q, 7)),
        b"itself within": ((DOT1Q, VLAN), (DOT1Q, VLAN)),
        b"zero within": ((DOT1Q, VLAN), (DOT1Q, 0)),
        b"within zero": ((DOT1Q, 0), (DOT1Q, VLAN)),
        b"within a service's": ((DOT1AD, VLAN), (DOT1Q, VLAN)),
        b"a service's within": ((DOT1Q, VLAN), (DOT1AD, 7)),
        b"three times": ((DOT1Q, VLAN), (DOT1Q, 0), (DOT1Q, VLAN)),
    }
    return {
        **{
            word: frame(mac, packet(address, word), (kind, tag))
            for word, (mac, address, kind, tag) in tagged.items()
        },
        **{
            word: frame(his, packet("10.2.0.11", word), *tags)
            for word, tags in nested.items()
        },
        **{
            word: frame(his, payload, (DOT1Q, VLAN), kind=kind)
            for word, (kind, payload) in false_claims(his).items()
        },
    }


@contextmanager
def overheard(guest: Guest) -> Iterator[Path]:
    """A file of all frames that the guest hears, meanwhile."""
    heard = guest.directory / "heard"
    listener = guest.start(sys.executable, str(HERE / "listen.py"), "eth0", str(heard))
    assert listener.stdout is not None
    assert concurrency.offload(listener.stdout.readline) == b"open\n"
    try:
        yield heard
    finally:
        listener.kill()
        listener.wait()


def say(guest: Guest, told: str) -> None:
    guest.run(sys.executable, str(HERE / "say.py"), "eth0", told)


def tags_lead_nowhere_else(cloud: Cloud) -> None:
    trunk, subport, red2, blue2 = furnished(cloud)
    cloud.replace_group("web", lets_in("web", "all"))
    # Of who has no rules to obey: whatever he says is on the network.
    cloud.replace_port("red2", security_groups=(), port_security=False)
    own, his = trunk.port.mac, subport.port.mac
    with (
        overheard(trunk) as at_trunk,
        overheard(subport) as at_subport,
        overheard(red2) as at_red,
        overheard(blue2) as at_blue,
    ):
        strays = stray_frames(own, his)
        for text in strays.values():
            say(trunk, text)
        for word, tag in ((b"good tagged", VLAN), (b"good in a hurry", 5 << 13 | VLAN)):
            say(trunk, frame(his, packet("10.2.0.11", word), (DOT1Q, tag)))
        say(trunk, frame(own, packet("10.1.0.11", b"good plain")))
        red = red2.port.mac
        for kind, word in ((DOT1Q, b"a neighbour's tag"), (DOT1AD, b"another of his")):
            say(red2, frame(red, packet("10.1.0.12", word), (kind, VLAN)))
        say(red2, frame(red, packet("10.1.0.12", b"good neighbour")))
        say(blue2, frame(blue2.port.mac, packet("10.2.0.12", b"good answer")))
        expected = {
            at_blue: {b"good tagged", b"good in a hurry", b"good answer"},
            at_subport: {b"good tagged", b"good in a hurry", b"good answer"},
            at_red: {
                b"good plain",
                b"a neighbour's tag",
                b"another of his",
                b"good neighbour",
            },
            at_trunk: {b"good neighbour"},
        }
        words = {*strays, *(x for found in expected.values() for x in found)}

        def heard(file: Path) -> set[bytes]:
            text = file.read_text()
            return {word for word in words if word.hex() in text}

        wait_for("of the subport", lambda: expected[at_blue] <= heard(at_blue))
        wait_for("for the subport", lambda: b"good answer" in heard(at_subport))
        wait_for("of neighbours", lambda: b"good neighbour" in heard(at_trunk))
        wait_for("of the trunk", lambda: b"good plain" in heard(at_red))
        print({file.parent.name: heard(file) for file in expected}, flush=True)
        assert heard(at_blue) == expected[at_blue]
        assert heard(at_trunk) & {b"a neighbour's tag", b"another of his"} == set()
        assert heard(at_subport) & {b"a neighbour's tag", b"another of his"} == set()
        assert not heard(at_red) & {*strays, b"good answer"}


def speeds_of_a_trunk_are_each_its_own(cloud: Cloud) -> None:
    trunk, subport, red2, blue2 = furnished(cloud)
    cloud.replace_group("web", lets_in("web", "all"))
    cloud.replace_port("red1", quality=Quality(speeds.SLOW, speeds.SLOW))
    # The queue of the trunk's own speed has come in the place of the program's; how
    # slow that is, others measure.
    assert speeds.is_fast(subport, blue2, "10.2.0.12", 5101)
    assert speeds.is_fast(blue2, subport, "10.2.0.11", 5102)
    cloud.replace_port("red1", quality=Quality())
    assert speeds.is_fast(trunk, red2, "10.1.0.12", 5103)
    assert subport.pings("10.2.0.12")
