"""The section ``[ec2]``."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class Ec2Settings:
    """What this API says of itself."""

    region: str = option("RegionOne", "The region's name as DescribeRegions tells it")
