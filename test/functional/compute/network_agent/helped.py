"""Flows that agree upon others, through a router that hides its networks."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path

from compute.network.agent.rules.conntrack_helpers import usable_helpers
from compute.network.view import ConntrackHelper
from objectstore.kernel import concurrency
from test.functional.compute.network_agent.cloud import (
    Cloud,
    lets_in,
    routed_networks,
)
from test.functional.compute.network_agent.guests import Guest

OUTSIDE = "172.24.4.1"
TFTP_PORT = 69
# A read request (RFC 1350): opcode, file, mode.
REQUEST = b"\x00\x01file\x00octet\x00"
ANSWER = b"\x00\x03\x00\x01content"
ANSWER_SECONDS = 2.0
CLIENT = """
import socket, sys
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(float(sys.argv[3]))
asking.sendto(bytes.fromhex(sys.argv[2]), (sys.argv[1], 69))
try:
    print(asking.recv(1000).hex())
except TimeoutError:
    print("nothing")
"""


def what_flows_agree_upon_is_let_through(cloud: Cloud) -> None:
    """A server of TFTP answers from another port than the one that was asked."""
    view = routed_networks()
    cloud.control.view = view
    cloud.settle()
    assert ("tftp", "udp") in usable_helpers()
    # One without a floating address, and whose own rules let the answer in.
    guest = cloud.boot("blue1")
    cloud.replace_group("web", lets_in("web", "udp", protocol=17))
    assert guest.dhcp()
    assert not _is_answered(cloud.directory, guest)
    (router,) = cloud.view.routers
    helpers = (ConntrackHelper("tftp", "udp", TFTP_PORT),)
    cloud.change(routers=(replace(router, helpers=helpers),))
    assert _is_answered(cloud.directory, guest)
    cloud.change(routers=(router,))
    assert not _is_answered(cloud.directory, guest)


def _is_answered(directory: Path, guest: Guest) -> bool:
    program = directory / "ask.py"
    program.write_text(CLIENT)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((OUTSIDE, TFTP_PORT))
        server.settimeout(ANSWER_SECONDS)
        words = (OUTSIDE, REQUEST.hex(), str(ANSWER_SECONDS))
        asking = guest.start(sys.executable, str(program), *words)
        _, address = concurrency.offload(server.recvfrom, 1000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answering:
            answering.bind((OUTSIDE, 0))
            answering.sendto(ANSWER, address)
            said, _ = concurrency.offload(asking.communicate)
    return bytes(said).decode().strip() == ANSWER.hex()
