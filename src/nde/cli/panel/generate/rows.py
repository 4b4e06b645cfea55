"""The lines of a CSV file of generated series."""

from collections.abc import Iterator

import numpy as np

from nde.cli.noise.predict import row
from nde.data.panel import TimeSeries


def generated(panel: TimeSeries, heads: tuple[str, str]) -> Iterator[str]:
    """A row for each time of each series.

    Args:
        panel: The series.
        heads: What the columns of series and times are called.
    """
    yield row([*heads, *panel.channels])
    for series in panel:
        for time, values in zip(series.ts, series.ys, strict=True):
            yield row([f"{series.id}", f"{time:.9g}", *("" if np.isnan(y) else f"{y:.7g}" for y in values)])
