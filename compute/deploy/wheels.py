"""Wheels of what is installed here: what was tried here is what runs there.

Nothing is fetched and nothing compiled: the files of an installed distribution are
packed again, as their RECORD lists them.  Scripts are left out (pip makes them anew),
and so is what only tells how it came here.  Modules are compiled here, once for all
hosts; their code is good for just the sources beside it, whatever dates say.
"""

from __future__ import annotations

import base64
import hashlib
import io
import marshal
import re
import struct
import sys
import sysconfig
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
    distributions,
)
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "ringstack"
PACKAGES = ("ring", "objectstore", "compute")
EXTRA = "compute"
# ``objectstore --help`` imports every command, and quickstart is a client.
CLIENT = "python-swiftclient"
PURE = "py3-none-any"
# Zip files know no time before 1980.
DATE = (1980, 1, 1, 0, 0, 0)
# Compiled code that is valid by a hash, and nobody looks at the source.
_UNCHECKED = (1).to_bytes(4, "little")
_LOCAL = frozenset({"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"})
_WHEEL = """\
Wheel-Version: 1.0
Generator: ringstack deploy
Root-Is-Purelib: {pure}
Tag: {tag}
"""


class CannotPack(Exception):
    """What is installed here is not enough for a release."""


def needed(extras: Iterable[str] = ()) -> list[Distribution]:
    """All that the project needs on a host, with these extras of it; not the project
    itself.

    Raises ``CannotPack``.
    """
    found: dict[str, Distribution] = {}
    waiting = [(PROJECT, frozenset({EXTRA, *extras})), (CLIENT, frozenset[str]())]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, wished = waiting.pop()
        if (name, wished) in seen:
            continue
        seen.add((name, wished))
        try:
            found[name] = _project() if name == PROJECT else distribution(name)
        except PackageNotFoundError:
            raise CannotPack(f"{name} is not installed here") from None
        waiting += _required(found[name], wished)
    del found[PROJECT]
    return [found[name] for name in sorted(found)]


def _required(
    found: Distribution, extras: frozenset[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    for text in found.requires or ():
        wish = Requirement(text)
        environments: list[dict[str, str]] = [{"extra": ""}]
        environments += [{"extra": extra} for extra in extras]
        marker = wish.marker
        if marker is None or any(marker.evaluate(each) for each in environments):
            yield canonicalize_name(wish.name), frozenset(wish.extras)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel, and a digest of its sources: compiled code is not always the same."""

    name: str
    content: bytes
    digest: str


def pack(found: Distribution) -> Wheel:
    """Its wheel.  Raises ``CannotPack``."""
    tags = re.findall(r"^Tag: *(\S+)", found.read_text("WHEEL") or "", re.MULTILINE)
    if not tags:
        return _pack_compiled(found)
    files = {
        str(path): Path(str(path.locate()))
        for path in found.files or ()
        if path.suffix != ".pyc"
        and ".." not in path.parts
        and not _is_local(path.parts)
    }
    return _packed(_name(found, tags), files, {}, _information(found))


def _pack_compiled(found: Distribution) -> Wheel:
    """Of one that was compiled here without a wheel, as older pips do: its list of
    files starts from the directory of what it says of itself."""
    told, metadata = found.read_text("installed-files.txt"), found.read_text("PKG-INFO")
    if told is None or metadata is None:
        raise CannotPack(f"{found.name} was not installed by pip")
    names = [line.removeprefix("../") for line in told.split() if line[:3] == "../"]
    files = {
        name: Path(str(found.locate_file(name)))
        for name in names
        if ".." not in name and not name.endswith(".pyc")
    }
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    tag = f"{python}-{python}-{sysconfig.get_platform().replace('-', '_')}"
    information = f"{_plain(found.name)}-{found.version}.dist-info"
    told_anew = {
        f"{information}/METADATA": metadata.encode(),
        f"{information}/WHEEL": _WHEEL.format(pure="false", tag=tag).encode(),
    }
    return _packed(_name(found, [tag]), files, told_anew, information)


def pack_project(checkout: Path) -> Wheel:
    """The wheel of a checkout.  Raises ``CannotPack``."""
    found = _project()
    files = {}
    for package in PACKAGES:
        for path in sorted((checkout / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                files[str(path.relative_to(checkout))] = path
    if f"{PACKAGES[0]}/__init__.py" not in files:
        raise CannotPack(f"{checkout} is no checkout")
    information = _information(found)
    told = {
        f"{information}/{name}": (found.read_text(name) or "").encode()
        for name in ("METADATA", "entry_points.txt")
    }
    told[f"{information}/WHEEL"] = _WHEEL.format(pure="true", tag=PURE).encode()
    return _packed(_name(found, [PURE]), files, told, information)


def _project() -> Distribution:
    """As pip installed it: beside a checkout lies what an older build left there."""
    for found in distributions(name=PROJECT):
        if found.read_text("METADATA") is not None:
            return found
    raise CannotPack(f"{PROJECT} is not installed here")


def _is_local(parts: tuple[str, ...]) -> bool:
    return len(parts) > 1 and parts[-2].endswith(".dist-info") and parts[-1] in _LOCAL


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _information(found: Distribution) -> str:
    for path in found.files or ():
        if len(path.parts) > 1 and path.parts[0].endswith(".dist-info"):
            return path.parts[0]
    raise CannotPack(f"{found.name} was not installed by pip")


def _name(found: Distribution, tags: Iterable[str]) -> str:
    """By PEP 427; several tags are told together."""
    pythons, abis, platforms = zip(*(tag.split("-") for tag in tags), strict=True)
    kinds = (".".join(dict.fromkeys(each)) for each in (pythons, abis, platforms))
    return f"{_plain(found.name)}-{found.version}-{'-'.join(kinds)}.whl"


def _packed(
    wheel: str, files: dict[str, Path], told: dict[str, bytes], information: str
) -> Wheel:
    """``told``: files that are none here."""
    whole = {**{name: path.read_bytes() for name, path in files.items()}, **told}
    sources = "".join(_lines(whole))
    whole |= _compiled(files)
    record = f"{information}/RECORD"
    whole[record] = "".join([*_lines(whole), f"{record},,\n"]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, content in sorted(whole.items()):
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr = 0o644 << 16
            # Little is gained by more: hosts are near, and there are many of them.
            file.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=1)
    digest = hashlib.sha256(f"{wheel}\n{sources}".encode()).hexdigest()
    return Wheel(wheel, packed.getvalue(), digest)


def _lines(files: dict[str, bytes]) -> list[str]:
    """As RECORD has them."""
    return [
        f"{name},sha256={_digest(content)},{len(content)}\n"
        for name, content in sorted(files.items())
    ]


def _compiled(files: dict[str, Path]) -> dict[str, bytes]:
    """The code of modules, as PEP 552 says: by the hash of its source, unchecked, for
    releases are never edited."""
    found = {}
    for name, path in files.items():
        if not name.endswith(".py"):
            continue
        source = path.read_bytes()
        try:
            code = _kept_code(path, len(source)) or _code(source, name)
        except (SyntaxError, ValueError):
            # A template, or for another Python.
            continue
        head = MAGIC_NUMBER + _UNCHECKED + source_hash(source)
        found[cache_from_source(name, optimization="")] = head + code
    return found


def _kept_code(path: Path, size: int) -> bytes:
    """What Python keeps of it; nothing where that is not of this source."""
    try:
        kept = Path(cache_from_source(str(path), optimization="")).read_bytes()
    except OSError:
        return b""
    dated = int(path.stat().st_mtime) & 0xFFFFFFFF
    expected = MAGIC_NUMBER + bytes(4) + struct.pack("<II", dated, size & 0xFFFFFFFF)
    return kept[len(expected) :] if kept.startswith(expected) else b""


def _code(source: bytes, name: str) -> bytes:
    with warnings.catch_warnings(action="ignore"):
        return marshal.dumps(
            compile(source, name, "exec", dont_inherit=True, optimize=0)
        )


def _digest(content: bytes) -> str:
    """As RECORD has it."""
    digest = hashlib.sha256(content).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
