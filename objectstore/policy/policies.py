"""Storage policies: a number, a name, and the ring that places its objects.

A container is bound to one policy for as long as it lives; every object in it
is placed by that policy's ring.  Policy 0 always exists: its ring is
``object``, policy N's is ``object-N``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from objectstore.policy.erasure import Erasure, fragment_space

# More policies than any cluster has; keeps /info and the settings readable.
POLICIES_MAX = 64
_NAME = re.compile(r"[A-Za-z0-9-]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class Policy:
    """One storage policy.  ``aliases`` are further names that clients may use."""

    index: int
    name: str
    aliases: tuple[str, ...] = ()
    is_default: bool = False
    # A deprecated policy serves the containers it has and takes no new ones.
    is_deprecated: bool = False
    # None: its objects are kept as whole copies.
    erasure: Erasure | None = None

    @property
    def spaces(self) -> tuple[int, ...]:
        """The numbers under which nodes keep what is of it: its objects' records, and
        its fragments."""
        if self.erasure is None:
            return (self.index,)
        return self.index, fragment_space(self.index)

    @property
    def ring_name(self) -> str:
        """The base name of its ring file."""
        return "object" if self.index == 0 else f"object-{self.index}"


class Policies:
    """All policies of a cluster: looked up by index or (any-case) name."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        """Raises ``ValueError`` with every mistake when they do not fit together."""
        self._policies = tuple(sorted(policies, key=lambda policy: policy.index))
        mistakes = _mistakes(self._policies)
        if mistakes:
            raise ValueError("; ".join(mistakes))
        self._by_index = {policy.index: policy for policy in self._policies}
        self._by_name = {
            name.lower(): policy
            for policy in self._policies
            for name in (policy.name, *policy.aliases)
        }
        self.default = next(
            (policy for policy in self._policies if policy.is_default),
            self._policies[0],
        )

    def __iter__(self) -> Iterator[Policy]:
        return iter(self._policies)

    def __len__(self) -> int:
        return len(self._policies)

    @property
    def erasures(self) -> dict[int, Erasure]:
        """The numbers of those that are erasure-coded, by index."""
        return {
            policy.index: policy.erasure
            for policy in self._policies
            if policy.erasure is not None
        }

    def by_index(self, index: int) -> Policy | None:
        """The policy of that number, if there is one."""
        return self._by_index.get(index)

    def by_name(self, name: str) -> Policy | None:
        """The policy of that name or alias, in any case, if there is one."""
        return self._by_name.get(name.lower())


def _mistakes(policies: tuple[Policy, ...]) -> list[str]:
    mistakes = []
    if len(policies) > POLICIES_MAX:
        mistakes.append(f"more than {POLICIES_MAX} storage policies")
    if not policies or policies[0].index != 0:
        mistakes.append("storage policy 0 is missing")
    if len({policy.index for policy in policies}) < len(policies):
        mistakes.append("two storage policies have the same index")
    names = [name for policy in policies for name in (policy.name, *policy.aliases)]
    if len({name.lower() for name in names}) < len(names):
        mistakes.append("two storage policies have the same name")
    mistakes += [
        f"not a policy name: {name!r}" for name in names if not _NAME.match(name)
    ]
    defaults = [policy for policy in policies if policy.is_default]
    if len(defaults) > 1:
        mistakes.append("more than one storage policy is the default")
    if any(policy.is_deprecated for policy in defaults):
        mistakes.append("the default storage policy is deprecated")
    for policy in policies:
        for mistake in policy.erasure.mistakes() if policy.erasure else ():
            mistakes.append(f"storage policy {policy.index}: {mistake}")
    return mistakes


ONE_POLICY = Policies([Policy(0, "Policy-0", is_default=True)])
"""What a cluster has whose settings name no policy."""
