"""Asks a server by datagrams, as a process inside a guest.

    python ask.py ADDRESS PORT FLOWS TIMES

Each flow has a port of its own, and asks so many times; prints the names that answered
each flow, as JSON.  A flow that hears nothing has an empty list.
"""

from __future__ import annotations

import json
import socket
import sys

# Of a server that has to wait for its turn on a busy machine.
ANSWER_SECONDS = 3.0


def ask(place: tuple[str, int], times: int) -> list[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(ANSWER_SECONDS)
        client.connect(place)
        found = []
        for _ in range(times):
            try:
                client.send(b"who")
                found.append(client.recv(65536).decode())
            except OSError:
                break
        return found


if __name__ == "__main__":
    place = (sys.argv[1], int(sys.argv[2]))
    flows, times = int(sys.argv[3]), int(sys.argv[4])
    print(json.dumps([ask(place, times) for _ in range(flows)]))
