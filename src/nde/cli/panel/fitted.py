"""A fitted model of many series, of whatever kind."""

import dataclasses
from pathlib import Path
from typing import Any

from nde.cli.panel.job import Job
from nde.cli.panel.prepared import Prepared


@dataclasses.dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model of many series.

    Attributes:
        job: What was asked for.
        folder: Where the run is.
        data: What it was fitted to and judged by.
        model: The fitted estimator.
        seconds: How long the fit took.
    """

    job: Job
    folder: Path
    data: Prepared
    model: Any
    seconds: float
