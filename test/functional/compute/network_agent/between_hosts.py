"""What goes from host to host, and what a listener on the wire sees of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from compute.network.agent.desired.encryption import PORT
from compute.network.agent.host.tunnel_key import own_public_key
from compute.network.agent.model import TUNNEL_PORT
from compute.network.agent.names import wireguard_device
from compute.network.view import HostView, Network, Remote, SecurityGroup
from compute.network.view_wire import encode_view
from objectstore.kernel import concurrency
from test.functional.compute.network_agent.cloud import (
    Cloud,
    any_egress,
    lets_in,
    make_id,
    make_network,
    make_port,
    wait_for,
)
from test.functional.compute.network_agent.guests import Guest, run

NEAR, FAR = "192.0.2.1", "192.0.2.2"
WIRE, FAR_WIRE = "wire0", "wire1"
FAR_PLACE = "far"
INSIDE_FAR = ("nsenter", f"--net=/run/netns/{FAR_PLACE}")
MTU = 1500 - 130
SECRET = b"ring"
IP_HEADERS = 28
FRAME_BYTES_MAX = 14 + 1500


class FarHost:
    """The other host, as a process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        module = "test.functional.compute.network_agent.far_host"
        words = [*INSIDE_FAR, sys.executable, "-m", module, str(directory), FAR, "red2"]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.key = self._line()

    def settle(self, view: HostView) -> str:
        """Give it the view; what is the matter when it has done what it can."""
        (self.directory / "view").write_bytes(encode_view(view))
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()
        return self._line()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        concurrency.offload(self.process.wait)

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = concurrency.offload(self.process.stdout.readline)
        assert line, "the far host is gone"
        return str(line.decode().strip())


class Listener:
    """Somebody who has come to the wire."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "frames"
        program = str(Path(__file__).parent / "listen.py")
        self._process = subprocess.Popen(
            [sys.executable, program, WIRE, str(self._file)], stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert concurrency.offload(self._process.stdout.readline) == b"open\n"
        self._read = 0

    def heard(self) -> list[bytes]:
        """The frames since it was asked last."""
        lines = self._file.read_text().splitlines()
        new, self._read = lines[self._read :], len(lines)
        return [bytes.fromhex(line) for line in new]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def lay_wire() -> None:
    """To a namespace that stands for the other host."""
    run("ip", "netns", "add", FAR_PLACE)
    peer = ("peer", "name", FAR_WIRE, "netns", FAR_PLACE)
    run("ip", "link", "add", WIRE, "type", "veth", *peer)
    for inside, address, device in (((), NEAR, WIRE), (INSIDE_FAR, FAR, FAR_WIRE)):
        run(*inside, "ip", "link", "set", "lo", "up")
        run(*inside, "ip", "address", "add", f"{address}/24", "dev", device)
        run(*inside, "ip", "link", "set", device, "up")


def views(encrypts: bool, near_key: str, far_key: str) -> tuple[HostView, HostView]:
    """A network with a guest on each host."""
    red = replace(make_network("red", 1), mtu=MTU, segment=4096)
    web = make_id("web")
    one = make_port("red1", red, 11, security_groups=(web,))
    two = make_port("red2", red, 12, security_groups=(web,))
    group = SecurityGroup(web, (*any_egress("web"), lets_in("web", "ping", protocol=1)))

    def view(host: str, network: Network, port: object) -> HostView:
        return HostView(
            host, 1, (network,), (port,), (group,), encrypts_tunnels=encrypts
        )  # type: ignore[arg-type]

    return (
        view("host-1", replace(red, remotes=(Remote(FAR, (two.mac,), far_key),)), one),
        view("far", replace(red, remotes=(Remote(NEAR, (one.mac,), near_key),)), two),
    )


def is_vxlan(frame: bytes) -> bool:
    return TUNNEL_PORT.to_bytes(2) in (frame[36:38], frame[56:58])


def is_encrypted(frame: bytes) -> bool:
    return frame[36:38] == PORT.to_bytes(2)


def tries(guest: Guest, *options: str) -> bool:
    """A ping full of what nobody else is to read."""
    words = ["ping", "-c", "2", "-i", "0.2", "-W", "1", "-p", SECRET.hex(), *options]
    return " 0% packet loss" in guest.run(*words, "10.1.0.12", check=False)


def is_answered(guest: Guest, *options: str) -> None:
    """It does; on a busy machine WireGuard is slower than a ping waits."""
    wait_for("an answer", lambda: tries(guest, *options))


def is_silent(heard: list[bytes]) -> bool:
    """Whether a listener learned nothing of what the guests said."""
    return not any(is_vxlan(frame) or SECRET * 3 in frame for frame in heard)


@contextmanager
def _both(cloud: Cloud) -> Iterator[tuple[FarHost, Listener]]:
    lay_wire()
    state = cloud.settings.state_directory
    cloud.settings = replace(
        cloud.settings, tunnel_address=NEAR, tunnel_key=own_public_key(state)
    )
    cloud.start_agent()
    with ExitStack() as stack:
        far = FarHost(cloud.directory / "far")
        stack.callback(far.close)
        listener = Listener(cloud.directory)
        stack.callback(listener.close)
        yield far, listener
        far.settle(HostView("far", 1))


def tunnels_are_encrypted(cloud: Cloud) -> None:
    with _both(cloud) as (far, listener):
        key = cloud.settings.tunnel_key
        assert key != far.key
        cloud.control.view, there = views(False, key, far.key)
        cloud.settle()
        assert far.settle(there) == ""
        guest = cloud.boot("red1")
        guest.run("ip", "address", "add", "10.1.0.11/24", "dev", "eth0")
        is_answered(guest)
        assert not is_silent(listener.heard()), "the test hears nothing at all"

        here, there = views(True, key, far.key)
        cloud.change(networks=here.networks, encrypts_tunnels=True)
        assert far.settle(there) == ""
        listener.heard()
        # The longest packets that guests may send need no pieces.
        is_answered(guest, "-M", "do", "-s", str(MTU - IP_HEADERS))
        heard = listener.heard()
        assert is_silent(heard) and any(is_encrypted(frame) for frame in heard)
        assert max(map(len, heard)) == FRAME_BYTES_MAX

        _agents_come_and_go(cloud, guest)
        _no_other_way_is_taken(cloud, guest, listener)
        _only_who_has_a_key(cloud, far, guest, listener)


def _agents_come_and_go(cloud: Cloud, guest: Guest) -> None:
    device = wireguard_device(cloud.settings.tunnel_key)
    before = run("ip", "-o", "link", "show", device)
    cloud.kill_agent()
    is_answered(guest)
    cloud.start_agent()
    cloud.settle()
    assert run("ip", "-o", "link", "show", device) == before
    is_answered(guest)
    # Without the device there is no tunnel that could be in the clear.
    run("ip", "link", "del", device)
    assert "vxlan" not in run("ip", "-d", "link", "show", "type", "vxlan")
    cloud.settle()
    is_answered(guest)


def _no_other_way_is_taken(cloud: Cloud, guest: Guest, listener: Listener) -> None:
    """Not either where a route leads elsewhere, and no agent mends anything."""
    device = wireguard_device(cloud.settings.tunnel_key)
    run("ip", "address", "add", "2001:db8::1/64", "dev", WIRE, "nodad")
    neighbour = ("2001:db8::2", "lladdr", "02:00:00:00:00:02", "dev", WIRE)
    run("ip", "neighbour", "add", *neighbour)
    run("ip", "-6", "route", "add", "default", "via", "2001:db8::2")
    cloud.kill_agent()
    listener.heard()
    for change in ("down", "up"):  # the second without its address
        run("ip", "link", "set", device, change)
        assert not tries(guest)
        assert is_silent(listener.heard())
    cloud.start_agent()
    cloud.settle()
    is_answered(guest)


def _only_who_has_a_key(
    cloud: Cloud, far: FarHost, guest: Guest, listener: Listener
) -> None:
    own = cloud.settings.tunnel_key
    listener.heard()
    for stranger in ("", own):
        here, _ = views(True, own, stranger)
        cloud.control.view = replace(here, revision=cloud.view.revision + 1)
        cloud.agent.look_soon()
        cloud.loop.once()
        assert FAR in cloud.control.reports[-1].problem
        assert not tries(guest)
        assert is_silent(listener.heard())
    here, _ = views(True, own, far.key)
    cloud.change(networks=here.networks)
    is_answered(guest)
