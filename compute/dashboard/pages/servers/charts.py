"""Series of figures as curves: what stands where in the picture.  Pure."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

WIDTH, HEIGHT = 600, 140
LEFT, RIGHT, TOP, BOTTOM = 2, 2, 4, 4
# Moments that are further from each other than so many granules are not connected.
GAP_GRANULES = 2.5
LOOKS = ("first", "second")

Point = tuple[float, float]
"""Seconds since the epoch, and a value."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One series; ``path``: its lines as SVG draws them."""

    name: str
    look: str
    path: str
    said: str  # the newest and the highest value, in words


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves over one span of time, from 0 to ``most``; what it says stands beside the
    picture, which grows and shrinks."""

    curves: Sequence[Curve] = ()
    most: str = ""
    begin: str = ""
    end: str = ""
    width: int = WIDTH
    height: int = HEIGHT
    levels: Sequence[int] = field(
        default=tuple(TOP + (HEIGHT - TOP - BOTTOM) * step // 4 for step in range(5))
    )


def rates(points: Sequence[Point]) -> list[Point]:
    """What grows, as growth a second; where it began anew there is none."""
    return [
        (after, (value - former) / (after - before))
        for (before, former), (after, value) in pairwise(points)
        if value >= former and after > before
    ]


def added(series: Sequence[Sequence[Point]]) -> list[Point]:
    """Several series as one, moment by moment."""
    sums: dict[float, float] = {}
    for points in series:
        for moment, value in points:
            sums[moment] = sums.get(moment, 0.0) + value
    return sorted(sums.items())


def scaled(points: Sequence[Point], factor: float) -> list[Point]:
    """Each value times that."""
    return [(moment, value * factor) for moment, value in points]


def chart(
    series: Sequence[tuple[str, Sequence[Point]]],
    span: tuple[float, float],
    granularity: float,
    said: Callable[[float], str],
    most: float = 0.0,
) -> Chart:
    """``series``: by their names; ``said``: a value in words; ``most``: the least that
    the picture's height stands for."""
    highest = max([value for _, points in series for _, value in points], default=0.0)
    top = most if highest <= most and most > 0 else ceiling_of(highest)
    curves = [
        Curve(name, look, _path(points, span, granularity, top), _said(points, said))
        for (name, points), look in zip(series, LOOKS, strict=False)
    ]
    return Chart(curves, said(top))


def ceiling_of(value: float) -> float:
    """The power of two that is not below it, or the highest there is: bytes have such
    units."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    return 2.0 ** min(math.ceil(math.log2(value)), sys.float_info.max_exp - 1)


def _path(
    points: Sequence[Point], span: tuple[float, float], granularity: float, top: float
) -> str:
    begin, end = span
    parts: list[str] = []
    before = -math.inf
    for moment, value in points:
        share = (moment - begin) / max(end - begin, 1.0)
        x = LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)
        height = min(max(value / top, 0.0), 1.0) * (HEIGHT - TOP - BOTTOM)
        is_new = moment - before > GAP_GRANULES * granularity
        parts.append(f"{'M' if is_new else 'L'}{x:.1f} {HEIGHT - BOTTOM - height:.1f}")
        if is_new:
            parts.append("h0.1")  # a moment alone is a dot
        before = moment
    return "".join(parts)


def _said(points: Sequence[Point], said: Callable[[float], str]) -> str:
    if not points:
        return "nothing yet"
    highest = max(value for _, value in points)
    return f"{said(points[-1][1])} now, {said(highest)} at most"
