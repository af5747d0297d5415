"""Small images of every format, made by hand, each field where its layout says."""

from __future__ import annotations

import struct
import zlib
from uuid import UUID

from compute.core.disks.inspection import vhdx

DISK = 10 * 2**20


def qcow2(
    version: int = 3,
    backing: bytes = b"",
    incompatible: int = 0,
    extensions: bytes = b"",
    size: int = DISK,
    crypt: int = 0,
) -> bytes:
    head = struct.pack(
        ">4sIQIIQIIQQIIQ",
        b"QFI\xfb",
        version,
        4096 if backing else 0,
        len(backing),
        16,
        size,
        crypt,
        1,
        196608,
        65536,
        1,
        0,
        0,
    )
    if version == 3:
        head += struct.pack(">QQQII", incompatible, 0, 0, 4, 104)
    head += extensions + bytes(8)
    return (head.ljust(4096, b"\0") + backing).ljust(4 * 65536, b"\0")


DESCRIPTOR = """# Disk DescriptorFile
version=1
CID=7b2d9a10
parentCID=ffffffff
createType="monolithicSparse"

# Extent description
RW {sectors} SPARSE "disk.vmdk"

ddb.adapterType = "ide"
"""


def vmdk(
    descriptor: str = DESCRIPTOR, capacity: int = DISK, directory: int = 26
) -> bytes:
    text = descriptor.replace("{sectors}", str(DISK // 512)).encode()
    head = struct.pack(
        "<4sIIQQQQIQQQ",
        b"KDMV",
        1,
        3,
        capacity // 512,
        128,
        1,
        20,
        512,
        21,
        directory,
        128,
    )
    return (head.ljust(512, b"\0") + text.ljust(20 * 512, b"\0")).ljust(65536, b"\0")


def vdi(kind: int = 1, parent: bytes = bytes(16), size: int = DISK) -> bytes:
    head = bytearray(1024)
    head[:0x2B] = b"<<< Oracle VM VirtualBox Disk Image >>>\n".ljust(0x2B, b"\0")
    struct.pack_into("<II", head, 0x40, 0xBEDA107F, 0x00010001)
    struct.pack_into("<I", head, 0x4C, kind)
    struct.pack_into("<Q", head, 0x170, size)
    head[0x1B8:0x1C8] = parent
    return bytes(head)


def vhd_footer(kind: int, size: int = DISK) -> bytes:
    footer = bytearray(512)
    struct.pack_into(">8sIIQ", footer, 0, b"conectix", 2, 0x00010000, 512)
    struct.pack_into(">QQ", footer, 40, size, size)
    struct.pack_into(">I", footer, 60, kind)
    struct.pack_into(">I", footer, 64, ~sum(footer) & 0xFFFFFFFF)
    return bytes(footer)


def vhd_dynamic(kind: int = 3) -> bytes:
    return vhd_footer(kind) + bytes(4096) + vhd_footer(kind)


def vhd_fixed() -> bytes:
    return bytes(DISK) + vhd_footer(2)


def vhdx_image(
    flags: int = 0, log: bytes = bytes(16), region: UUID = vhdx.REGION_BAT
) -> bytes:
    head = bytearray(2 * 2**20)
    head[:8] = b"vhdxfile"
    for number, at in enumerate(vhdx.HEADERS_AT):
        struct.pack_into("<4sIQ", head, at, b"head", 0, number)
        head[at + 48 : at + 64] = log
    struct.pack_into("<4sII", head, vhdx.REGIONS_AT, b"regi", 0, 2)
    entries = ((region, 3 * 2**20), (vhdx.REGION_METADATA, 2**20))
    for number, (kind, offset) in enumerate(entries):
        at = vhdx.REGIONS_AT + 16 + 32 * number
        head[at : at + 16] = kind.bytes_le
        struct.pack_into("<QII", head, at + 16, offset, 2**20, 1)
    at = 2**20
    struct.pack_into("<8sHH", head, at, b"metadata", 0, 2)
    items = ((vhdx.FILE_PARAMETERS, 65536, 8), (vhdx.VIRTUAL_DISK_SIZE, 65544, 8))
    for number, (kind, offset, length) in enumerate(items):
        entry = at + 32 + 32 * number
        head[entry : entry + 16] = kind.bytes_le
        struct.pack_into("<III", head, entry + 16, offset, length, 4)
    struct.pack_into("<IIQ", head, at + 65536, 2**25, flags, DISK)
    return bytes(head)


def iso(blocks: int = 200) -> bytes:
    image = bytearray(blocks * 2048)
    at = 16 * 2048
    image[at : at + 6] = b"\x01CD001"
    struct.pack_into("<I", image, at + 80, blocks)
    struct.pack_into(">I", image, at + 84, blocks)
    struct.pack_into("<H", image, at + 128, 2048)
    struct.pack_into(">H", image, at + 130, 2048)
    return bytes(image)


def gpt(kind: int = 0xEE) -> bytes:
    disk = bytearray(2**20)
    disk[446 + 4] = kind
    disk[510:512] = b"\x55\xaa"
    struct.pack_into("<8sIII", disk, 512, b"EFI PART", 0x10000, 92, 0)
    struct.pack_into("<Q", disk, 512 + 24, 1)
    struct.pack_into("<I", disk, 512 + 16, zlib.crc32(disk[512 : 512 + 92]))
    return bytes(disk)


WHOLE = {
    "qcow2": qcow2(),
    "vmdk": vmdk(),
    "vdi": vdi(),
    "vhd": vhd_dynamic(),
    "vhdx": vhdx_image(),
    "iso": iso(),
    "raw": bytes(2**20),
}
