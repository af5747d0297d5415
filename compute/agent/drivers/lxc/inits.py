"""How a container's first program is told to shut down.  Pure.

There is no power button.  Each init has a signal of its own for it, and takes another
one's for something else (to busybox, SIGTERM means reboot): so it is told by its name.
"""

from __future__ import annotations

import signal

_SYSTEMD_POWEROFF = signal.SIGRTMIN + 4
# sysvinit and others take it as the word of a failing power supply.
_POWER_FAILS = signal.SIGPWR
_SIGNALS = {
    "busybox": signal.SIGUSR2,
    "systemd": _SYSTEMD_POWEROFF,
}


def power_off_signal(program: str) -> int:
    """For the init at that path (what its process' ``exe`` leads to)."""
    name = program.removesuffix(" (deleted)").rsplit("/", 1)[-1]
    return int(_SIGNALS.get(name, _POWER_FAILS))
