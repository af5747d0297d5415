"""All fake nodes by one import: in memory, and with faults on command."""

from test.fakes.faults import Faults, Faulty
from test.fakes.memory_database import MemoryAccountNode, MemoryContainerNode
from test.fakes.memory_object import MemoryObjectNode

__all__ = [
    "Faults",
    "Faulty",
    "MemoryAccountNode",
    "MemoryContainerNode",
    "MemoryObjectNode",
]
