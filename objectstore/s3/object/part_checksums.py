"""The checksums of a finished upload's parts, for ``GetObjectAttributes``.

An object's metadata has no room for ten thousand checksums, but every part is still
there as it was uploaded, with its own: the manifest says which those are.
"""

from __future__ import annotations

import orjson

from objectstore.s3 import sysmeta
from objectstore.s3.access.authorize import version_query
from objectstore.s3.inner import Answer
from objectstore.s3.operation import Operation
from objectstore.s3.payload.checksums import ALGORITHMS
from objectstore.s3.xml.write import text

# 10,000 segments of some 400 bytes each, and room.
MANIFEST_BYTES_MAX = 8 * 1024 * 1024


def part_checksums(
    operation: Operation, head: Answer, sizes: list[int], first: int, count: int
) -> list[str]:
    """XML elements, one for each of ``count`` parts after the ``first``; those of
    parts without a checksum are empty."""
    name = head.get(sysmeta.CHECKSUM).partition(":")[0]
    if not name or not count:
        return [""] * count
    # Parts without bytes are not in the manifest.
    skipped = sum(1 for size in sizes[:first] if size)
    paths = iter(_part_paths(operation)[skipped:])
    return [
        _checksum(operation, next(paths, ""), name) if size else ""
        for size in sizes[first : first + count]
    ]


def _part_paths(operation: Operation) -> list[str]:
    version = version_query(operation)
    query = "multipart-manifest=get" + (f"&{version}" if version else "")
    answer = operation.ask_object("GET", query=query)
    if not answer.is_success:
        raise operation.failed(answer)
    entries = orjson.loads(answer.read(MANIFEST_BYTES_MAX))
    return [entry["name"] for entry in entries]


def _checksum(operation: Operation, path: str, algorithm: str) -> str:
    container, _, name = path.lstrip("/").partition("/")
    return stored_checksum(operation, container, name, algorithm) if name else ""


def stored_checksum(
    operation: Operation, container: str, name: str, algorithm: str
) -> str:
    """The XML element of a part's checksum; "" when it was uploaded without one."""
    answer = operation.ask("HEAD", container, name).discard()
    stored, _, rest = answer.get(sysmeta.CHECKSUM).partition(":")
    value = rest.partition(":")[2]
    if stored != algorithm or not value:
        return ""
    return text(ALGORITHMS[algorithm].element, value)
