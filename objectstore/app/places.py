"""Which of the rings' devices are this machine's, and which worker owns which."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from objectstore.app.addresses import own_addresses
from objectstore.app.rings import RingFiles
from objectstore.kernel.client import Address
from objectstore.settings import NODE_ROLES, StoreSettings
from ring.device import Device


class Places:
    """Of worker ``index`` of ``count`` on this machine."""

    def __init__(
        self, settings: StoreSettings, rings: RingFiles, index: int, count: int
    ) -> None:
        self._settings = settings
        self._rings = rings
        self._index = index
        self._count = count
        self.own = self._own_places()

    @property
    def serves_nodes(self) -> bool:
        """Whether this process has devices at all."""
        return any(role in self._settings.server.roles for role in NODE_ROLES)

    def _own_places(self) -> frozenset[tuple[str, int]]:
        """The (ip, port) pairs under which the rings know this machine's devices."""
        if not self.serves_nodes:
            return frozenset()
        address = self._settings.node_address
        return frozenset((ip, address.port) for ip in own_addresses(address.host))

    def own_devices(self) -> dict[str, Device]:
        """This machine's devices in any ring, by name."""
        return {
            device.device: device
            for ring in self._rings.current().all()
            for device in ring.devices
            if device is not None and (device.ip, device.port) in self.own
        }

    def share(self) -> Callable[[], list[str]]:
        """The names of the devices that this worker owns.  Of several workers each
        keeps the share that it had at the start: siblings rely on it."""
        if self._count == 1:
            return lambda: sorted(self.own_devices())
        share = _share(self.own_devices(), self._index, self._count)
        return lambda: share

    def other_workers(self) -> dict[int, Path]:
        """Where this worker's siblings answer."""
        return {
            worker: _socket(self._settings.server.run, worker)
            for worker in range(self._count)
            if worker != self._index
        }

    def siblings(self) -> dict[str, Address]:
        """The devices that other workers own, and where those answer."""
        names = self.own_devices()
        return {
            name: path
            for worker, path in self.other_workers().items()
            for name in _share(names, worker, self._count)
        }

    def worker_socket(self) -> Path | None:
        """Where siblings reach this worker, if there are any."""
        if self._count == 1:
            return None
        return _socket(self._settings.server.run, self._index)


def _share(names: Iterable[str], worker: int, workers: int) -> list[str]:
    """The devices that a worker owns: every ``workers``-th of the sorted names."""
    return sorted(names)[worker::workers]


def _socket(run: Path, worker: int) -> Path:
    return run / f"worker-{worker}.sock"
