"""How cost grows: measures, prints the points, and draws them.

    python -m test.bench.curves [--out doc/performance] concurrency
    python -m test.bench.curves objects --most 2000000 [--keep-in /tmp/curves/objects]
    python -m test.bench.curves rows --most 2000000 [--keep-in /tmp/curves/rows]
    python -m test.bench.curves space

Each writes its SVG pictures and its points (``NAME.json``).  ``objects`` and ``rows``
fill one device below HTTP and measure through a server; with ``--keep-in`` and
``--seconds`` they can be done in pieces.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from test.bench import curve_concurrency, curve_objects, curve_rows, curve_space
from test.bench.plots import Plot, Series

Points = list[dict[str, float]]
DEFAULT_OUT = Path("doc/performance")
SIZES = (10_000, 50_000, 200_000, 500_000, 2_000_000)


def sizes_up_to(most: int) -> list[int]:
    """The sizes measured: those below ``most``, and that."""
    return [*[size for size in SIZES if size < most], most]


def save(
    out: Path,
    name: str,
    x: tuple[str, str],
    points: Points,
    pictures: Mapping[str, tuple[str, Mapping[str, str]]],
) -> None:
    """``pictures``: file name -> (title of its y axis, key of a point -> its name)."""
    if not points:
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(points, indent=1) + "\n", "utf-8")
    for picture, (label, lines) in pictures.items():
        series = [
            Series(shown, [(point[x[0]], point[key]) for point in points])
            for key, shown in lines.items()
        ]
        title = f"{picture.replace('-', ' ').capitalize()}"
        Plot(title, x[1], label, series).write(out / f"{picture}.svg")


def report(measure: Callable[[Callable[[dict[str, float]], None]], Any]) -> Points:
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


def resumable(command: Callable[..., None]) -> Callable[..., None]:
    """The options of curves that take long."""
    for option in (
        click.option("--most", default=500_000, show_default=True),
        click.option(
            "--keep-in",
            type=click.Path(path_type=Path),
            help="Where the filled store stays; goes on with what is there.",
        ),
        click.option(
            "--only-fills",
            is_flag=True,
            help="Stop before the next measurement, for a quiet moment.",
        ),
        click.option(
            "--seconds",
            default=float("inf"),
            help="Fill for no longer; the next run goes on.",
        ),
    ):
        command = option(command)
    return command


@contextmanager
def place_of(keep_in: Path | None) -> Iterator[Path]:
    """The directory of a store that grows."""
    if keep_in is not None:
        keep_in.mkdir(parents=True, exist_ok=True)
        yield keep_in
        return
    with tempfile.TemporaryDirectory(prefix="ringstack-curves-") as directory:
        yield Path(directory)


@main.command()
@resumable
@click.pass_obj
def objects(
    out: Path, most: int, keep_in: Path | None, seconds: float, *, only_fills: bool
) -> None:
    """Cost against the number of 1 KiB objects on a device."""
    with place_of(keep_in) as place:
        points = report(
            lambda note: curve_objects.measure(
                place, note, sizes_up_to(most), seconds, only_fills=only_fills
            )
        )
    save(
        out,
        "objects",
        ("objects", "objects on the device"),
        points,
        {
            "objects-cpu": (
                "CPU of a request, microseconds",
                {"put_us": "PUT", "get_us": "GET"},
            ),
            "objects-device": (
                "CPU on the device, microseconds",
                {
                    "device_put_us": "PUT",
                    "device_get_us": "GET, cold",
                    "device_get_hot_us": "GET, cached",
                },
            ),
            "objects-replication": (
                "milliseconds of CPU",
                {"replication_ms": "round with one difference"},
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
@resumable
@click.pass_obj
def rows(
    out: Path, most: int, keep_in: Path | None, seconds: float, *, only_fills: bool
) -> None:
    """Cost against the number of rows of a container."""
    with place_of(keep_in) as place:
        points = report(
            lambda note: curve_rows.measure(
                place, note, sizes_up_to(most), seconds, only_fills=only_fills
            )
        )
    save(
        out,
        "rows",
        ("rows", "rows in the container"),
        points,
        {
            "rows-put": ("CPU of a PUT of 1 KiB, microseconds", {"put_us": "PUT"}),
            "rows-listing": (
                "CPU, milliseconds for a page of 1,000",
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
