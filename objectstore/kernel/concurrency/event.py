"""A flag that greenlets wait for."""

from __future__ import annotations

from objectstore.kernel.concurrency.sleeper import Sleeper


class Event:
    """Raised by ``set``, which wakes all who wait; lowered by ``clear``."""

    __slots__ = ("_is_set", "_sleepers")

    def __init__(self) -> None:
        self._is_set = False
        self._sleepers: list[Sleeper] | None = None

    def is_set(self) -> bool:
        """Whether ``set`` came after the last ``clear``."""
        return self._is_set

    def set(self) -> None:
        """Raise the flag and wake every waiter."""
        self._is_set = True
        sleepers, self._sleepers = self._sleepers, None
        for sleeper in sleepers or ():
            sleeper.wake()

    def clear(self) -> None:
        """Lower the flag."""
        self._is_set = False

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait for the flag; False when the time ran out first."""
        if self._is_set:
            return True
        sleeper = Sleeper()
        if self._sleepers is None:
            self._sleepers = [sleeper]
        else:
            self._sleepers.append(sleeper)
        try:
            sleeper.sleep(timeout_seconds)
        finally:
            if not sleeper.is_woken and self._sleepers is not None:
                self._sleepers.remove(sleeper)
        return sleeper.is_woken
