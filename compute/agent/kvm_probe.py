"""Does KVM work here?  Found out by running guest code, not by looking at /dev/kvm.

The device can exist, open and even run guests, and yet be of no use: where the host
is itself a guest without hardware help, KVM may interpret every instruction, a
thousand times slower than QEMU's own emulation.  Two trials, the second only when the
first is passed:

1. a small loop in a virtual machine of our own (ioctls): must end, and in next to no
   processor time;
2. QEMU with KVM runs its firmware to the end, within seconds.

The answer is kept in a file with the kernel's release and the machine's boot: it is
asked again after a reboot.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

from compute.agent.kvm_loop import LoopResult, run_loop
from compute.core.program import ProgramLimits, run_program
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

CACHE_NAME = "kvm-probe.json"
# 131,000 instructions: 0.1 ms on hardware, about 100 ms where KVM interprets them.
LOOP_CPU_SECONDS_MAX = 0.020
# SeaBIOS needs 0.1 s even under emulation.
FIRMWARE_SECONDS_MAX = 3.0
_POLL_SECONDS = 0.05
# What SeaBIOS says at its end, when there is nothing to boot.
_FIRMWARE_END = b"No bootable device"
_BOOT_ID = "/proc/sys/kernel/random/boot_id"


def kvm_works(cache_directory: str) -> bool:
    """Whether guests can run with KVM; asks the machine once for each boot."""
    key = _machine_key()
    path = os.path.join(cache_directory, CACHE_NAME)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        cached = json.loads(Path(path).read_text())
        if cached["key"] == key:
            return bool(cached["works"])
    works, why = probe()
    os.makedirs(cache_directory, 0o700, exist_ok=True)
    temporary = f"{path}.new"
    Path(temporary).write_text(json.dumps({"key": key, "works": works, "why": why}))
    os.rename(temporary, path)
    return works


def probe() -> tuple[bool, str]:
    """(whether it works, why), by running both trials."""
    works, why = judge(concurrency.offload(run_loop))
    if not works:
        return works, why
    return _firmware_runs()


def judge(result: LoopResult) -> tuple[bool, str]:
    """What the loop's result says.  Pure."""
    if result.fault:
        return False, result.fault
    if result.output != b"K":
        return False, f"the loop printed {result.output!r}"
    if result.cpu_seconds > LOOP_CPU_SECONDS_MAX:
        milliseconds = result.cpu_seconds * 1000
        return False, f"guest code is interpreted (the loop took {milliseconds:.0f} ms)"
    return True, "guest code runs on the processor"


def _firmware_runs() -> tuple[bool, str]:
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, "firmware.log")
        command = [
            *("qemu-system-x86_64", "-machine", "pc", "-accel", "kvm", "-m", "64"),
            *("-nodefaults", "-display", "none", "-no-reboot"),
            *("-chardev", f"file,id=log,path={log}"),
            *("-device", "isa-debugcon,iobase=0x402,chardev=log"),
        ]
        limits = ProgramLimits(
            address_space_bytes=8 << 30, cpu_seconds=10, seconds=FIRMWARE_SECONDS_MAX
        )
        # It never ends by itself: the deadline's end, or ours, ends it.
        task = concurrency.promised(run_program, command, limits)
        while not task.done:
            with contextlib.suppress(OSError):
                if _FIRMWARE_END in Path(log).read_bytes():
                    return True, "firmware runs under KVM"
            concurrency.sleep(_POLL_SECONDS)
        fault = task.error if isinstance(task.error, Unavailable) else ""
        return False, f"firmware does not run under KVM: {fault}"


def _machine_key() -> str:
    boot = ""
    with contextlib.suppress(OSError):
        boot = Path(_BOOT_ID).read_text().strip()
    return f"{os.uname().release} {boot}"
