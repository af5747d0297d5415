"""The resource types: each module (of this package and those below) has ``TYPES``."""
