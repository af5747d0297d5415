"""Sends one frame from a device, as its bytes are.

python say.py DEVICE HEXADECIMAL
"""

from __future__ import annotations

import socket
import sys


def main(device: str, frame: str) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((device, 0))
        wire.send(bytes.fromhex(frame))


if __name__ == "__main__":
    main(*sys.argv[1:])
