"""What haproxy says on its socket: ``show stat`` as values.  Parsing is pure."""

from __future__ import annotations

import csv
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from compute.balancer.counters import Traffic

# Frontends (1) and servers (4) of all proxies.
COMMAND = b"show stat -1 5 -1\n"
ANSWER_SECONDS = 2.0
ANSWER_BYTES_MAX = 8 * 1024 * 1024
FRONTEND = "FRONTEND"


@dataclass(frozen=True, slots=True)
class Figures:
    """``servers``: the words for each member, one from each backend that has it;
    ``traffic``: of each listener; ``proxies``: those backends, word for word."""

    servers: Mapping[str, list[str]] = field(default_factory=dict)
    traffic: Mapping[str, Traffic] = field(default_factory=dict)
    proxies: Mapping[str, list[str]] = field(default_factory=dict)


def parse(text: str) -> Figures:
    """The answer to ``COMMAND``.  Lines that are not as expected are passed over."""
    servers: dict[str, list[str]] = {}
    traffic: dict[str, Traffic] = {}
    proxies: dict[str, list[str]] = {}
    for row in csv.DictReader(text.removeprefix("# ").splitlines()):
        proxy, name = row.get("pxname") or "", row.get("svname") or ""
        if name == FRONTEND:
            traffic[proxy] = Traffic(
                _number(row, "scur"),
                _number(row, "bin"),
                _number(row, "bout"),
                _number(row, "ereq"),
                _number(row, "stot"),
            )
        elif name:
            servers.setdefault(name, []).append(row.get("status") or "")
            proxies.setdefault(name, []).append(proxy)
    return Figures(servers, traffic, proxies)


def _number(row: Mapping[str, str | None], name: str) -> int:
    text = row.get(name) or ""
    return int(text) if text.isascii() and text.isdigit() else 0


def ask(path: str) -> Figures:
    """What the process behind the socket says; nothing when it does not answer.
    Blocks."""
    pieces, size = [], 0
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(path)
            connection.sendall(COMMAND)
            while (piece := connection.recv(65536)) and size < ANSWER_BYTES_MAX:
                pieces.append(piece)
                size += len(piece)
    except OSError:
        return Figures()
    return parse(b"".join(pieces).decode("utf-8", "replace"))
