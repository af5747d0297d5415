"""A cable between two taps in two namespaces, as a process: what QEMU is to a guest.

    python -m test.functional.compute.network_agent.cable TAP NAMESPACE DEVICE MAC

Opens the tap in this namespace and makes another one, ``DEVICE`` with the address
``MAC``, in the guest's, prints a line when both are plugged in, and copies frames.
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


def open_tap(name: str) -> int:
    handle = os.open("/dev/net/tun", os.O_RDWR)
    request = struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI)
    fcntl.ioctl(handle, TUNSETIFF, request)
    return handle


def main(tap: str, namespace: str, device: str, mac: str) -> None:
    outside = open_tap(tap)
    netns.setns(namespace)
    inside = open_tap(device)
    with IPRoute() as netlink:
        (index,) = netlink.link_lookup(ifname=device)
        netlink.link("set", index=index, address=mac, state="up")
    print("plugged in", flush=True)
    other = {outside: inside, inside: outside}
    while True:
        for handle in select.select(list(other), [], [])[0]:
            try:
                frame = os.read(handle, FRAME_BYTES_MAX)
            except OSError:
                return  # the tap was taken away
            try:
                os.write(other[handle], frame)
            except OSError:
                continue  # that end is down: the frame is lost, as on any cable


if __name__ == "__main__":
    main(*sys.argv[1:])
