"""How fast guests are on a real kernel: measured, not read back."""

from __future__ import annotations

import math
import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from compute.network.agent.names import speed_device
from compute.network.port_names import tap_name
from compute.network.quality import Bandwidth, Quality
from compute.network.view import FloatingQuality
from objectstore.kernel import concurrency
from test.functional.compute.network_agent.cloud import (
    Cloud,
    lets_in,
    make_id,
    one_network,
    routed_networks,
    wait_for,
)
from test.functional.compute.network_agent.guests import Guest, run

KBPS = 3000
SECONDS = 5.0
# Three times the limit: so much comes through only where there is none.
FAST = 3 * KBPS
# Headers, and what the clocks of two processes disagree by.
SLACK = 1.1
# What TCP makes of a limit at least.
WORTH = 0.7
BURST_KBIT = 200
SLOW = Bandwidth(KBPS, BURST_KBIT)
_MARKS = """table ip marks {
  chain heard {
    type filter hook input priority 0
    ip saddr 10.1.0.11 ip dscp af11 counter accept
    ip saddr 10.1.0.11 counter
  }
}"""
HOST_SIDE = "172.24.4.1"


def is_fast(sender: Any, receiver: Any, address: str, port: int) -> bool:
    """Whether no limit is felt."""
    return rate(sender, receiver, address, port, enough=FAST) > FAST


def rate(
    sender: Any, receiver: Any, address: str, port: int, enough: float = math.inf
) -> float:
    """Kilobits a second that arrive by TCP; a sender is a guest, or the host.  The rest
    of the time is saved when what has arrived is ``enough`` for all of it."""
    listening = _start(receiver, "nc", "-l", "-p", str(port))
    wait_for("the receiver", lambda: _listens(listening, port))
    sending = _start(sender, "sh", "-c", f"exec nc {address} {port} < /dev/zero")
    assert listening.stdout is not None
    stream, began = listening.stdout, time.monotonic()
    most = enough * SECONDS * 1000 / 8

    def count() -> int:
        found = 0
        while time.monotonic() - began < SECONDS and found <= most:
            found += len(os.read(stream.fileno(), 1 << 16))
        return found

    received = concurrency.offload(count)
    seconds = time.monotonic() - began
    for process in (sending, listening):
        process.kill()
        process.wait()
    found = received * 8 / 1000 / seconds
    print(f"{found:.0f} kbit/s to {address}", flush=True)
    return found


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """In the namespace that the process has entered."""
    sockets = Path(f"/proc/{process.pid}/net/tcp").read_text("ascii").splitlines()
    listening = "0A"  # its number in the kernel
    return any(
        line.split()[1].endswith(f":{port:04X}") and line.split()[3] == listening
        for line in sockets[1:]
    )


def _start(where: Guest | None, *words: str) -> subprocess.Popen[bytes]:
    if where is not None:
        return where.start(*words)
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def is_kept(found: float, limit: Bandwidth) -> bool:
    """Whether it is the limit, neither more nor much less."""
    most = limit.kbps + limit.burst_kbit / SECONDS
    return limit.kbps * WORTH <= found <= most * SLACK


def ports_keep_their_speed(cloud: Cloud) -> None:
    """Each direction by itself; what was changed, forgotten or taken away."""
    cloud.control.view = one_network()
    cloud.settle()
    red1, red2 = cloud.boot("red1"), cloud.boot("red2")
    assert red1.dhcp() and red2.dhcp()
    cloud.replace_group("web", lets_in("web", "tcp", protocol=6))
    ways = ((red1, red2, "10.1.0.12"), (red2, red1, "10.1.0.11"))
    for number, (sender, receiver, address) in enumerate(ways):
        assert is_fast(sender, receiver, address, 5100 + number)

    cloud.replace_port("red1", quality=Quality(egress=SLOW))
    assert cloud.control.active_ports() >= {make_id("red1")}
    assert is_kept(rate(red1, red2, "10.1.0.12", 5110), SLOW)
    assert is_fast(red2, red1, "10.1.0.11", 5111)

    faster = replace(SLOW, kbps=2 * KBPS)
    cloud.replace_port("red1", quality=Quality(faster, SLOW))
    assert is_kept(rate(red1, red2, "10.1.0.12", 5120), faster)
    assert is_kept(rate(red2, red1, "10.1.0.11", 5121), SLOW)

    # An agent that remembers nothing, and one whose work somebody has undone.
    cloud.kill_agent()
    cloud.start_agent()
    cloud.settle()
    run("ip", "link", "del", speed_device(make_id("red1")))
    run("tc", "qdisc", "del", "dev", tap_name(make_id("red1")), "root")
    cloud.settle()
    assert is_kept(rate(red1, red2, "10.1.0.12", 5130), faster)
    assert is_kept(rate(red2, red1, "10.1.0.11", 5131), SLOW)

    cloud.replace_port("red1", quality=Quality())
    for number, (sender, receiver, address) in enumerate(ways):
        assert is_fast(sender, receiver, address, 5140 + number)
    assert "htb" not in run("tc", "qdisc", "show")
    assert speed_device(make_id("red1")) not in run("ip", "link", "show")


def packets_bear_their_mark(cloud: Cloud) -> None:
    """Whatever the guest itself writes there."""
    cloud.control.view = one_network()
    cloud.settle()
    red1, red2 = cloud.boot("red1"), cloud.boot("red2")
    assert red1.dhcp() and red2.dhcp()
    cloud.replace_group("web", lets_in("web", "ping", protocol=1))
    cloud.replace_port("red1", quality=Quality(dscp_mark=10))
    red2.run("nft", _MARKS)
    for words in ((), ("-Q", "0xb8")):
        assert " 0% packet loss" in red1.run("ping", "-c", "2", *words, "10.1.0.12")
    lines = red2.run("nft", "list", "table", "ip", "marks").splitlines()
    counted = [
        int(line.split("packets ")[1].split()[0]) for line in lines if "packets" in line
    ]
    assert counted == [4, 0]


def floating_addresses_keep_their_speed(cloud: Cloud) -> None:
    """In both directions, and nobody else behind the same router."""
    view = routed_networks()
    quality = Quality(SLOW, replace(SLOW, kbps=2 * KBPS))
    limit = FloatingQuality(make_id("rt"), "172.24.4.101", quality)
    cloud.control.view = replace(view, floating_qualities=(limit,))
    cloud.settle()
    red1, blue1 = cloud.boot("red1"), cloud.boot("blue1")
    assert red1.dhcp() and blue1.dhcp()
    cloud.replace_group("web", lets_in("web", "tcp", protocol=6))
    assert is_kept(rate(red1, None, HOST_SIDE, 5200), quality.egress)
    assert is_kept(rate(None, red1, "172.24.4.101", 5201), quality.ingress)
    assert is_fast(blue1, None, HOST_SIDE, 5202)
    # Who leaves in the router's own name keeps the gateway's.
    gateway = FloatingQuality(make_id("rt"), "172.24.4.2", Quality(SLOW))
    cloud.change(floating_qualities=(limit, gateway))
    assert is_kept(rate(blue1, None, HOST_SIDE, 5204), SLOW)
    cloud.change(floating_qualities=())
    assert is_fast(red1, None, HOST_SIDE, 5203)
