"""Channels that tell a model when, and how often, something was observed."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from nde.data.panel.rows import did_you_mean
from nde.data.panel.time_series import TimeSeries
from nde.data.table import DataError


def with_time(panel: TimeSeries, name: str = "time") -> TimeSeries:
    """Puts the times before the channels, as a channel more.

    A controlled differential equation sees its path only as it moves: without time it does not know how fast.

    Args:
        panel: The panel.
        name: What the channel is called.

    Returns:
        The panel with the channels `time, x, y, ...`.

    Raises:
        DataError: If there is a channel of that name.

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
    """Puts after the channels, for each of them, whether it was observed: 1 or 0.

    Args:
        panel: The panel.
        channels: Whose; all by default.

    Returns:
        The panel with the channels `x, y, ..., x observed, y observed, ...`.

    Raises:
        DataError: If there is no such channel, or it has its mask already.

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
    """Puts after the channels, for each of them, how often it was observed in its series so far.

    This count includes the row itself. What is measured when, and how often, tells something: a physician looks more
    often at a patient who is worse. Call it before `with_time`, or time is counted, too.

    Args:
        panel: The panel.
        channels: Whose; all by default.

    Returns:
        The panel with the channels `x, y, ..., x count, y count, ...`.

    Raises:
        DataError: If there is no such channel, or it has its count already.

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
