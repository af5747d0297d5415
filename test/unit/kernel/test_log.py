"""General log lines: text or JSON, with the transaction they belong to."""

from __future__ import annotations

import contextvars
import json
import logging
from collections.abc import Iterator
from random import Random

import pytest

from objectstore.kernel.log import (
    JsonFormatter,
    LogSettings,
    TextFormatter,
    open_access_log,
    set_up_logging,
)
from objectstore.kernel.transaction import TRANSACTION, TransactionIds
from test.fakes.stepped_clock import SteppedClock


@pytest.fixture(autouse=True)
def no_transaction() -> Iterator[None]:
    """Applications that other tests called in this process leave theirs behind."""
    before = TRANSACTION.set("")
    yield
    TRANSACTION.reset(before)


def record(error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, None) if error else None
    made = logging.LogRecord(
        "objectstore.x", logging.WARNING, "x.py", 1, "lost %d", (3,), info
    )
    made.created, made.msecs = 1_700_000_000.25, 250.0
    return made


def within_transaction(formatter: logging.Formatter, made: logging.LogRecord) -> str:
    def inside() -> str:
        TRANSACTION.set("tx1")
        return formatter.format(made)

    return contextvars.copy_context().run(inside)


def test_text_lines():
    line = "2023-11-14T22:13:20.250Z WARNING objectstore.x: lost 3"
    assert TextFormatter().format(record()) == line
    marked = within_transaction(TextFormatter(), record())
    assert marked == line.replace("objectstore.x", "[tx1] objectstore.x")
    assert TextFormatter().format(record(ValueError("why"))).endswith("ValueError: why")


def test_json_lines():
    facts = json.loads(within_transaction(JsonFormatter(), record(ValueError("why"))))
    assert facts["message"] == "lost 3"
    assert facts["transaction"] == "tx1"
    assert "ValueError: why" in facts["traceback"]


@pytest.fixture
def root_logger():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield root
    root.handlers[:], level = before
    root.setLevel(level)


def test_set_up_sends_lines_to_a_file(tmp_path, root_logger):
    set_up_logging(LogSettings(log_to=str(tmp_path / "log")))
    logging.getLogger("objectstore.y").info("hello")
    logging.getLogger("objectstore.y").debug("not this")
    assert (tmp_path / "log").read_text().endswith("INFO objectstore.y: hello\n")


def test_no_access_log_when_none_is_wanted():
    settings = LogSettings(access_log_to="none")
    assert open_access_log(settings, SteppedClock()) is None


def test_transaction_ids_have_swifts_form_and_differ():
    ids = TransactionIds(SteppedClock(), Random(1))
    made = {ids.next() for _ in range(100)}
    assert len(made) == 100
    for each in made:
        digits, _, seconds = each.removeprefix("tx").partition("-")
        assert len(digits) == 21 and int(digits, 16) >= 0
        assert int(seconds, 16) == 1_700_000_000
