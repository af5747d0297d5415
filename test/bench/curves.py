"""How cost grows: measures, prints the points, and draws them.

    python -m test.bench.curves [--out doc/performance] concurrency
    python -m test.bench.curves objects --most 2000000
    python -m test.bench.curves rows --most 2000000
    python -m test.bench.curves space

Each writes its SVG pictures and its points (``NAME.json``).  ``objects`` and ``rows``
work on one device in this process, so CPU is this process' own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from test.bench import curve_concurrency, curve_objects, curve_rows, curve_space
from test.bench.plots import Plot, Series

Points = list[dict[str, float]]
DEFAULT_OUT = Path("doc/performance")
SIZES = (10_000, 50_000, 200_000, 500_000, 2_000_000)


def sizes_up_to(most: int) -> list[int]:
    """The sizes measured, not beyond ``most``."""
    return [size for size in SIZES if size <= most]


def save(
    out: Path,
    name: str,
    x: tuple[str, str],
    points: Points,
    pictures: Mapping[str, tuple[str, Mapping[str, str]]],
) -> None:
    """``pictures``: file name -> (title of its y axis, key of a point -> its name)."""
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(points, indent=1) + "\n", "utf-8")
    for picture, (label, lines) in pictures.items():
        series = [
            Series(shown, [(point[x[0]], point[key]) for point in points])
            for key, shown in lines.items()
        ]
        title = f"{picture.replace('-', ' ').capitalize()}"
        Plot(title, x[1], label, series).write(out / f"{picture}.svg")


def report(measure: Callable[[Callable[[dict[str, float]], None]], None]) -> Points:
    """Collect the points, printing each as it comes."""
    points: Points = []

    def note(point: dict[str, float]) -> None:
        points.append({key: round(value, 4) for key, value in point.items()})
        click.echo(json.dumps(points[-1]))

    measure(note)
    return points


@click.group()
@click.option("--out", type=click.Path(path_type=Path), default=DEFAULT_OUT)
@click.pass_context
def main(context: click.Context, out: Path) -> None:
    """Measure how cost grows."""
    context.obj = out


@main.command()
@click.option("--seconds", default=3, show_default=True)
@click.pass_obj
def concurrency(out: Path, seconds: int) -> None:
    """Throughput and latency against the number of connections."""
    points = report(lambda note: curve_concurrency.measure(note, seconds))
    names = {"put": "PUT 4 KiB", "get": "GET 4 KiB"}
    save(
        out,
        "concurrency",
        ("connections", "connections"),
        points,
        {
            "concurrency-throughput": (
                "operations per second",
                {f"{key}_per_second": name for key, name in names.items()},
            ),
            "concurrency-p99": (
                "p99, milliseconds",
                {f"{key}_p99_ms": name for key, name in names.items()},
            ),
            "concurrency-cpu": (
                "CPU, milliseconds an operation",
                {f"{key}_cpu_ms": name for key, name in names.items()},
            ),
        },
    )


@main.command()
@click.option("--most", default=500_000, show_default=True)
@click.pass_obj
def objects(out: Path, most: int) -> None:
    """Cost against the number of 1 KiB objects on a device."""
    points = report(lambda note: curve_objects.measure(note, sizes_up_to(most)))
    save(
        out,
        "objects",
        ("objects", "objects on the device"),
        points,
        {
            "objects-cpu": (
                "CPU, microseconds",
                {"put_us": "PUT", "get_us": "GET, cold", "get_hot_us": "GET, cached"},
            ),
            "objects-restart": (
                "seconds",
                {"restart_clean_s": "clean stop", "restart_killed_s": "after a kill"},
            ),
            "objects-size": (
                "bytes an object, MB",
                {"index_bytes": "index, bytes/object", "memory_mb": "memory, MB"},
            ),
        },
    )


@main.command()
@click.option("--most", default=500_000, show_default=True)
@click.pass_obj
def rows(out: Path, most: int) -> None:
    """Cost against the number of rows of a container."""
    points = report(lambda note: curve_rows.measure(note, sizes_up_to(most)))
    save(
        out,
        "rows",
        ("rows", "rows in the container"),
        points,
        {
            "rows-put": ("CPU, microseconds", {"put_us": "PUT of a row"}),
            "rows-listing": (
                "milliseconds for a page of 1,000",
                {
                    "first_ms": "first page",
                    "deep_ms": "deep page",
                    "delimiter_ms": "delimiter",
                },
            ),
        },
    )


@main.command()
@click.pass_obj
def space(out: Path) -> None:
    """Space used against bytes stored, before and after compaction."""
    points = report(curve_space.measure)
    save(
        out,
        "space",
        ("dead_percent", "per cent overwritten or deleted"),
        points,
        {
            "space-amplification": (
                "bytes on disk for each byte stored",
                {"before": "before compaction", "after": "after compaction"},
            )
        },
    )


if __name__ == "__main__":
    main()
