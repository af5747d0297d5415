"""A host's upkeep: lazy disks are pulled in, consoles' logs stay bounded."""

from __future__ import annotations

from pathlib import Path

from compute.agent.console_log import LOG_BYTES_MAX
from compute.agent.disks.port import GuestPaths
from compute.agent.disks.sim import SimDisks
from compute.agent.drivers.sim.host import SimHost
from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.agent.guests import DiskSpec, FileSource, GuestSpec, NbdSource
from compute.agent.upkeep import Upkeep
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress

LAZY = DiskSpec("vda", FileSource("/x", "qcow2", NbdSource("/s", "image", "raw")))


class LazyDisks(SimDisks):
    """Simulated disks whose roots are lazy, with console logs that are files."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory

    def paths(self, uuid: str) -> GuestPaths:
        return GuestPaths("", str(self.directory / f"{uuid}.log"), "", "", "", "")

    def disks(self, uuid: str) -> tuple[DiskSpec, ...]:
        return (LAZY,)


def test_lazy_disks_of_active_guests_are_pulled_in(tmp_path: Path) -> None:
    pulled: list[str] = []

    def watch(method: str, uuid: str, moment: str) -> Exception | None:
        if (method, moment) == ("pull_backing", "before"):
            pulled.append(uuid)
            if uuid == "one":
                return Unavailable("its disk is away")
        return None

    hypervisor = SimHypervisor(SimHost("h"), fault=watch)
    for name in ("one", "two", "down"):
        hypervisor.start(GuestSpec(name, name, 1, 64, disks=(LAZY,)))
    hypervisor.stop("down")
    upkeep = Upkeep(hypervisor, LazyDisks(tmp_path))
    assert upkeep.step() is Progress.DONE
    assert sorted(pulled) == ["one", "two"]  # one's trouble is not two's


def test_consoles_logs_stay_within_their_bound(tmp_path: Path) -> None:
    hypervisor = SimHypervisor(SimHost("h"))
    hypervisor.start(GuestSpec("one", "one", 1, 64, disks=(LAZY,)))
    log = tmp_path / "one.log"
    log.write_bytes(bytes(LOG_BYTES_MAX + 1))
    Upkeep(hypervisor, LazyDisks(tmp_path)).step()
    assert log.stat().st_size == 0
    assert (tmp_path / "one.log.1").stat().st_size == LOG_BYTES_MAX
