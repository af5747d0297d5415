"""qemu-img, always told the format and never trusted with more than it needs.

Without ``-f`` qemu-img guesses a format from content that strangers wrote: a raw disk
whose first bytes say "qcow2, backing file /etc/shadow" would be believed.  Every call
here names every format.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from compute.core.program import (
    ProgramFailed,
    ProgramLimits,
    ProgramMissing,
    run_program,
)
from objectstore.kernel.errors import Rejected

# The image formats of the image service, as qemu-img calls them.
FORMATS = {
    "raw": "raw",
    "ami": "raw",
    "aki": "raw",
    "ari": "raw",
    "iso": "raw",
    "qcow2": "qcow2",
    "vmdk": "vmdk",
    "vdi": "vdi",
    "vhd": "vpc",
    "vhdx": "vhdx",
}
# An image that looks at its own header only.
LOOKING = ProgramLimits(cpu_seconds=10, seconds=60.0)
# A copy reads and writes all of it, perhaps over the network.
COPYING = ProgramLimits(address_space_bytes=2 << 30, cpu_seconds=1800, seconds=3600.0)


@dataclass(frozen=True, slots=True)
class ImageShape:
    """What qemu-img says of an image."""

    format: str
    virtual_bytes: int
    names_other_files: bool


def look(path: str, image_format: str) -> ImageShape:
    """Look at an image of a known format.  ``Rejected`` 400 when it is not that."""
    try:
        said = run_program(
            ["qemu-img", "info", "--output=json", "-f", image_format, path], LOOKING
        )
    except ProgramMissing:
        raise
    except ProgramFailed as error:
        raise Rejected(400, f"The image is no {image_format} image") from error
    facts = json.loads(said)
    data = facts.get("format-specific", {}).get("data", {})
    extents = data.get("extents", ())  # of a vmdk: each names a file
    others = [extent for extent in extents if extent.get("filename") not in (path, "")]
    return ImageShape(
        format=facts["format"],
        virtual_bytes=int(facts["virtual-size"]),
        names_other_files=bool(
            facts.get("backing-filename") or data.get("data-file") or others
        ),
    )


def create(path: str, size_bytes: int) -> None:
    """A new empty qcow2 disk."""
    run_program(["qemu-img", "create", "-q", "-f", "qcow2", path, str(size_bytes)])


def create_overlay(
    path: str, backing: str, backing_format: str, size_bytes: int
) -> None:
    """A new qcow2 disk that reads as ``backing`` until it is written to.

    The backing is not opened (``-u``): it may be served by this very process,
    and its facts are known.
    """
    formats = ["-f", "qcow2", "-F", backing_format]
    names = ["-b", backing, path, str(size_bytes)]
    run_program(["qemu-img", "create", "-q", "-u", *formats, *names])


def convert(
    source: str, source_format: str, target: str, *, compress: bool = False
) -> None:
    """Copy all that ``source`` reads as into a new stand-alone qcow2 file."""
    options = ["-q", "-c"] if compress else ["-q"]
    formats = ["-f", source_format, "-O", "qcow2"]
    run_program(["qemu-img", "convert", *options, *formats, source, target], COPYING)


def write_over(source: str, source_format: str, target: str) -> None:
    """Write all that ``source`` reads as over the raw disk ``target``, which is there
    and may be larger: what is behind is not touched."""
    formats = ["-f", source_format, "-O", "raw"]
    run_program(["qemu-img", "convert", "-q", "-n", *formats, source, target], COPYING)


def resize(path: str, size_bytes: int) -> None:
    """Let a qcow2 disk grow."""
    run_program(["qemu-img", "resize", "-q", "-f", "qcow2", path, str(size_bytes)])


def convert_to_raw(source: str, source_format: str, target: str) -> None:
    """Copy all that ``source`` reads as into a new sparse raw file."""
    formats = ["-f", source_format, "-O", "raw"]
    run_program(["qemu-img", "convert", "-q", *formats, source, target], COPYING)
