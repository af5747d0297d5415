"""Blueprints of stacks, each drawn once for each of its operations."""

from __future__ import annotations

from compute.orchestration.blueprint import Blueprint, Identity
from compute.orchestration.model import Stack, Wanted
from compute.orchestration.parts import Parts
from compute.orchestration.registry import Registry
from objectstore.kernel import concurrency

# Of the stacks at work; a large one has some megabytes.
KEPT_MAX = 32


def blueprint_of(parts: Parts, stack: Stack) -> Blueprint:
    """What the stack is to be; ``Invalid`` when this cloud cannot make that (any
    more)."""
    kept, key = parts.blueprints, (stack.id, stack.generation)
    found = kept.get(key)
    if found is None:
        identity = Identity(stack.id, stack.name, stack.project_id)
        found = kept[key] = draw(stack.wanted, identity, parts.registry)
        while len(kept) > KEPT_MAX:
            kept.popitem(last=False)
    return found


def draw(wanted: Wanted, identity: Identity, registry: Registry) -> Blueprint:
    """A blueprint; ``Invalid``.  Drawn on a native thread: others would have to wait
    for a large template, or for one with costly patterns."""
    return concurrency.offload(Blueprint, wanted, identity, registry)


def validate(blueprint: Blueprint, roles: frozenset[str] | None = None) -> Blueprint:
    """The same, once it is validated there."""
    concurrency.offload(blueprint.validate, roles)
    return blueprint
