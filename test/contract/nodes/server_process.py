"""An object server in a process of its own, to be measured or killed.

    python -m test.contract.nodes.server_process IMPLEMENTATION DIRECTORY

A fresh process, not a forked one: two processes must not share the descriptors of
an event loop.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from objectstore.kernel import concurrency, interpreter
from objectstore.kernel.wsgi import Server, listen
from objectstore.object.server import object_server
from test.contract.nodes import implementations
from test.fakes.servers import SECRET, with_channels


@contextmanager
def server_process(
    implementation: str, directory: Path
) -> Iterator[tuple[subprocess.Popen[bytes], tuple[str, int]]]:
    """The process and its address; ended at the end, if it still runs."""
    command = [sys.executable, "-m", __name__, implementation, str(directory)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process, ("127.0.0.1", int(process.stdout.readline()))
        finally:
            process.stdin.close()


def main(implementation: str, directory: Path) -> None:
    """Print the port, and serve until the other side closes our input."""
    interpreter.prepare_process()
    listener = listen("127.0.0.1", 0)
    with ExitStack() as stack:
        node = implementations.OBJECT[implementation](directory, stack)
        nodes = {(0, implementations.DEVICE): node}
        front = with_channels("object", object_server(nodes, SECRET))
        server = Server(front, [listener])
        server.start()
        print(listener.getsockname()[1], flush=True)
        concurrency.wait_readable(sys.stdin.fileno())
        server.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
