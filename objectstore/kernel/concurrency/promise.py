"""Promises: the answers to calls that complete later, and waiting for several.

A promise is resolved on the hub's thread only.  Waiting for a quorum is registering on
several promises and waking once, so a write to three local devices costs no greenlet
at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from operator import attrgetter
from typing import Any, Generic, TypeVar

import eventlet

from objectstore.kernel.concurrency.sleeper import Sleeper
from objectstore.kernel.concurrency.tasks import Killed
from objectstore.kernel.errors import DeadlineExceeded

T = TypeVar("T")
U = TypeVar("U")


class Promise(Generic[T]):
    """The answer to a call that completes later: a value or an exception.

    Resolved once, on the hub's thread.  ``when_done`` callbacks run at once
    (in the resolver's greenlet): they must be short and must not wait.
    """

    __slots__ = ("_callbacks", "done", "error", "value")

    def __init__(self) -> None:
        self.done = False
        self.value: T | None = None
        self.error: BaseException | None = None
        self._callbacks: list[Callable[[Promise[T]], None]] | None = None

    @classmethod
    def of(cls, value: T) -> Promise[T]:
        """A promise that is already kept."""
        promise: Promise[T] = cls()
        promise.done = True
        promise.value = value
        return promise

    @classmethod
    def failed(cls, error: BaseException) -> Promise[T]:
        """A promise that is already broken."""
        promise: Promise[T] = cls()
        promise.done = True
        promise.error = error
        return promise

    def resolve(self, value: T) -> None:
        """Keep the promise.  A second resolution is ignored: a late answer
        after a timeout is normal."""
        if not self.done:
            self.done = True
            self.value = value
            callbacks = self._callbacks
            if callbacks is not None:
                self._callbacks = None
                for callback in callbacks:
                    callback(self)

    def fail(self, error: BaseException) -> None:
        """Break the promise with ``error``."""
        if not self.done:
            self.done = True
            self.error = error
            callbacks, self._callbacks = self._callbacks, None
            for callback in callbacks or ():
                callback(self)

    def follow(self, other: Promise[T]) -> None:
        """Have the outcome of another, which is done."""
        if other.error is not None:
            self.fail(other.error)
        else:
            self.resolve(other.value)  # type: ignore[arg-type]

    def when_done(self, callback: Callable[[Promise[T]], None]) -> None:
        """Call ``callback(self)`` when done; now, if it is done already."""
        if self.done:
            callback(self)
        elif self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

    def then(self, change: Callable[[T], U]) -> Promise[U]:
        """The promise of what ``change`` makes of the value; it is called at once when
        there is one, and may raise."""
        changed: Promise[U] = Promise()

        def one_done(_: Promise[T]) -> None:
            if self.error is not None:
                changed.fail(self.error)
                return
            try:
                value = change(self.value)  # type: ignore[arg-type]
            except Exception as error:  # noqa: BLE001  (handed on, not swallowed)
                changed.fail(error)
            else:
                changed.resolve(value)

        self.when_done(one_done)
        return changed

    def result(self) -> T:
        """The value, or raise the error; only when ``done``."""
        assert self.done, "result() of a promise that is still open"
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]

    def wait(self, timeout_seconds: float | None = None) -> T:
        """Wait for and return the value; raises the error or DeadlineExceeded."""
        if not self.done:
            wait_until([self], lambda: self.done, timeout_seconds)
            if not self.done:
                raise DeadlineExceeded(f"no answer within {timeout_seconds:g} s")
        return self.result()


def promised(function: Callable[..., T], *arguments: Any) -> Promise[T]:
    """Run a blocking call in a greenlet; the promise is its outcome."""
    promise: Promise[T] = Promise()

    def run() -> None:
        try:
            value = function(*arguments)
        except Exception as error:  # noqa: BLE001  (handed on, not swallowed)
            promise.fail(error)
        except Killed:
            promise.fail(DeadlineExceeded("abandoned"))
        else:
            promise.resolve(value)

    eventlet.spawn_n(run)
    return promise


def wait_until(
    promises: Iterable[Promise[Any]],
    satisfied: Callable[[], bool],
    timeout_seconds: float | None = None,
) -> bool:
    """Wait until ``satisfied()``, or all promises are done, or time is up.

    ``satisfied`` is asked again after each promise that completes.  Returns
    its last answer.
    """
    if satisfied():
        return True
    waiting = [promise for promise in promises if not promise.done]
    if not waiting:
        return False
    sleeper = Sleeper()
    left = len(waiting)

    def one_done(_: Promise[Any]) -> None:
        nonlocal left
        left -= 1
        if not sleeper.is_woken and (left == 0 or satisfied()):
            sleeper.wake()

    for promise in waiting:
        promise.when_done(one_done)
    sleeper.sleep(timeout_seconds)
    return satisfied()


Next = Callable[[Sequence[Promise[Any]]], Sequence[Promise[Any]]]
"""What follows when these are kept: more to wait for, or nothing.  It must be short,
and must not wait."""


_is_done = attrgetter("done")


class _WaitForAll(Sleeper):
    """Until all promises are kept or one is broken.  (A class, for closures that
    register themselves would be cycles for the collector to find.)"""

    __slots__ = ("_context", "_left", "_promises", "_then", "error")

    def __init__(self, then: Next | None) -> None:
        super().__init__()
        self._then = then
        self._context = copy_context() if then is not None else None
        self._left = 0
        self.error: Exception | None = None  # of ``then``

    def register(self, promises: Sequence[Promise[Any]]) -> bool:
        """Be told of these; whether there is any to wait for."""
        self._promises = promises
        self._left = len(promises)
        one_done = self._one_done
        for promise in promises:
            promise.when_done(one_done)
        return self._left > 0 and not self.is_woken

    def _one_done(self, promise: Promise[Any]) -> None:
        self._left -= 1
        if promise.error is not None:
            self._then = None
        elif self._left:
            return
        elif self._then is not None:
            assert self._context is not None
            then, self._then = self._then, None
            try:
                more = self._context.run(then, self._promises)
            except Exception as error:  # noqa: BLE001  (raised where it is waited)
                self.error, more = error, ()
            if more:
                self.register(more)
                return
        if not self.is_woken:
            self.wake()

    def end(self) -> None:
        """Those that are late begin nothing."""
        self._then = None


def wait_for_all(
    promises: Sequence[Promise[Any]],
    timeout_seconds: float | None = None,
    then: Next | None = None,
) -> None:
    """Wait until all are done, one has failed, or time is up.

    What every write does, and mostly all goes well: so nothing is asked again.  What
    there is to do ``then`` is begun, once all are kept, by whoever keeps the last, but
    on behalf of who waits here (its context variables), and its promises are waited for
    as well: the greenlet is woken once.  What it raises is raised here: whoever keeps
    a promise has others to tell as well.
    """
    if then is None and all(map(_is_done, promises)):
        return
    waiting = _WaitForAll(then)
    if waiting.register(promises):
        try:
            waiting.sleep(timeout_seconds)
        finally:
            waiting.end()
    if waiting.error is not None:
        raise waiting.error
