"""What a host puts before a load balancer's configuration: sockets, rights.  Pure.

The configuration's own text is written by the room (``compute.balancer.haproxy``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from compute.balancer.haproxy.backends import PEERS
from compute.balancer.haproxy.frontends import CONNECTIONS_MAX, SERVICE
from compute.balancer.haproxy.words import quoted

# Nobody waits longer for the last connections of a process that was replaced.
HARD_STOP_SECONDS = 1800
# Inside the load balancer's own namespace: what sticks is handed to the next process.
PEER_ADDRESS = "127.0.0.1:1024"
DIGEST_CHARACTERS = 16
# Listeners, probes, its own sockets; haproxy itself reckons with some dozens.
SPARE_DESCRIPTORS = 500


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a process has its socket, what it is shut up in, and who it is."""

    socket: str
    empty_directory: str
    user: str
    group: str
    descriptors: int  # how many a process may have open
    metrics: str  # the Lua program that writes them
    keys: str = ""  # where files of certificates are; "": there are none


def connections_max(descriptors: int) -> int:
    """Each connection is two sockets; some are kept for all else.  (A limit below
    zero is none.)"""
    if descriptors < 0:
        return CONNECTIONS_MAX
    return max(1, min(CONNECTIONS_MAX, (descriptors - SPARE_DESCRIPTORS) // 2))


def whole_text(configuration: str, around: Surroundings) -> str:
    """The file that haproxy reads."""
    return f"""global
  maxconn {connections_max(around.descriptors)}
  nbthread 1
  user {quoted(around.user)}
  group {quoted(around.group)}
  chroot {quoted(around.empty_directory)}
  hard-stop-after {HARD_STOP_SECONDS}s
  stats socket {quoted(around.socket)} mode 600 level admin expose-fd listeners
{_metrics(configuration, around)}{_keys(around)}peers {PEERS}
  peer {PEERS} {PEER_ADDRESS}
defaults
  timeout client 50s
  timeout connect 5s
  timeout server 50s
{configuration}"""


def _metrics(configuration: str, around: Surroundings) -> str:
    """Only where somebody asks for them: a program costs memory."""
    if SERVICE not in configuration:
        return ""
    return f"  lua-load {quoted(around.metrics)}\n"


def _keys(around: Surroundings) -> str:
    if not around.keys:
        return ""
    place = quoted(around.keys)
    return f"  crt-base {place}\n  ca-base {place}\n"


def digest_of(text: str) -> str:
    """Names a text: the file that holds it is called so, thus a running process tells
    by its command line what it was started with."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]
