"""Additional channels for irregular sampling: time, masks and observation counts."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from nde.data.frames import did_you_mean
from nde.data.panel.time_series import TimeSeries
from nde.data.table import DataError


def with_time(panel: TimeSeries, name: str = "time") -> TimeSeries:
    """Add time as the first channel.

    A controlled differential equation depends on its path only up to reparameterization, so it needs time as a channel
    to know how fast the path moves.

    Args:
        panel: The panel.
        name: Name of the new channel.

    Returns:
        The panel with channels `time, x, y, ...`.

    Raises:
        DataError: If the panel has a channel with that name.

    Example:
        ```python
        import numpy as np
        import nde
        from nde.data import with_time

        print(with_time(nde.TimeSeries.from_arrays([[5.0, 6.0]], [[0.0, 2.5]])).ys)
        ```
    """
    return dataclasses.replace(
        panel, ys=np.concatenate([panel.ts[:, None], panel.ys], axis=1), channels=(name, *panel.channels)
    )


def with_masks(panel: TimeSeries, channels: Sequence[str] | None = None) -> TimeSeries:
    """Add an observation mask for each channel: 1 where it was observed, 0 where it is missing.

    Args:
        panel: The panel.
        channels: The channels to add masks for; by default all.

    Returns:
        The panel with channels `x, y, ..., x observed, y observed, ...`.

    Raises:
        DataError: If a channel does not exist, or already has a mask.

    Example:
        ```python
        import numpy as np
        import nde
        from nde.data import with_masks

        print(with_masks(nde.TimeSeries.from_arrays([[5.0, np.nan, 6.0]])).ys)
        ```
    """
    chosen = _places(panel, channels)
    return _appended(panel, panel.observed[:, chosen].astype(float), [f"{panel.channels[i]} observed" for i in chosen])


def with_intensities(panel: TimeSeries, channels: Sequence[str] | None = None) -> TimeSeries:
    """Add an observation count for each channel: how many times it was observed in its series so far.

    The count includes the current row. When and how often something is measured can be informative: a physician
    measures sicker patients more often. Call this before `with_time`, or time is counted, too.

    Args:
        panel: The panel.
        channels: The channels to add counts for; by default all.

    Returns:
        The panel with channels `x, y, ..., x count, y count, ...`.

    Raises:
        DataError: If a channel does not exist, or already has a count.

    Source:
        Kidger, Morrill, Foster and Lyons, *Neural controlled differential equations for irregular time series* (2020),
        section 3.6, doi:10.48550/arXiv.2005.08926.

    Example:
        ```python
        import numpy as np
        import nde
        from nde.data import with_intensities

        print(with_intensities(nde.TimeSeries.from_arrays([[5.0, np.nan, 6.0]])).ys)
        ```
    """
    chosen = _places(panel, channels)
    observed = panel.observed[:, chosen].astype(float)
    total = np.cumsum(observed, axis=0)
    before = total[panel.starts] - observed[panel.starts]
    counts = total - np.repeat(before, panel.lengths, axis=0)
    return _appended(panel, counts, [f"{panel.channels[i]} count" for i in chosen])


def _places(panel: TimeSeries, channels: Sequence[str] | None) -> Int[np.ndarray, " chosen"]:
    if channels is None:
        return np.arange(len(panel.channels))
    for name in channels:
        if name not in panel.channels:
            raise DataError(f"The panel has no channel '{name}'. {did_you_mean(name, panel.channels)}")
    return np.array([panel.channels.index(name) for name in channels], np.int64)


def _appended(panel: TimeSeries, ys: Float[np.ndarray, "rows more"], names: Sequence[str]) -> TimeSeries:
    return dataclasses.replace(panel, ys=np.concatenate([panel.ys, ys], axis=1), channels=(*panel.channels, *names))
