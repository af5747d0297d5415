"""This machine's devices without servers: for running a daemon while they are stopped.

The other machines' devices are reached over HTTP as always, so they may serve.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from objectstore.app.addresses import own_addresses
from objectstore.app.devices import LocalDevices
from objectstore.app.directory import NodeDirectory, Peers
from objectstore.app.neighbours import Neighbours
from objectstore.app.open_device import OpenDevice
from objectstore.app.rings import RingFiles
from objectstore.app.row_sender import RowSender
from objectstore.kernel.client import ClientPool
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.http.identity_file import caller_identity
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.proxy.rounds.placement import Placement
from objectstore.settings import StoreSettings


@contextmanager
def standalone_devices(settings: StoreSettings) -> Iterator[list[OpenDevice]]:
    """All of this machine's devices, open; their loops are not started.

    ``Unavailable`` when one cannot be had, such as when a server owns it.
    """
    clock = SystemClock()
    rings = RingFiles(settings.server.rings, settings.policies, clock.monotonic)
    pool = ClientPool(settings.client, clock)
    address = settings.node_address
    own = frozenset((ip, address.port) for ip in own_addresses(address.host))
    devices = LocalDevices(
        settings,
        SystemDisk(),
        clock,
        HybridClock(clock),
        RowSender(lambda: placement, clock, settings.server.reclaim_age),
        Neighbours(rings.current, lambda: directory),
    )
    peers = Peers(
        pool,
        settings.cluster.secret,
        settings.client.response_timeout,
        caller_identity(settings.tls, clock.monotonic),
    )
    directory = NodeDirectory(devices.nodes, {}, own, peers)
    now, cluster = rings.current(), settings.cluster
    placement = Placement(
        now.objects,
        now.container,
        now.account,
        directory,
        hash_prefix=cluster.hash_prefix.encode(),
        hash_suffix=cluster.hash_suffix.encode(),
    )
    names, _ = Neighbours(rings.current, lambda: directory).own_devices()
    try:
        devices.open(names)
        if devices.unserved:
            name, why = next(iter(devices.unserved.items()))
            raise Unavailable(f"device {name}: {why}")
        yield list(devices.opened.values())
    finally:
        devices.close()
        pool.close()
