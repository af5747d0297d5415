"""What the agent's processes leave on a host: nothing, when nothing is served."""

from __future__ import annotations

import tempfile
from pathlib import Path

from compute.balancer.agent.haproxy_serving import HaproxyServing
from compute.balancer.agent.processes import HaproxyProcesses
from compute.core.sockets import socket_directory
from objectstore.kernel.clock import SystemClock


def test_no_directory_of_sockets_stays() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        root = Path(directory)
        sockets = Path(socket_directory(directory))
        processes = HaproxyProcesses(root, "nobody", "nogroup")
        serving = HaproxyServing(processes, SystemClock())
        assert serving.serve([], {}) == {} and not sockets.exists()
        processes.prepare()  # as for the first that is served
        assert sockets.is_dir()
        assert serving.serve([], {}) == {} and not sockets.exists()
