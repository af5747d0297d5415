"""A TCP server inside a guest, as a process: greets with a line, then echoes.

    python answer.py PORT GREETING

Prints a line when the port is open.
"""

from __future__ import annotations

import socketserver
import sys


class Answer(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(sys.argv[2].encode() + b"\n")
        for line in self.rfile:
            self.wfile.write(line)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server(("", int(sys.argv[1])), Answer) as server:
        print("open", flush=True)
        server.serve_forever()
