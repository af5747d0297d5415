"""Waits for a server that runs in the background, and ends it on Ctrl-C.

    python -S waiting.py PID LOG SECONDS

What ``bin/quickstart`` becomes (exec) when everything has been shown: a program of some
ten megabytes instead of seventy.  The server is a child of this process; it is given so
many seconds to end.  Standard library only, and little of that: it is run by its path.
"""

import os
import signal
import sys
import time

POLL_SECONDS = 0.05
LOG_BYTES_SHOWN = 2000
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def become(pid: int, log: str, seconds: float) -> None:
    """Let this process wait for its child; does not return."""
    # Signals wait until there is somebody to take them.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    words = ["-S", __file__, str(pid), log, str(seconds)]
    os.execv(sys.executable, [sys.executable, *words])


def wait(pid: int, log: str, seconds: float) -> int:
    """The exit status: 0 after Ctrl-C, 1 when the server has ended by itself."""
    for each in SIGNALS:
        signal.signal(each, signal.default_int_handler)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        os.waitpid(pid, 0)
    except KeyboardInterrupt:
        end(pid, seconds)
        sys.stderr.write("stopped; the data stays\n")
        return 0
    sys.stderr.write(f"quickstart: the server has ended:\n{last_words(log)}\n")
    return 1


def end(pid: int, seconds: float) -> None:
    """Ask it to end, and make it, once the seconds are over."""
    os.kill(pid, signal.SIGTERM)
    last = time.monotonic() + seconds
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > last:
            os.kill(pid, signal.SIGKILL)
            last += seconds
        time.sleep(POLL_SECONDS)


def last_words(log: str) -> str:
    """The end of its log."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.path.getsize(log) - LOG_BYTES_SHOWN))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(wait(int(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
