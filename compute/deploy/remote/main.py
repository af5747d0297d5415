"""The loop: requests in, answers out.

A request is ``{"verb": ..., ...}``, followed by ``bytes`` raw bytes where it says so.
The answer is ``{"ok": ...}`` or ``{"problem": "..."}``.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from compute.deploy.remote.acts import act
from compute.deploy.remote.body import Body
from compute.deploy.remote.findings import find
from compute.deploy.remote.guests import guests
from compute.deploy.remote.keys import held
from compute.deploy.remote.questions import healthy, recon
from compute.deploy.remote.releases import receive_release
from compute.deploy.remote.ring_files import rings

# What a request may be, release apart: settings and rings of one host.
REQUEST_BYTES_MAX = 64 * 2**20
LOCK = "/run/ringstack-deploy.lock"
# One that was killed finishes the step that it had begun.
LOCK_SECONDS = 30.0
LOOK_SECONDS = 0.2


class _Lock:
    """One deployment at a time changes a host, wherever it is run from."""

    def __init__(self) -> None:
        self._file: int | None = None

    def take(self) -> None:
        """Raises ``OSError`` when another one has it."""
        if self._file is not None:
            return
        # In /run, which only root writes to: nobody can have put a link there.
        file = os.open(
            LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        last = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() < last:
                    time.sleep(LOOK_SECONDS)
                    continue
                os.close(file)
                text = "another deployment is at work on this host"
                raise OSError(text) from None
            self._file = file
            return


def main(requests: BinaryIO) -> None:
    """Answer until the requests end."""
    os.umask(0o022)
    lock = _Lock()
    body = Body(requests)

    def changing(act: Callable[..., Any]) -> Callable[[Mapping[str, Any]], Any]:
        def locked(request: Mapping[str, Any]) -> Any:
            lock.take()
            return act(request)

        return locked

    verbs: dict[str, Callable[[Mapping[str, Any]], Any]] = {
        "clock": lambda request: time.time(),
        "find": find,
        "guests": guests,
        "healthy": healthy,
        "held": held,
        "recon": recon,
        "rings": rings,
        "act": changing(act),
        "receive": changing(lambda request: receive_release(request, body)),
    }
    while line := requests.readline(REQUEST_BYTES_MAX):
        try:
            request = json.loads(line)
            verb = verbs[request["verb"]]
            body.begin(request.get("bytes", 0))
            answer = {"ok": verb(request)}
        except (OSError, ValueError, TypeError, LookupError) as error:
            answer = {"problem": _words(error)}
        except subprocess.SubprocessError as error:
            answer = {"problem": str(error)}
        body.skip()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return f"{type(error).__name__}: {error}" if not str(error) else str(error)
