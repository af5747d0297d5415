"""A virtual environment for each suite: what suites want is no business of ours."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

STAMP = "requirements"


class NotInstalled(Exception):
    """pip could not install a suite; the message holds its words."""


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment in which a suite is installed."""

    directory: Path

    def program(self, name: str) -> str:
        """The path of a program of the suite's."""
        return str(self.directory / "bin" / name)

    def package(self, name: str) -> Path:
        """Where a module is installed."""
        asked = f"import {name}; print({name}.__path__[0])"
        done = subprocess.run(
            [self.program("python"), "-P", "-c", asked],
            check=True,
            capture_output=True,
            text=True,
        )
        return Path(done.stdout.strip())


def make_environment(directory: Path, requirements: tuple[str, ...]) -> Environment:
    """The environment; made anew when the requirements have changed."""
    made = Environment(directory)
    stamp = directory / STAMP
    wanted = "\n".join((sys.version, *requirements))
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return made
    stamp.unlink(missing_ok=True)
    _run([sys.executable, "-m", "venv", "--clear", str(directory)])
    if requirements:
        pip = [made.program("python"), "-m", "pip", "install", "--quiet"]
        _run([*pip, "--disable-pip-version-check", *requirements])
    stamp.write_text(wanted, "utf-8")
    return made


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotInstalled(f"{' '.join(command)}:\n{done.stderr.strip()}")
