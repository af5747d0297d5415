"""Line plots as plain SVG text: no library, readable diffs, the same in any browser."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 40, 50
COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#7a5195", "#8a6d3b")
TICKS_WANTED = 5


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name and its points."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture of some series over one another; x is logarithmic."""

    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]

    def write(self, path: Path) -> None:
        """Write the SVG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.svg(), "utf-8")

    def svg(self) -> str:
        """The picture as text."""
        xs = [x for series in self.series for x, _ in series.points]
        ys = [y for series in self.series for _, y in series.points]
        low, high = math.log10(min(xs)), math.log10(max(xs))
        step = nice_step(max(ys) / TICKS_WANTED)
        top = step * max(1, math.ceil(max(ys) / step))

        def at_x(x: float) -> float:
            share = (math.log10(x) - low) / (high - low or 1)
            return LEFT + share * (WIDTH - LEFT - RIGHT)

        def at_y(y: float) -> float:
            return HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM)

        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
            ' font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            _text(LEFT, TOP - 18, self.title, size=14),
            _text(LEFT, TOP - 4, self.y_label),
            _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, self.x_label, "middle"),
        ]
        for tick in range(round(top / step) + 1):
            y = at_y(tick * step)
            parts.append(_line(LEFT, y, WIDTH - RIGHT, y, "#ddd"))
            parts.append(_text(LEFT - 6, y + 4, shown(tick * step), "end"))
        for x in sorted(set(xs)):
            parts.append(_text(at_x(x), HEIGHT - BOTTOM + 18, shown(x), "middle"))
        for number, series in enumerate(self.series):
            colour = COLOURS[number % len(COLOURS)]
            points = [(at_x(x), at_y(y)) for x, y in series.points]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}"'
                ' stroke-width="2"/>'
            )
            parts += [
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
                for x, y in points
            ]
            y = TOP + 18 * number
            parts.append(_line(WIDTH - 140, y, WIDTH - 120, y, colour))
            parts.append(_text(WIDTH - 114, y + 4, series.name))
        return "\n".join([*parts, "</svg>", ""])


def nice_step(rough: float) -> float:
    """The next of 1, 2, 5, 10 ... that is not smaller."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)


def shown(value: float) -> str:
    """A number for an axis."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:.3g}"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
        f' stroke="{colour}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
        f' font-size="{size}">{escape(text)}</text>'
    )
