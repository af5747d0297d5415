"""Keeps every frame of a device in a file: what a wire-tap would see.

    python listen.py DEVICE FILE

Prints a line when it listens; writes each frame in hexadecimal digits, on a line.
"""

from __future__ import annotations

import socket
import sys

ETH_P_ALL = 3


def main(device: str, file: str) -> None:
    with socket.socket(
        socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)
    ) as tap:
        tap.bind((device, ETH_P_ALL))
        print("open", flush=True)
        with open(file, "w") as found:
            while True:
                found.write(tap.recv(65536).hex() + "\n")
                found.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
