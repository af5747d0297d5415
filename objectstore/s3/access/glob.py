"""Matching ``*`` and ``?`` in policies, without regular expressions.

Policies are the client's text: the time this takes grows with pattern times
name, never with the number of ways to match.
"""

from __future__ import annotations


def matches(pattern: str, name: str) -> bool:
    """Whether the whole name matches; ``*`` is any text, ``?`` any character."""
    if "*" not in pattern and "?" not in pattern:
        return pattern == name
    at_pattern = at_name = 0
    star = -1
    resume = 0
    while at_name < len(name):
        sign = pattern[at_pattern] if at_pattern < len(pattern) else ""
        if sign == "*":
            star, resume = at_pattern, at_name
            at_pattern += 1
        elif sign and (sign == "?" or sign == name[at_name]):
            at_pattern += 1
            at_name += 1
        elif star >= 0:
            # Let the last star take one character more.
            resume += 1
            at_pattern, at_name = star + 1, resume
        else:
            return False
    return not pattern[at_pattern:].strip("*")
