"""By its mark one can tell that a process has ended, and of no other."""

from __future__ import annotations

import os
import subprocess
import sys

from objectstore.kernel.process_mark import has_ended, mark_of, own_mark


def test_a_process_that_ends() -> None:
    waiting = [sys.executable, "-c", "input()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE) as child:
        mark = mark_of(child.pid)
        assert mark and not has_ended(mark)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(mark)  # nobody has heard of it yet
        child.wait()
    assert has_ended(mark)


def test_who_has_its_id_now_is_another() -> None:
    mark = own_mark()
    assert not has_ended(mark)
    place, _, began = mark.rpartition(":")
    assert has_ended(f"{place}:{int(began) + 1}")


def test_of_other_places_nothing_is_known() -> None:
    boot, namespace, _, began = own_mark().split(":")
    gone = 2**22 + 1  # more than there can be
    assert has_ended(f"{boot}:{namespace}:{gone}:{began}")
    assert not has_ended(f"another:{namespace}:{gone}:{began}")
    assert not has_ended(f"{boot}:1:{gone}:{began}")
    for rubbish in ("", ":", "a:b", f"{boot}:{namespace}:x:{began}", "::::", "1:2:3:4"):
        assert not has_ended(rubbish)
    assert not has_ended(f"{boot}:{namespace}:{10**40}:{began}")
