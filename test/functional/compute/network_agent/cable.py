"""A cable between taps in two namespaces, as a process: what QEMU is to a guest.

    python -m test.functional.compute.network_agent.cable TAP NAMESPACE DEVICE MAC VLAN

Opens the tap in this namespace and makes another one, ``DEVICE`` with the address
``MAC``, in the guest's, prints a line when both are plugged in, and copies frames.
With four more words for each it plays a guest with devices of VLANs as well, which not
every kernel has.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import sys

from pyroute2 import IPRoute, netns

TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
FRAME_BYTES_MAX = 65536
DOT1Q = 0x8100


def open_tap(name: str) -> int:
    handle = os.open("/dev/net/tun", os.O_RDWR)
    request = struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI)
    fcntl.ioctl(handle, TUNSETIFF, request)
    return handle


class End:
    """A device in a guest's namespace; ``vlan``: what its frames are tagged with on the
    cable (0: nothing), as a guest with such a device would do itself."""

    def __init__(self, namespace: str, device: str, mac: str, vlan: int) -> None:
        netns.setns(namespace)
        self.handle = open_tap(device)
        self.vlan = vlan
        with IPRoute() as netlink:
            (index,) = netlink.link_lookup(ifname=device)
            netlink.link("set", index=index, address=mac, state="up")


def tagged(frame: bytes, vlan: int) -> bytes:
    return frame[:12] + struct.pack("!HH", DOT1Q, vlan) + frame[12:] if vlan else frame


def vlan_of(frame: bytes) -> int:
    kind, tag = struct.unpack("!HH", frame[12:16])
    return tag & 0xFFF if kind == DOT1Q else 0


def main(tap: str, *ends: str) -> None:
    outside = open_tap(tap)
    words = iter(ends)
    inside = [
        End(namespace, device, mac, int(vlan))
        for namespace, device, mac, vlan in zip(words, words, words, words, strict=True)
    ]
    print("plugged in", flush=True)
    by_handle = {end.handle: end for end in inside}
    by_vlan = {end.vlan: end for end in inside}
    while True:
        for handle in select.select([outside, *by_handle], [], [])[0]:
            try:
                frame = os.read(handle, FRAME_BYTES_MAX)
            except OSError:
                return  # the tap was taken away
            if handle == outside:
                end = by_vlan.get(vlan_of(frame), by_vlan[0])
                target = end.handle
                frame = frame[:12] + frame[16:] if end.vlan else frame
            else:
                target, frame = outside, tagged(frame, by_handle[handle].vlan)
            try:
                os.write(target, frame)
            except OSError:
                continue  # that end is down: the frame is lost, as on any cable


if __name__ == "__main__":
    main(*sys.argv[1:])
