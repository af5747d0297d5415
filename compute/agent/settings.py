"""What a host of guests is told at its start."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from objectstore.kernel.option_types import Seconds, Size
from objectstore.kernel.settings import option

MIB, GIB = 2**20, 2**30
LOOK_SECONDS = 5.0


class HypervisorKind(enum.Enum):
    """What runs the guests."""

    LIBVIRT = "libvirt"
    LXC = "lxc"
    SIM = "sim"


@dataclass(frozen=True, slots=True)
class GuestAgentSettings:
    """The agent that runs guests on this host."""

    hypervisor: HypervisorKind = option(
        HypervisorKind.LIBVIRT,
        "libvirt (QEMU, KVM where it works), lxc (system containers) or sim",
    )
    simulated_hosts: int = option(
        1, "With sim: how many hosts this agent plays", minimum=1, maximum=10_000
    )
    lazy: bool = option(
        True,
        "Start guests at once and read their image from the store as they need it",
    )
    lazy_from: Size = option(
        64 * MIB, "Smaller images are copied before their guests start", minimum=0
    )
    image_cache: Size = option(
        20 * GIB, "Bytes of images that are kept though no guest uses them", minimum=0
    )
    jobs_at_once: int = option(16, "Jobs worked on at a time", minimum=1, maximum=1000)
    look: Seconds = option(
        LOOK_SECONDS,
        "How often work is looked for that no message told of: without a broker, all of"
        " it where the compute API is another process",
        minimum=0.1,
    )
    grace: Seconds = option(
        60.0, "How long a guest may take to shut itself down", minimum=0
    )
    console_url: str = option(
        "",
        "Where users find this host's consoles; default: /console of the compute API's"
        " process where that is this one, of this process otherwise",
    )
    ends_with_us: bool = option(
        False, "Power the guests off and take the networks down when the agent stops"
    )
