"""What a host's services say of themselves."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import ssl
import subprocess
import time
from collections.abc import Mapping
from typing import Any

from compute.deploy.remote.places import AUTHORITY, CERTIFICATE, RELEASES, SETTINGS

HEALTH_PATH = "/healthcheck"
HEALTH_SECONDS = 5.0
RECON_SECONDS = 60.0
LOOK_SECONDS = 0.2


def healthy(request: Mapping[str, Any]) -> str:
    """Wait until it answers; "" or why it does not."""
    last = time.monotonic() + request["seconds"]
    while True:
        problem = unhealthy(request["address"], request["port"], tls=request["tls"])
        if not problem or time.monotonic() > last:
            return problem
        time.sleep(LOOK_SECONDS)


def unhealthy(address: str, port: int, *, tls: bool) -> str:
    """Why the server there is not well; "": it is."""
    try:
        connection = _connection(address, port, tls=tls)
    except OSError as error:  # our certificate, or the authority's
        return f"{address}:{port}: {error}"
    try:
        connection.request("GET", HEALTH_PATH)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{address}:{port}: {error}"
    finally:
        connection.close()
    return "" if status < 500 else f"{address}:{port}{HEALTH_PATH}: {status}"


def _connection(address: str, port: int, *, tls: bool) -> http.client.HTTPConnection:
    if not tls:
        return http.client.HTTPConnection(address, port, timeout=HEALTH_SECONDS)
    context = ssl.create_default_context(cafile=AUTHORITY)
    # Store nodes ask who calls.
    context.load_cert_chain(CERTIFICATE)
    return http.client.HTTPSConnection(
        address, port, timeout=HEALTH_SECONDS, context=context
    )


def recon(request: Mapping[str, Any]) -> dict[str, Any]:
    """The whole store's health, as ``objectstore recon`` finds it from here."""
    user = pwd.getpwnam(request["user"])
    python = f"{RELEASES}/{os.path.basename(request['release'])}/bin/python"
    words = ["-I", "-m", "objectstore.cli", "recon", "--json"]
    ended = subprocess.run(
        [python, *words, "--settings", f"{SETTINGS}/store.conf"],
        capture_output=True,
        check=False,
        text=True,
        timeout=RECON_SECONDS,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )
    try:
        found: dict[str, Any] = json.loads(ended.stdout)
    except ValueError:
        raise OSError(f"objectstore recon: {ended.stderr.strip()[-500:]}") from None
    return found
