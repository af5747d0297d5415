"""The uploads of one object's fragments: who has begun one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from objectstore.kernel.concurrency import Promise
from objectstore.proxy.rounds.fragment_round import FragmentRound, run_round
from objectstore.proxy.rounds.patience import Patience
from objectstore.wire.nodes import ObjectNode, Upload


@dataclass(frozen=True, slots=True)
class FragmentUpload:
    """An upload of the fragment with that index."""

    index: int
    node: ObjectNode
    upload: Upload


def begin_uploads(
    patience: Patience, make: Callable[[], FragmentRound[Upload]]
) -> list[FragmentUpload]:
    """One for each fragment, of the rounds that ``make`` makes; those that nobody waits
    for any more are given up when they begin.  Raises what the last round raises."""
    made: list[FragmentRound[Upload]] = []

    def make_noted() -> FragmentRound[Upload]:
        made.append(make())
        return made[-1]

    uploads: dict[int, FragmentUpload] = {}
    taken: set[int] = set()
    try:
        for each in run_round(patience, make_noted).told:
            if each.is_kept and each.index not in uploads:
                upload = each.promise.result()
                uploads[each.index] = FragmentUpload(each.index, each.node, upload)
                taken.add(id(each))
    finally:
        for each in (told for one in made for told in one.told):
            if id(each) not in taken:
                each.promise.when_done(_give_up)
    return list(uploads.values())


def _give_up(promise: Promise[Upload]) -> None:
    if promise.value is not None:
        promise.value.abort()
