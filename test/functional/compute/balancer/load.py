"""Requests as fast as they go, each on a connection of its own, as a process.

    python load.py URL THREADS

Ends when its input does; prints how many were answered, and what went wrong.
"""

from __future__ import annotations

import json
import sys
import threading
import urllib.request

SECONDS_MAX = 10.0


def main(url: str, threads: int) -> None:
    answered, failures = [0] * threads, []
    stop = threading.Event()

    def ask(place: int) -> None:
        while not stop.is_set():
            try:
                with urllib.request.urlopen(url, timeout=SECONDS_MAX) as reply:
                    json.load(reply)
                answered[place] += 1
            except Exception as error:
                failures.append(repr(error))

    running = [threading.Thread(target=ask, args=(n,)) for n in range(threads)]
    for thread in running:
        thread.start()
    print("asking", flush=True)
    sys.stdin.read()
    stop.set()
    for thread in running:
        thread.join()
    print(json.dumps({"answered": sum(answered), "failures": failures}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
