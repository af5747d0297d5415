"""The supervisor, on real processes."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from test.functional.harness.ports import free_ports

PATIENCE_SECONDS = 20.0


class Program:
    """The supervised program and what it says."""

    def __init__(self, *arguments: str, port: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "test.unit.kernel.supervised", *arguments],
            env={**os.environ, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        self._output = self.process.stdout.fileno()
        self._ahead = b""

    def hear(self, word: str) -> list[str]:
        """The next line, which must begin with ``word``."""
        words = self.hear_any(word)
        assert words[0] == word, words
        return words

    def hear_any(self, word: str = "anything") -> list[str]:
        """The next line, ``word`` being what is waited for."""
        until = time.monotonic() + PATIENCE_SECONDS
        while b"\n" not in self._ahead:
            left = max(0.0, until - time.monotonic())
            found, _, _ = select.select([self._output], [], [], left)
            assert found, f"waited in vain for {word!r}"
            data = os.read(self._output, 4096)
            assert data, f"ended instead of {word!r}"
            self._ahead += data
        line, _, self._ahead = self._ahead.partition(b"\n")
        return line.decode().split()

    def hear_ready(self, count: int) -> dict[int, int]:
        """Worker index to process id, of as many workers."""
        lines = [self.hear("ready") for _ in range(count)]
        return {int(index): int(process) for _, index, process in lines}

    def hear_listening(self) -> int:
        """The process of the next one that listens and is ready."""
        words = self.hear_any()
        while words[0] != "ready":
            words = self.hear_any()
        return int(words[2])

    def wait_until_listeners_are_kept(self, count: int) -> None:
        """The supervisor has heard that so many workers are ready: it has a channel to
        each, and where each listens."""
        until = time.monotonic() + PATIENCE_SECONDS
        held = Path(f"/proc/{self.process.pid}/fd")
        while True:
            names = []
            for each in held.iterdir():
                with suppress(FileNotFoundError):  # closed just now
                    names.append(os.readlink(each))
            if sum(name.startswith("socket:") for name in names) == 2 * count:
                return
            assert time.monotonic() < until, names
            time.sleep(0.01)

    def end(self) -> int:
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running(*arguments: str, port: int = 0) -> Iterator[Program]:
    program = Program(*arguments, port=port)
    try:
        program.hear("supervisor")
        yield program
    finally:
        if program.process.poll() is None:
            program.process.kill()  # its workers then get SIGTERM
        program.process.wait()
        assert program.process.stdout is not None
        program.process.stdout.close()


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_sigterm_drains_all_workers():
    with running("3", "serve") as program:
        workers = program.hear_ready(3)
        assert sorted(workers) == [0, 1, 2]
        program.process.send_signal(signal.SIGTERM)
        drained = {int(program.hear("drained")[2]) for _ in range(3)}
        assert drained == set(workers.values())
        assert program.end() == 0
        assert not any(map(is_alive, workers.values()))


def test_a_dead_worker_is_replaced():
    with running("2", "serve") as program:
        workers = program.hear_ready(2)
        os.kill(workers[1], signal.SIGKILL)
        successor = program.hear_ready(1)
        assert list(successor) == [1]
        assert successor[1] != workers[1]
        program.process.send_signal(signal.SIGINT)
        assert program.end() == 0


def test_a_successor_is_told_that_it_is_one():
    with running("1", "newcomer") as program:
        program.hear("first")
        worker = program.hear_ready(1)
        os.kill(worker[0], signal.SIGKILL)
        program.hear("successor")
        program.hear_ready(1)
        program.process.send_signal(signal.SIGHUP)
        program.hear("drained")
        program.hear("successor")
        program.hear_ready(1)
        program.process.send_signal(signal.SIGTERM)
        assert program.end() == 0


def greeting(port: str) -> int:
    with socket.create_connection(("127.0.0.1", int(port)), PATIENCE_SECONDS) as sock:
        return int(sock.makefile().read())


def test_nobody_is_refused_while_the_only_worker_is_replaced():
    with running("1", "listening") as program:
        _, port = program.hear("listening")
        (before,) = program.hear_ready(1).values()
        assert greeting(port) == before
        program.process.send_signal(signal.SIGHUP)
        program.hear("drained")
        # The old one listens no more; whether the new one does yet, we cannot know.
        with socket.create_connection(("127.0.0.1", int(port))) as waiting:
            waiting.settimeout(PATIENCE_SECONDS)
            assert program.hear("listening")[1] == port
            (after,) = program.hear_ready(1).values()
            assert after != before
            assert int(waiting.makefile().read()) == after
        # A second time, from what the successor has handed over.
        program.process.send_signal(signal.SIGHUP)
        program.hear("drained")
        assert greeting(port) not in (before, after)
        assert program.hear("listening")[1] == port
        program.hear_ready(1)
        program.process.send_signal(signal.SIGTERM)
        program.hear("drained")
        with pytest.raises(ConnectionRefusedError):
            greeting(port)
        assert program.end() == 0


def test_nobody_waits_for_a_worker_that_has_died():
    """It may take long until the next one serves."""
    with running("1", "listening") as program:
        _, port = program.hear("listening")
        (worker,) = program.hear_ready(1).values()
        os.kill(worker, signal.SIGKILL)
        _, another = program.hear("listening")
        program.hear_ready(1)
        with pytest.raises(ConnectionRefusedError):
            greeting(port)
        assert greeting(another) != worker
        program.process.send_signal(signal.SIGTERM)
        program.hear("drained")
        assert program.end() == 0


def kill_unseen(program: Program, workers: Iterable[int]) -> None:
    """All at once; the supervisor, which is stopped, learns of it when it goes on."""
    program.process.send_signal(signal.SIGSTOP)
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    for worker in workers:
        while "Z" not in Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2]:
            time.sleep(0.01)


@pytest.mark.parametrize("count", [1, 3])
def test_clients_wait_when_all_workers_have_died(count: int):
    (port,) = free_ports(1)
    with running(str(count), "awaited", port=port) as program:
        workers = [int(program.hear_listening()) for _ in range(count)]
        program.wait_until_listeners_are_kept(count)
        kill_unseen(program, workers)
        with socket.create_connection(("127.0.0.1", port)) as waiting:
            waiting.settimeout(PATIENCE_SECONDS)
            program.process.send_signal(signal.SIGCONT)
            # Of several queues one is kept: who is in another is cut off.
            if count == 1:
                assert int(waiting.makefile().read()) not in workers
        program.hear("listening")  # all were heard of
        assert greeting(str(port)) not in workers
        for _ in range(count):
            program.hear_listening()
        program.process.send_signal(signal.SIGTERM)
        for _ in range(count):
            program.hear("drained")
        assert program.end() == 0


def test_clients_wait_when_the_last_worker_that_listens_has_died():
    """The other one was told to stop, and has requests under way."""
    (port,) = free_ports(1)
    with running("2", "lingering", "60", port=port) as program:
        workers = {int(program.hear_listening()) for _ in range(2)}
        program.wait_until_listeners_are_kept(2)
        program.process.send_signal(signal.SIGHUP)
        told = int(program.hear("drained")[2])
        kill_unseen(program, workers - {told})
        with socket.create_connection(("127.0.0.1", port)) as waiting:
            waiting.settimeout(PATIENCE_SECONDS)
            program.process.send_signal(signal.SIGCONT)
            assert int(waiting.makefile().read()) not in workers


def test_clients_do_not_wait_for_workers_that_die_at_once():
    with running("1", "barren") as program:
        _, port = program.hear("listening")
        (worker,) = program.hear_ready(1).values()
        os.kill(worker, signal.SIGKILL)
        program.hear("failing")
        program.hear("failing")  # by now the first one's end was heard of
        with pytest.raises(ConnectionRefusedError):
            greeting(port)


def test_clients_do_not_wait_while_another_worker_serves():
    (port,) = free_ports(1)
    with running("2", "childless", port=port) as program:
        workers = [int(program.hear_listening()) for _ in range(2)]
        program.wait_until_listeners_are_kept(2)
        os.kill(workers[1], signal.SIGKILL)
        program.hear("successor")
        assert {greeting(str(port)) for _ in range(20)} == {workers[0]}


def test_sighup_replaces_one_after_the_other():
    with running("2", "serve") as program:
        before = program.hear_ready(2)
        program.process.send_signal(signal.SIGHUP)
        for index in (0, 1):
            drained = program.hear("drained")
            assert drained[1:] == [str(index), str(before[index])]
            assert list(program.hear_ready(1)) == [index]
        program.process.send_signal(signal.SIGTERM)
        assert program.end() == 0


def test_many_sighups_replace_everybody():
    with running("3", "serve") as program:
        program.hear_ready(3)
        program.process.send_signal(signal.SIGHUP)
        for index in (0, 1, 2, 0):
            assert program.hear("drained")[1] == str(index)
            program.process.send_signal(signal.SIGHUP)
            program.hear_ready(1)
        program.process.send_signal(signal.SIGTERM)
        assert program.end() == 0


def test_workers_that_successors_could_not_follow_stay():
    with running("1", "serve", "5", "refuses") as program:
        program.hear_ready(1)
        for _ in range(2):
            program.process.send_signal(signal.SIGHUP)
            assert int(program.hear("asked")[1]) != program.process.pid
        program.process.send_signal(signal.SIGTERM)
        # Drained now, not before.
        program.hear("drained")
        assert program.end() == 0


def test_the_end_is_heard_before_many_wishes_to_replace():
    with running("1", "serve", "5", "ponders") as program:
        program.hear_ready(1)
        program.process.send_signal(signal.SIGHUP)
        program.hear("asked")
        for _ in range(10):
            program.process.send_signal(signal.SIGHUP)
            time.sleep(0.01)  # two at once are one
        program.process.send_signal(signal.SIGTERM)
        program.hear("drained")
        assert program.end() == 0


def test_a_dead_worker_is_replaced_while_a_wish_is_looked_at():
    with running("1", "serve", "5", "hangs") as program:
        (before,) = program.hear_ready(1).values()
        program.process.send_signal(signal.SIGHUP)
        program.hear("asked")
        os.kill(before, signal.SIGKILL)
        program.hear_ready(1)
        program.process.send_signal(signal.SIGTERM)
        program.hear("drained")
        assert program.end() == 0


def test_many_wishes_to_replace_are_one():
    with running("1", "serve", "5", "ponders") as program:
        program.hear_ready(1)
        program.process.send_signal(signal.SIGHUP)
        program.hear("asked")
        for _ in range(10):
            program.process.send_signal(signal.SIGHUP)
            time.sleep(0.01)
        program.hear("asked")
        program.process.send_signal(signal.SIGTERM)
        program.hear("drained")
        assert program.end() == 0


def test_a_stubborn_worker_is_killed():
    with running("1", "stubborn", "0.2") as program:
        workers = program.hear_ready(1)
        program.process.send_signal(signal.SIGTERM)
        assert program.end() == 0
        assert not is_alive(workers[0])


def test_a_second_signal_kills_at_once():
    with running("1", "stubborn", "60") as program:
        program.hear_ready(1)
        program.process.send_signal(signal.SIGTERM)
        program.process.send_signal(signal.SIGINT)
        assert program.end() == 0


def test_wrong_settings_end_everything():
    with running("1", "misconfigured") as program:
        program.hear("refused")
        assert program.end() == os.EX_CONFIG


def test_failing_workers_are_not_restarted_without_rest():
    with running("1", "failing") as program:
        began = time.monotonic()
        for _ in range(4):
            program.hear("failing")
        # 0.2 + 0.4 + 0.8 seconds between the four.
        assert time.monotonic() - began > 1.3


def test_workers_die_with_their_supervisor():
    with running("2", "serve") as program:
        workers = program.hear_ready(2)
        program.process.kill()
        drained = {int(program.hear("drained")[2]) for _ in range(2)}
        assert drained == set(workers.values())


def test_a_process_takes_all_the_descriptors_it_may_have() -> None:
    program = (
        "import resource; from objectstore.kernel.process import *\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, 512))\n"
        "allow_many_descriptors()\n"
        "assert resource.getrlimit(resource.RLIMIT_NOFILE) == (512, 512)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)
