"""Programs of the host that the agent runs, and what they say when they fail."""

from __future__ import annotations

import os
import subprocess

from objectstore.kernel.errors import DeadlineExceeded, Unavailable

# Where Debian keeps programs for root; not on everybody's path.
MORE_PATHS = "/usr/local/sbin:/usr/sbin:/sbin"
# Every one of them takes milliseconds; a ruleset of thousands of ports a second.
SECONDS_MAX = 30.0
# An operator needs the first lines of what went wrong, not a whole ruleset.
SHOWN_CHARACTERS_MAX = 500


class CommandFailed(Unavailable):
    """A program ended with another status than zero."""


def search_path() -> str:
    """Where programs are looked for."""
    return f"{os.environ.get('PATH', os.defpath)}:{MORE_PATHS}"


def run(*words: str, text: str = "") -> str:
    """What the program writes; ``text`` is its input.  Blocks.

    Raises ``CommandFailed`` with what it says, ``Unavailable`` when it is not
    installed, ``DeadlineExceeded`` when it does not end.
    """
    try:
        done = subprocess.run(
            words,
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS_MAX,
            check=False,
            env={**os.environ, "PATH": search_path(), "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise Unavailable(f"{words[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise DeadlineExceeded(f"{words[0]} did not end") from None
    if done.returncode:
        shown = (done.stderr or done.stdout).strip()[:SHOWN_CHARACTERS_MAX]
        raise CommandFailed(f"{' '.join(words)}: {shown or done.returncode}")
    return done.stdout
