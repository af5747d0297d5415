"""An HTTP server inside a guest, as a process.

    python backend.py PORT NAME SICK_FILE

Answers with its name and what it was sent; ``/login`` gives a session's cookie, and
``/health`` is 503 while the file is there.  Datagrams to the same port are answered
with its name; while the file is there, nobody listens for them.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        is_sick = self.path == "/health" and Path(sys.argv[3]).exists()
        body = json.dumps(
            {"name": sys.argv[2], "path": self.path, "headers": dict(self.headers)}
        ).encode()
        self.send_response(503 if is_sick else 200)
        if self.path == "/login":
            self.send_header("Set-Cookie", f"SESSION=of-{sys.argv[2]}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    address_family = socket.AF_INET

    def handle_error(self, *arguments: object) -> None:
        """Who probes leaves without a word."""


def answer_datagrams() -> None:
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("", int(sys.argv[1])))
            server.settimeout(0.1)
            while not Path(sys.argv[3]).exists():
                with contextlib.suppress(TimeoutError):
                    _, client = server.recvfrom(65536)
                    server.sendto(sys.argv[2].encode(), client)
        while Path(sys.argv[3]).exists():
            time.sleep(0.1)


if __name__ == "__main__":
    threading.Thread(target=answer_datagrams, daemon=True).start()
    with Server(("", int(sys.argv[1])), Answer) as server:
        print("open", flush=True)
        server.serve_forever()
