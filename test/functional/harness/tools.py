"""The command line clients, run as their users run them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from test.functional.harness.users import User

TIMEOUT_SECONDS = 120.0
# Installed beside this interpreter, whatever the PATH says.
SWIFT = Path(sys.executable).parent / "swift"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    status: int
    output: bytes
    errors: str

    @property
    def text(self) -> str:
        return self.output.decode()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


def run(
    command: list[str],
    *,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
    expected: int | None = 0,
    seconds: float = TIMEOUT_SECONDS,
) -> Ended:
    """Run it to its end; it must exit with ``expected`` (None: with anything)."""
    done = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        cwd=directory,
        env={**os.environ, **(environment or {})},
        timeout=seconds,
        check=False,
    )
    ended = Ended(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))
    if expected is not None:
        assert ended.status == expected, (command, ended)
    return ended


def needs(tool: str) -> None:
    """Skip what cannot run without a tool; where tests must be whole, fail."""
    if shutil.which(tool) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{tool} is not installed")
        pytest.skip(f"{tool} is not installed")


def curl(*arguments: str, stdin: bytes = b"", expected: int | None = 0) -> Ended:
    """curl, silent but for errors, bounded in time."""
    command = ["curl", "-sS", "--max-time", "60", *arguments]
    return run(command, stdin=stdin, expected=expected)


def swift(
    endpoint: str,
    user: User,
    *arguments: str,
    directory: Path | None = None,
    expected: int | None = 0,
) -> Ended:
    """python-swiftclient's command line."""
    who = ["-A", f"{endpoint}/auth/v1.0", "-U", user.login, "-K", user.key]
    return run([str(SWIFT), *who, *arguments], directory=directory, expected=expected)


class Rclone:
    """rclone with one Swift remote, ``ring:``, set up in its environment."""

    def __init__(self, endpoint: str, user: User) -> None:
        self._environment = {
            "RCLONE_CONFIG": "/dev/null",
            "RCLONE_CONFIG_RING_TYPE": "swift",
            "RCLONE_CONFIG_RING_USER": user.login,
            "RCLONE_CONFIG_RING_KEY": user.key,
            "RCLONE_CONFIG_RING_AUTH": f"{endpoint}/auth/v1.0",
            "RCLONE_RETRIES": "1",
            "RCLONE_LOW_LEVEL_RETRIES": "3",
        }

    def __call__(
        self, *arguments: str, stdin: bytes = b"", expected: int | None = 0
    ) -> Ended:
        return run(
            ["rclone", *arguments],
            stdin=stdin,
            environment=self._environment,
            expected=expected,
        )
