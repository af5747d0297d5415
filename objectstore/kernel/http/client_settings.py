"""Settings of whoever calls other processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from objectstore.kernel.option_types import Seconds
from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How one process calls the nodes in others."""

    # Not few: an upload holds one for as long as its client takes.
    connections_max: int = option(
        1024, "Connections to one node at once; further calls wait for one", minimum=1
    )
    connect_timeout: Seconds = option(
        1.0, "How long connecting, or waiting for a connection, may take", minimum=0.01
    )
    response_timeout: Seconds = option(
        10.0, "How long a reply may take to begin", minimum=0.1
    )
    stall_timeout: Seconds = option(
        10.0, "How long a body may pause, in either direction", minimum=0.1
    )
    idle_timeout: Seconds = option(
        30.0, "How long an unused connection is kept (less than the node keeps it)"
    )
    probe_seconds: Seconds = option(
        5.0, "How often a node that is down is tried again", minimum=0.1
    )
    ca_file: Path | None = option(
        None,
        "Certificates (PEM) of the authorities that https services must be signed by;"
        " default: the system's",
    )
