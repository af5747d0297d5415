"""The sizes of a multipart object's parts, kept with the object.  Pure.

Stored as run lengths (``5242880x199,17``): most uploads have parts of one size,
and 10,000 different ones still fit.
"""

from __future__ import annotations

from itertools import groupby

from objectstore.s3.errors import S3Error


def write_part_sizes(sizes: list[int]) -> str:
    """Sizes as a header's value."""
    runs = []
    for size, group in groupby(sizes):
        count = sum(1 for _ in group)
        runs.append(f"{size}x{count}" if count > 1 else str(size))
    return ",".join(runs)


def read_part_sizes(text: str) -> list[int]:
    """Sizes from a header's value; none for "" ."""
    sizes: list[int] = []
    for run in filter(None, text.split(",")):
        size, _, count = run.partition("x")
        sizes += [int(size)] * int(count or 1)
    return sizes


def part_range(sizes: list[int], size: int, number_text: str) -> tuple[int, int]:
    """[start, stop) of a part; an object that was put whole has one part."""
    number = int(number_text) if number_text.isascii() and number_text.isdigit() else 0
    if not 1 <= number <= 10000:
        raise S3Error(
            "InvalidArgument",
            "Part number must be an integer between 1 and 10000, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=number_text[:64],
        )
    parts = sizes or [size]
    if number > len(parts):
        raise S3Error(
            "InvalidPartNumber",
            PartNumberRequested=number_text,
            ActualPartCount=str(len(parts)),
        )
    start = sum(parts[: number - 1])
    return start, start + parts[number - 1]
