"""The one door to eventlet: greenlets, waiting, sockets, native threads.

Nothing else in the tree imports eventlet or greenlet, so leaving them one day
is rewriting this file.  Three kinds of running code:

* **greenlets** (``spawn``): cooperative; switch only where they wait;
* **native threads** (``offload``): for calls that block or burn CPU for over a
  millisecond (fsync, hashing large chunks); the greenlet that calls waits,
  the others run on;
* **promises**: the answer to a call that completes later.  A promise is
  resolved on the hub's thread only.  Waiting for a quorum is registering on
  several promises and waking once, so a write to three local devices costs no
  greenlet at all.
"""

from __future__ import annotations

import os
import socket
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

# Names are looked up on native threads, by the system (``kernel.http.resolver``); a
# second resolver, in Python, would be a third of a small process's memory.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

with warnings.catch_warnings():
    # Upstream announces maintenance mode at import; doc/decisions says why we
    # use it all the same, once, here.
    warnings.simplefilter("ignore")
    import eventlet
    import eventlet.greenpool
    import eventlet.hubs
    import eventlet.queue
    import eventlet.semaphore
    import eventlet.tpool
    import greenlet

from eventlet.green import socket as green_socket

from objectstore.kernel.errors import DeadlineExceeded

T = TypeVar("T")

# A sync that ends wakes its writer, who writes again, whose batch begins, whose sync
# is handed over: all in one turn.  Then it is the turn of the sockets.
ROUNDS_PER_TURN = 4

Task = Any  # an eventlet GreenThread; opaque outside this module
GreenSocket = Any  # a socket whose calls wait cooperatively
Semaphore = eventlet.semaphore.Semaphore
Queue = eventlet.queue.LightQueue
QueueEmpty = eventlet.queue.Empty
QueueFull = eventlet.queue.Full
Killed = greenlet.GreenletExit
sleep = eventlet.sleep


def spawn(function: Callable[..., Any], *arguments: Any) -> Task:
    """Run ``function`` in a greenlet of its own; ``wait_task`` collects it."""
    return eventlet.spawn(function, *arguments)


def spawn_later(seconds: float, function: Callable[..., Any], *arguments: Any) -> Task:
    """Run ``function`` in a greenlet after ``seconds``."""
    return eventlet.spawn_after(seconds, function, *arguments)


def wait_task(task: Task) -> Any:
    """The return value of the task, or its exception."""
    return task.wait()


def kill_task(task: Task) -> None:
    """End the task at its next switch with ``Killed``."""
    task.kill()


def current_task() -> Any:
    """The running greenlet (for locks that know their owner)."""
    return greenlet.getcurrent()


def offload(function: Callable[..., T], *arguments: Any) -> T:
    """Run ``function`` on a native thread; only the calling greenlet waits."""
    return _run_native(function, *arguments)  # type: ignore[no-any-return]


_run_native: Callable[..., Any] = eventlet.tpool.execute


def simulate(hub: Any) -> Any:
    """Let this process run in simulated time: on another hub (a class of
    eventlet's kind; its instance is returned), native calls made by the caller."""
    global _run_native, _soon
    _run_native = _run_at_once
    # A timer each: the simulation tells by the timer whose life a call belongs to.
    _soon = _soon_by_timer
    eventlet.hubs.use_hub(hub)
    return eventlet.hubs.get_hub()


def _run_at_once(function: Callable[..., T], *arguments: Any) -> T:
    return function(*arguments)


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Raise ``DeadlineExceeded`` in this greenlet after ``seconds`` (None: never)."""
    if seconds is None:
        yield
        return
    timer = eventlet.Timeout(seconds)
    try:
        yield
    except eventlet.Timeout as caught:
        if caught is not timer:
            raise
        raise DeadlineExceeded(f"no answer within {seconds:g} s") from None
    finally:
        timer.cancel()


class _Turn:
    """What is to be called in the hub's next turn, with one timer for all."""

    __slots__ = ("_calls", "_hub")

    def __init__(self) -> None:
        self._calls: deque[Callable[[], Any]] = deque()
        self._hub: Any = None  # that has the timer; None: there is no timer

    def add(self, call: Callable[[], Any]) -> None:
        hub = eventlet.hubs.get_hub()
        self._calls.append(call)
        if self._hub is not hub:
            self._hub = hub
            hub.schedule_call_global(0, self._run)

    def _run(self) -> None:
        calls = self._calls
        try:
            for _ in range(ROUNDS_PER_TURN):
                for _ in range(len(calls)):
                    calls.popleft()()
        finally:
            self._hub = None
            if calls:
                self._hub = eventlet.hubs.get_hub()
                self._hub.schedule_call_global(0, self._run)


def _soon_by_timer(call: Callable[[], Any]) -> None:
    eventlet.hubs.get_hub().schedule_call_global(0, call)


_soon: Callable[[Callable[[], Any]], None] = _Turn().add


def soon(call: Callable[[], Any]) -> None:
    """Call it on the hub itself, in its next turn, in the order of the asking.

    The cheapest way to go on later: no greenlet, and one timer for all that is asked
    for in a turn.  It must be short and must not wait.
    """
    _soon(call)


class _Sleeper:
    """A greenlet that waits to be woken once, by whoever is first."""

    __slots__ = ("_greenlet", "_timer", "is_woken")

    def __init__(self) -> None:
        self.is_woken = False  # not by its timer
        self._greenlet: Any = None
        self._timer: Any = None

    def sleep(self, timeout_seconds: float | None) -> None:
        hub = eventlet.hubs.get_hub()
        self._greenlet = greenlet.getcurrent()
        if timeout_seconds is not None:
            self._timer = hub.schedule_call_global(max(0.0, timeout_seconds), self.end)
        try:
            hub.switch()
        finally:
            # Killed, perhaps: a wake-up on its way must not meet it elsewhere.
            self._greenlet = None
            if self._timer is not None:
                self._timer.cancel()

    def wake(self) -> None:
        self.is_woken = True
        _soon(self.end)

    def end(self) -> None:  # called by the hub
        if self._greenlet is not None:
            self._greenlet.switch()


class Event:
    """A flag that greenlets wait for; ``set`` wakes them all."""

    __slots__ = ("_is_set", "_sleepers")

    def __init__(self) -> None:
        self._is_set = False
        self._sleepers: list[_Sleeper] | None = None

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
        sleeper = _Sleeper()
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
            self._tell()

    def fail(self, error: BaseException) -> None:
        """Break the promise with ``error``."""
        if not self.done:
            self.done = True
            self.error = error
            self._tell()

    def _tell(self) -> None:
        callbacks, self._callbacks = self._callbacks, None
        for callback in callbacks or ():
            callback(self)

    def when_done(self, callback: Callable[[Promise[T]], None]) -> None:
        """Call ``callback(self)`` when done; now, if it is done already."""
        if self.done:
            callback(self)
        elif self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

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
    sleeper = _Sleeper()
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


def wait_for_all(
    promises: Sequence[Promise[Any]], timeout_seconds: float | None = None
) -> None:
    """Wait until all are done, one has failed, or time is up.

    What every write does, and mostly all goes well: so nothing is asked again.
    """
    sleeper = _Sleeper()
    left = len(promises)

    def one_done(promise: Promise[Any]) -> None:
        nonlocal left
        left -= 1
        if (left == 0 or promise.error is not None) and not sleeper.is_woken:
            sleeper.wake()

    for promise in promises:
        promise.when_done(one_done)
    if left and not sleeper.is_woken:
        sleeper.sleep(timeout_seconds)


class Pool:
    """At most ``size`` greenlets at once; ``spawn`` waits for a free place."""

    def __init__(self, size: int) -> None:
        self._pool = eventlet.greenpool.GreenPool(size)

    def spawn(self, function: Callable[..., Any], *arguments: Any) -> Task:
        """Run in a greenlet of the pool; waits while the pool is full."""
        return self._pool.spawn(function, *arguments)

    def spawn_n(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Like ``spawn``, cheaper, without a result to wait for."""
        self._pool.spawn_n(function, *arguments)

    def running(self) -> int:
        """How many greenlets of the pool run now."""
        return self._pool.running()  # type: ignore[no-any-return]

    def free(self) -> int:
        """How many more could start without waiting."""
        return self._pool.free()  # type: ignore[no-any-return]

    def wait_all(self) -> None:
        """Wait until none is running."""
        self._pool.waitall()


def green(sock: socket.socket) -> GreenSocket:
    """The same socket, waiting cooperatively."""
    return green_socket.socket(sock.family, sock.type, sock.proto, sock.detach())


def wait_readable(descriptor: int, timeout_seconds: float | None = None) -> None:
    """Wait until the descriptor can be read; DeadlineExceeded when it cannot."""
    _wait_descriptor(descriptor, timeout_seconds, read=True, write=False)


def wait_writable(descriptor: int, timeout_seconds: float | None = None) -> None:
    """Wait until the descriptor can be written; DeadlineExceeded when not."""
    _wait_descriptor(descriptor, timeout_seconds, read=False, write=True)


def _wait_descriptor(
    descriptor: int, timeout_seconds: float | None, *, read: bool, write: bool
) -> None:
    eventlet.hubs.trampoline(
        descriptor,
        read=read,
        write=write,
        timeout=timeout_seconds,
        timeout_exc=DeadlineExceeded("the connection is stalled"),
    )


class Readiness:
    """Waits for one descriptor's data, again and again.

    The descriptor stays registered with the hub between waits, which saves two
    system calls and most of the hub's work at each; it is taken off when data
    comes that nobody waits for (the hub would spin), until the next ``wait``.
    One greenlet waits at a time.  A wake-up may be spurious: try, then wait again.

    A socket that nobody refers to any more is closed without a word to the hub, and its
    number given to the next: who waited for the old one is told, and in nobody's way.
    """

    __slots__ = ("_descriptor", "_listener", "_waiter")

    def __init__(self, descriptor: int) -> None:
        eventlet.hubs.notify_opened(descriptor)
        self._descriptor = descriptor
        self._listener: Any = None
        self._waiter: Any = None

    def wait(self) -> None:
        """Wait until something can be read (or the peer has ended)."""
        hub = eventlet.hubs.get_hub()
        if self._listener is None:
            self._listener = hub.add(
                hub.READ, self._descriptor, self._wake, self._break, None
            )
        self._waiter = greenlet.getcurrent()
        try:
            hub.switch()
        finally:
            self._waiter = None

    def close(self) -> None:
        """Before the descriptor is closed: the hub must not know it any more."""
        listener, self._listener = self._listener, None
        if listener is not None:
            eventlet.hubs.get_hub().remove(listener)

    def _wake(self, _: int) -> None:
        if self._waiter is None:
            self.close()
        else:
            self._waiter.switch()

    def _break(self, error: BaseException) -> None:
        """The descriptor's number was given to another file."""
        self._listener = None
        if self._waiter is not None:
            self._waiter.throw(error)


def call_when_readable(descriptor: int, call: Callable[[], None]) -> None:
    """Call it on the hub whenever something can be read, for the rest of this
    process's life.  It must read it all, be short, and must not wait."""

    def again(_: int) -> None:
        call()

    def broken(error: BaseException) -> None:
        raise error

    hub = eventlet.hubs.get_hub()
    hub.add(hub.READ, descriptor, again, broken, None)
