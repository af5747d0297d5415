"""The access log: one line a request, no secrets, in batches."""

from __future__ import annotations

import json
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel import concurrency
from objectstore.kernel.access import Identity
from objectstore.kernel.access_line import (
    AGENT_CHARACTERS_MAX,
    AccessEntry,
    json_line,
    shown_target,
    text_line,
)
from objectstore.kernel.access_log import FLUSH_LINES, AccessLog
from objectstore.kernel.log_sinks import FileSink, SyslogSink
from objectstore.kernel.request import Context
from test.fakes.stepped_clock import SteppedClock

PATIENCE_SECONDS = 5.0


def entry(target="/v1/a/c/o", agent="curl/8", context=None) -> AccessEntry:
    context = context or Context("tx1")
    return AccessEntry("::1", "GET", target, 200, 0, 4096, 0.00123, context, agent)


def test_a_line():
    context = Context("tx1", Identity("test:tester"), log_notes=["SLO", "a b"])
    assert text_line("now", entry(context=context)) == (
        'now ::1 test:tester "GET /v1/a/c/o" 200 0 4096 0.001230 tx1 "curl/8" SLO,a%20b'
    )
    assert text_line("now", entry(agent="")).endswith(' tx1 "-"')


def test_a_json_line():
    facts = json.loads(json_line("now", entry("/a?temp_url_sig=secret&x=1")))
    assert facts["target"] == "/a?temp_url_sig=***&x=1"
    assert facts["transaction"] == "tx1"
    assert facts["status"] == 200


@given(st.text(), st.text())
def test_nothing_splits_or_leaves_its_field(target, agent):
    line = text_line("now", entry(target, agent))
    assert line.isascii() and line.isprintable()
    assert line.count('"') == 4
    fields = line.split('"')
    assert " " not in fields[1].removeprefix("GET ")
    assert len(fields[3]) <= 12 * AGENT_CHARACTERS_MAX


@pytest.mark.parametrize(
    "name",
    [
        "temp_url_sig",
        "Signature",
        "X-Amz-Signature",
        "x-amz-security-token",
        "X-Amz-Credential",
        "temp%5Furl%5Fsig",
        "token",
        "code",
    ],
)
def test_secrets_are_not_written_down(name):
    shown = shown_target(f"/v1/a?limit=1&{name}=5EC2E7&{name}=5EC2E7&prefix=p")
    assert shown == f"/v1/a?limit=1&{name}=***&{name}=***&prefix=p"


class SlowSink:
    """Keeps batches; tells when one came."""

    def __init__(self, error: OSError | None = None) -> None:
        self.batches: list[list[str]] = []
        self.error = error
        self.closed = False

    def write(self, lines) -> None:
        if self.error is not None:
            raise self.error
        self.batches.append(list(lines))

    def close(self) -> None:
        self.closed = True


def record(log: AccessLog, count: int) -> None:
    for _ in range(count):
        log.record(entry())


def test_lines_are_written_together():
    sink = SlowSink()
    log = AccessLog(sink, SteppedClock())
    record(log, 3)
    assert sink.batches == []
    log.close()
    assert [len(batch) for batch in sink.batches] == [3]
    assert sink.batches[0][0].startswith("2023-11-14T22:13:20.000Z ")
    assert sink.closed


def test_a_batch_leaves_by_itself():
    sink = SlowSink()
    log = AccessLog(sink, SteppedClock())
    record(log, FLUSH_LINES)
    with concurrency.deadline(PATIENCE_SECONDS):
        while not sink.batches:
            concurrency.sleep(0)
    assert len(sink.batches[0]) == FLUSH_LINES
    log.close()
    assert len(sink.batches) == 1


def test_a_stuck_sink_costs_lines_not_memory(caplog):
    sink = SlowSink()
    log = AccessLog(sink, SteppedClock(), waiting_lines_max=5)
    record(log, 8)
    log.close()
    assert len(sink.batches[0]) == 5
    assert "3 access lines were dropped" in caplog.text


def test_a_failing_sink_is_told_of(caplog):
    log = AccessLog(SlowSink(OSError(28, "No space left")), SteppedClock())
    record(log, 2)
    log.close()
    assert "2 access lines are lost" in caplog.text


def test_a_rotated_file_is_opened_again(tmp_path):
    path = tmp_path / "access.log"
    sink = FileSink(path)
    sink.write(["one"])
    path.rename(tmp_path / "old")
    sink.write(["two", "three"])
    sink.close()
    assert (tmp_path / "old").read_text() == "one\n"
    assert path.read_text() == "two\nthree\n"


def test_syslog_gets_a_datagram_a_line():
    with tempfile.TemporaryDirectory(prefix="log") as directory:
        path = Path(directory) / "s"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
            daemon.bind(str(path))
            sink = SyslogSink("ringstack", path)
            sink.write(["one", "two"])
            sink.close()
            assert daemon.recv(100) == b"<150>ringstack: one"
            assert daemon.recv(100) == b"<150>ringstack: two"
