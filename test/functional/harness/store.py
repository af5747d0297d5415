"""A store of real processes on loopback, in a directory of its own.

Started from the same layout as ``bin/quickstart`` and ``bin/cluster``; ended by
process id.  A node may be killed, stopped and started again at any moment.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from objectstore.cli.cluster import apart_plans
from objectstore.cli.layout import LOOPBACK, LaidOut, NodePlan, lay_out
from objectstore.cli.process import ServerProcess, answers
from test.functional.harness.ports import free_port_range, free_ports
from test.functional.harness.users import LINES

APART_PORTS = 20
ALONE_DEVICES = ("d1", "d2", "d3", "d4")
WAIT_SECONDS_MAX = 30.0
POLL_SECONDS = 0.02
POLL_SECONDS_MAX = 0.2  # of what takes long: asking is work for the store too
LOG_CHARACTERS_SHOWN = 6000


class Store:
    """Nodes, their processes, and where clients reach them."""

    def __init__(
        self,
        directory: Path,
        plans: Sequence[NodePlan],
        name: str,
        users: str = LINES,
    ) -> None:
        self.name = name
        self._users = users
        self.plans = list(plans)
        self.place: LaidOut = lay_out(directory, self.plans, users=users)
        self._servers = [self._server(plan) for plan in self.plans]

    @classmethod
    def alone(cls, directory: Path, workers: int = 1, users: str = LINES) -> Store:
        """Everything in one node with four devices in four zones."""
        public, node = free_ports(2)
        plan = NodePlan("store", public, node, ALONE_DEVICES, workers)
        return cls(directory, [plan], f"alone, {workers} workers", users)

    @classmethod
    def cluster(cls, directory: Path) -> Store:
        """Three nodes with one device each, so every node has every object."""
        ports = free_ports(6)
        plans = [
            NodePlan(f"node{n + 1}", ports[n], ports[n + 3], (f"d{n + 1}",))
            for n in range(3)
        ]
        return cls(directory, plans, "cluster")

    @classmethod
    def apart(cls, directory: Path) -> Store:
        """A proxy, and three machines with a server for each kind of node."""
        return cls(directory, apart_plans(free_port_range(APART_PORTS)), "apart")

    def _server(self, plan: NodePlan) -> ServerProcess:
        log = self.place.log(plan.name)
        settings = self.place.settings_file(plan.name)
        return ServerProcess(settings, plan.front_port, log, outlives_us=False)

    def start(self) -> None:
        """Start every node, also again after it was stopped or killed."""
        self._servers = [self._server(plan) for plan in self.plans]
        for server in self._servers:
            server.launch()
        for server in self._servers:
            server.wait_until_up()

    def stop(self) -> None:
        with ThreadPoolExecutor() as pool:
            for stopped in [pool.submit(server.stop) for server in self._servers]:
                stopped.result()

    @contextmanager
    def running(self) -> Iterator[Store]:
        """Started inside; killed afterwards, when nobody needs what it holds."""
        try:
            self.start()
            yield self
        finally:
            for server in self._servers:
                if server.is_running:
                    os.killpg(server.pid, signal.SIGKILL)
                server.stop()

    def is_up(self, number: int) -> bool:
        return listens(self.plans[number].front_port)

    def answers(self) -> bool:
        """Whether every node says that it is healthy."""
        return all(answers(plan.front_port) for plan in self.plans)

    def add_node(self, plan: NodePlan) -> None:
        """Lay out one more node, not started and not in the rings."""
        lay_out(self.place.directory, [plan], users=self._users)
        self.plans.append(plan)
        self._servers.append(self._server(plan))

    def start_node(self, number: int) -> None:
        self._servers[number] = self._server(self.plans[number])
        self._servers[number].start()

    def stop_node(self, number: int) -> None:
        self._servers[number].stop()

    def kill_node(self, number: int) -> None:
        """SIGKILL to the node's every process, as a power cut would."""
        supervisor = self._servers[number].pid
        # The supervisor first: it must not replace the workers that die.
        for pid in (supervisor, *children(supervisor)):
            os.kill(pid, signal.SIGKILL)
        self._servers[number].stop()
        port = self.plans[number].front_port
        wait_for(lambda: not listens(port), f"port {port} to close")

    def pid(self, number: int = 0) -> int:
        """The process id of a node's supervisor."""
        return self._servers[number].pid

    def workers(self, number: int = 0) -> list[int]:
        """The process ids of a node's workers."""
        return children(self._servers[number].pid)

    def endpoint(self, node: int = 0) -> str:
        """Where a node's proxy answers: the only one's, where servers run apart."""
        proxies = [plan for plan in self.plans if plan.plays("proxy")]
        return f"http://{LOOPBACK}:{proxies[node].public_port}"

    def device_directories(self) -> list[Path]:
        return [
            self.place.devices(plan) / device
            for plan in self.plans
            for device in plan.devices
        ]

    def last_words(self) -> str:
        """The ends of the logs, for whoever looks at a test that failed."""
        texts = []
        for plan in self.plans:
            log = self.place.log(plan.name)
            if log.exists():
                text = log.read_text("utf-8", "replace")[-LOG_CHARACTERS_SHOWN:]
                texts.append(f"--- {log}\n{text}")
        return "\n".join(texts)


def children(pid: int) -> list[int]:
    """The process ids of a process' children."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text("ascii").split()]


def listens(port: int) -> bool:
    """Whether anybody listens on that port of loopback, asked without connecting."""
    wanted = f":{port:04X}"
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[1].endswith(wanted):
            return True
    return False


def wait_for(
    condition: Callable[[], object], what: str, seconds: float = WAIT_SECONDS_MAX
) -> None:
    """Poll until the condition holds; fails the test after ``seconds``."""
    last = time.monotonic() + seconds
    pause = POLL_SECONDS
    while not condition():
        assert time.monotonic() < last, f"waited {seconds} s in vain for {what}"
        time.sleep(pause)
        pause = min(pause * 1.2, POLL_SECONDS_MAX)
