"""What an operator can choose of the metric room."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.option_types import Seconds
from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class MetricSettings:
    """The metric service, and how often agents tell it of their guests."""

    interval: Seconds = option(
        60.0,
        "How often hosts' agents tell how their guests fare; 0: never",
        minimum=0,
    )
    stock_interval: Seconds = option(
        600.0,
        "How often the sizes of volumes and images are taken stock of; 0: never",
        minimum=0,
    )
    fold_after: Seconds = option(
        900.0,
        "How long measures wait as they came before they join their series",
        minimum=0,
    )
    metrics_per_project: int = option(
        10000, "Metrics that a project may create; -1: any number", minimum=-1
    )
    resources_per_project: int = option(
        10000, "Resources that a project may create; -1: any number", minimum=-1
    )
    answer_points: int = option(
        500_000, "Points that one question may look at", minimum=1000
    )
    history_entries: int = option(
        50_000, "Former states of resources that one question may look at", minimum=1000
    )
    page_max: int = option(
        1000, "Metrics or resources on one page of a list", minimum=1, maximum=1000
    )
