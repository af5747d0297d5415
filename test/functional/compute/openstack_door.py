"""The unmodified ``openstack`` command for scripts, without its start each time.

Scripts find a small program of that name, which hands its arguments, directory,
variables and standard files to one process that has the client imported already; a
fork of it is the command.  (Starting Python and importing the client takes two seconds,
for each of fifty commands.)  To be tried on its own:

    python -m test.functional.compute.openstack_door DIRECTORY   # DIRECTORY/openstack
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from test.functional.compute.openstack_command import import_everything, run_client

SOCKET = "openstack.sock"
COMMAND = "openstack"
ASKED_BYTES_MAX = 1 << 16
STARTED = b"listens\n"
# Standard input, output and errors.
FILES = (0, 1, 2)
# What runs in its place must start fast: no site, no encodings beyond the usual.
_PROGRAM = """\
#!{python} -IS
import json, os, socket, sys
door = socket.socket(socket.AF_UNIX)
door.connect({path!r})
asked = [sys.argv[1:], os.getcwd(), dict(os.environ)]
socket.send_fds(door, [json.dumps(asked).encode()], [0, 1, 2])
door.shutdown(socket.SHUT_WR)
sys.exit(int(door.recv(8) or 70))
"""


@contextmanager
def openstack_door(directory: Path) -> Iterator[Path]:
    """A directory for the front of a script's PATH, while the block runs."""
    directory.mkdir()
    module = "test.functional.compute.openstack_door"
    door = subprocess.Popen(
        [sys.executable, "-m", module, str(directory)], stdout=subprocess.PIPE
    )
    try:
        assert door.stdout is not None
        assert door.stdout.readline() == STARTED
        yield directory
    finally:
        door.kill()
        door.wait()


def serve(directory: Path) -> None:
    """Until it is killed."""
    path = directory / SOCKET
    # Nobody waits for a command but its caller, who reads how it ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    import_everything()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()
        program = directory / COMMAND
        program.write_text(_PROGRAM.format(python=sys.executable, path=str(path)))
        program.chmod(0o755)
        sys.stdout.buffer.write(STARTED)
        sys.stdout.flush()
        while True:
            caller, _ = door.accept()
            if os.fork() == 0:
                door.close()
                _run(caller)
            caller.close()


def _run(caller: socket.socket) -> None:
    """As the command, in a process of its own."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asked, files, _, _ = socket.recv_fds(caller, ASKED_BYTES_MAX, len(FILES))
    while more := caller.recv(ASKED_BYTES_MAX):
        asked += more
    arguments, place, variables = json.loads(asked)
    for theirs, ours in zip(files, FILES, strict=True):
        os.dup2(theirs, ours)
    os.chdir(place)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = [COMMAND, *arguments]
    status = run_client(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    caller.sendall(str(status).encode())
    os._exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
