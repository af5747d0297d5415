"""Run one small loop in a virtual machine, by KVM's ioctls.

Numbers and structures are the kernel's (include/uapi/linux/kvm.h, x86_64).
"""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import struct
import time
from dataclasses import dataclass

DEVICE = "/dev/kvm"
_API_VERSION = 12
_GET_API_VERSION, _CREATE_VM, _GET_RUN_SIZE = 0xAE00, 0xAE01, 0xAE04
_CREATE_VCPU, _SET_TSS, _RUN = 0xAE41, 0xAE47, 0xAE80
_SET_MEMORY = 0x4020AE46
_GET_SPECIAL, _SET_SPECIAL, _SET_REGISTERS = 0x8138AE83, 0x4138AE84, 0x4090AE82
_TSS_ADDRESS = 0xFFFBD000  # three pages that no guest memory may use
_EXIT_IO, _EXIT_HALT = 2, 5
_SPECIAL_BYTES = 312
_MEMORY_BYTES = 0x10000
_CODE_ADDRESS = 0x1000
# mov cx,0xffff; again: add ax,cx; loop again; mov al,'K'; mov dx,0x3f8; out dx,al; hlt
_CODE = bytes.fromhex("b9ffff 01c8 e2fc b04b baf803 ee f4")
_SECONDS_MAX = 1.0


@dataclass(frozen=True, slots=True)
class LoopResult:
    """What became of it."""

    fault: str = ""  # why it did not end well
    output: bytes = b""  # what the code wrote to the serial port
    cpu_seconds: float = 0.0  # of this thread: a busy machine does not count


def run_loop() -> LoopResult:
    """Run it (on a native thread: at most a second or so)."""
    try:
        device = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        return LoopResult(fault=f"{DEVICE}: {error.strerror}")
    opened = [device]
    try:
        if fcntl.ioctl(device, _GET_API_VERSION, 0) != _API_VERSION:
            return LoopResult(fault="an unknown version of KVM")
        machine = fcntl.ioctl(device, _CREATE_VM, 0)
        opened.append(machine)
        return _run_in(device, machine, opened)
    except OSError as error:
        return LoopResult(fault=f"KVM: {error.strerror}")
    finally:
        for descriptor in reversed(opened):
            os.close(descriptor)


def _run_in(device: int, machine: int, opened: list[int]) -> LoopResult:
    # By ctypes: the address does not fit fcntl's signed argument.
    ctypes.CDLL(None).ioctl(machine, ctypes.c_ulong(_SET_TSS), _TSS_ADDRESS)
    memory = mmap.mmap(-1, _MEMORY_BYTES, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    memory[: len(_CODE)] = _CODE
    held = ctypes.c_char.from_buffer(memory)
    region = struct.pack(
        "IIQQQ", 0, 0, _CODE_ADDRESS, _MEMORY_BYTES, ctypes.addressof(held)
    )
    fcntl.ioctl(machine, _SET_MEMORY, region)
    processor = fcntl.ioctl(machine, _CREATE_VCPU, 0)
    opened.append(processor)
    special = bytearray(_SPECIAL_BYTES)
    fcntl.ioctl(processor, _GET_SPECIAL, special)
    struct.pack_into("QIH", special, 0, 0, 0xFFFF, 0)  # code segment: base, limit, 0
    fcntl.ioctl(processor, _SET_SPECIAL, bytes(special))
    # Sixteen general registers, the instruction pointer, flags (bit 1 is always set).
    registers = struct.pack("18Q", *[0] * 16, _CODE_ADDRESS, 2)
    fcntl.ioctl(processor, _SET_REGISTERS, registers)
    shared = mmap.mmap(processor, fcntl.ioctl(device, _GET_RUN_SIZE, 0))
    try:
        return _run(processor, shared)
    finally:
        shared.close()


def _run(processor: int, shared: mmap.mmap) -> LoopResult:
    began, cpu_began = time.monotonic(), time.thread_time()
    output = b""
    while time.monotonic() - began < _SECONDS_MAX:
        fcntl.ioctl(processor, _RUN, 0)
        (reason,) = struct.unpack_from("I", shared, 8)
        if reason == _EXIT_IO:
            (offset,) = struct.unpack_from("Q", shared, 40)
            output += shared[offset : offset + 1]
        elif reason == _EXIT_HALT:
            return LoopResult("", output, time.thread_time() - cpu_began)
        else:
            return LoopResult(fault=f"KVM stopped the guest: exit reason {reason}")
    return LoopResult(fault="the guest did not halt")
