"""Tells haproxy how members fare that it does not probe itself.

A process begins with all of them well, and hears at once who is not.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace

from compute.balancer.agent.statistics import Figures

SEND_SECONDS = 2.0
ANSWER_BYTES_MAX = 1024 * 1024
# Haproxy takes some 16 KiB on one line.
COMMANDS_AT_ONCE = 64


def with_states(
    figures: Figures, states: Mapping[str, str]
) -> tuple[list[str], Figures]:
    """Commands for whatever haproxy believes otherwise, and the figures as they are
    then.  Pure.  ``states``: ``UP`` or ``DOWN`` of members."""
    commands: list[str] = []
    servers = dict(figures.servers)
    for member_id, state in states.items():
        places = figures.proxies.get(member_id, ())
        words = list(servers.get(member_id, ()))
        for number, (proxy, word) in enumerate(zip(places, words, strict=True)):
            if word.startswith("MAINT"):
                continue
            if word.startswith("DOWN") is not (state == "DOWN"):
                health = "down" if state == "DOWN" else "up"
                commands.append(f"set server {proxy}/{member_id} health {health}")
            words[number] = state
        if words:
            servers[member_id] = words
    return commands, replace(figures, servers=servers)


def send(path: str, commands: Sequence[str]) -> None:
    """Commands to the process behind the socket; silent when it does not answer: the
    next look finds what it has not heard.  Blocks."""
    for first in range(0, len(commands), COMMANDS_AT_ONCE):
        text = "; ".join(commands[first : first + COMMANDS_AT_ONCE]) + "\n"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(SEND_SECONDS)
                connection.connect(path)
                connection.sendall(text.encode())
                size = 0
                while (piece := connection.recv(65536)) and size < ANSWER_BYTES_MAX:
                    size += len(piece)
        except OSError:
            return
