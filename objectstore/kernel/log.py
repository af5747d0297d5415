"""Logging set-up: where log lines go and what they look like.

Every line that is logged while a request is served carries its transaction id,
in text (``[tx...]``) or as a field of a JSON line.  The id is kept in a context
variable, of which each greenlet has its own.
"""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from objectstore.kernel.access_line import json_line, text_line
from objectstore.kernel.access_log import AccessLog
from objectstore.kernel.clock import Clock
from objectstore.kernel.log_sinks import Sink, open_sink
from objectstore.kernel.settings import option
from objectstore.kernel.transaction import TRANSACTION


class LogLevel(enum.Enum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(enum.Enum):
    """What a line looks like."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged, how and where."""

    log_level: LogLevel = option(LogLevel.INFO, "Lines of lesser weight are left out")
    log_format: LogFormat = option(LogFormat.TEXT, "Plain lines or JSON objects")
    log_to: str = option("stderr", "stdout, stderr, syslog or a file")
    access_log_to: str = option(
        "stdout", "The same for the line each request gets; none: no such lines"
    )


class TextFormatter(logging.Formatter):
    """time LEVEL [transaction] logger: message."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback follows on lines of its own."""
        text = f"{_stamp(record)} {record.levelname} {_mark()}{record.name}: "
        text += record.getMessage()
        trace = self._trace(record)
        return f"{text}\n{trace}" if trace else text

    def _trace(self, record: logging.LogRecord) -> str:
        return self.formatException(record.exc_info) if record.exc_info else ""


class JsonFormatter(logging.Formatter):
    """One JSON object a line, a traceback inside."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as one line of JSON."""
        facts = {
            "time": _stamp(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if TRANSACTION.get():
            facts["transaction"] = TRANSACTION.get()
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(facts).decode()


class SinkHandler(logging.Handler):
    """Gives formatted lines to a sink."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; a failing sink must not fail the program."""
        try:
            self._sink.write([self.format(record)])
        except OSError:
            self.handleError(record)


def set_up_logging(settings: LogSettings, tag: str = "ringstack") -> None:
    """Send everything that is logged to where the settings say."""
    handler = SinkHandler(open_sink(settings.log_to, tag))
    is_json = settings.log_format is LogFormat.JSON
    handler.setFormatter(JsonFormatter() if is_json else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.value.upper())


def open_access_log(
    settings: LogSettings, clock: Clock, tag: str = "ringstack"
) -> AccessLog | None:
    """The access log that the settings ask for."""
    if settings.access_log_to == "none":
        return None
    is_json = settings.log_format is LogFormat.JSON
    sink = open_sink(settings.access_log_to, tag)
    return AccessLog(sink, clock, json_line if is_json else text_line)


def _stamp(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z"


def _mark() -> str:
    transaction = TRANSACTION.get()
    return f"[{transaction}] " if transaction else ""
