"""Programs of the host that the agent runs, and what they say when they fail."""

from __future__ import annotations

import subprocess

from objectstore.kernel.errors import DeadlineExceeded, Unavailable

# Every one of them takes milliseconds; a ruleset of thousands of ports a second.
SECONDS_MAX = 30.0
# An operator needs the first lines of what went wrong, not a whole ruleset.
SHOWN_CHARACTERS_MAX = 500


class CommandFailed(Unavailable):
    """A program ended with another status than zero."""


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
        )
    except FileNotFoundError:
        raise Unavailable(f"{words[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise DeadlineExceeded(f"{words[0]} did not end") from None
    if done.returncode:
        shown = (done.stderr or done.stdout).strip()[:SHOWN_CHARACTERS_MAX]
        raise CommandFailed(f"{' '.join(words)}: {shown or done.returncode}")
    return done.stdout
