"""Blueprints of stacks, each read once for each of its operations."""

from __future__ import annotations

from compute.orchestration.blueprint import Blueprint, Identity
from compute.orchestration.engine.parts import Parts
from compute.orchestration.model import Stack

# Of the stacks at work; a large one has some megabytes.
KEPT_MAX = 32


def blueprint_of(parts: Parts, stack: Stack) -> Blueprint:
    """What the stack is to be; ``Invalid`` when this cloud cannot make that (any
    more)."""
    kept, key = parts.blueprints, (stack.id, stack.generation)
    found = kept.get(key)
    if found is None:
        identity = Identity(stack.id, stack.name, stack.project_id)
        found = kept[key] = Blueprint(stack.wanted, identity, parts.registry)
        while len(kept) > KEPT_MAX:
            kept.popitem(last=False)
    return found
