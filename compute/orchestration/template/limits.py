"""How large a template may be, and what comes of it."""

from __future__ import annotations

# Maps in lists in maps: the deepest real templates have about 15.
DEPTH_MAX = 60
# Values of one document, those that aliases repeat counted each time: a document of one
# kilobyte can otherwise stand for a billion ("billion laughs").
NODES_MAX = 100_000
# What functions may make of one template: see ``weight.py``.
WORK_MAX = 500_000
# Heat's own.
PARAMETERS_MAX = 1000
NAME_CHARACTERS_MAX = 255
# What may take long, so often in one template.
PATTERNS_MAX = 50
# Each element of a list is held against each of them.
ALLOWED_VALUES_MAX = 1000
LIST_ELEMENTS_MAX = 10_000
# A type can be a template's URL; each resource's row has it.
TYPE_CHARACTERS_MAX = 255
# Of a template's description a stack shows so much.
DESCRIPTION_CHARACTERS_MAX = 4096
# Sections that Heat limits by nothing.
OUTPUTS_MAX = 1000
CONDITIONS_MAX = 1000
