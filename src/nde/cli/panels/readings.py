"""Predictions for a series while the model reads it."""

from collections.abc import Callable, Iterable

import numpy as np
from jaxtyping import Float, Int

from nde.data.panel import TimeSeries
from nde.plot import RunningPrediction
from nde.plot.times import dates_or_numbers

_MOST = 6
"""Series to show."""
_PREFIXES = 30
"""Prefixes of one series to look at, at most."""
_WRONG = 2


def classes_to_show(
    truth: np.ndarray, predicted: np.ndarray, probabilities: Float[np.ndarray, "series classes"]
) -> Int[np.ndarray, " some"]:
    """The most confident wrong predictions, the least confident correct one, and the most confident of each class."""
    sure = probabilities.max(axis=1)
    order = np.argsort(-sure, kind="stable")
    wrong = [place for place in order if truth[place] != predicted[place]][:_WRONG]
    right = [place for place in order if truth[place] == predicted[place]]
    first = {truth[place]: place for place in reversed(right)}
    best = [place for place in right if first[truth[place]] == place]
    rest = [*best, *(place for place in right if place not in best)]
    return np.array(list(dict.fromkeys([*wrong, *right[-1:], *rest]))[:_MOST], np.int64)


def numbers_to_show(truth: np.ndarray) -> Int[np.ndarray, " some"]:
    """Series whose numbers are spread evenly over all ranks, chosen without a look at the predictions."""
    order = np.argsort(truth, kind="stable")
    return order[np.unique(np.linspace(0, len(order) - 1, _MOST).round().astype(int))]


def readings(
    panel: TimeSeries, titles: Iterable[str], predict: Callable[[TimeSeries], Float[np.ndarray, "series outputs"]]
) -> list[RunningPrediction]:
    """Predictions for each series, from its first observation on, row by row.

    Args:
        panel: The series.
        titles: A title for each.
        predict: The model.
    """
    owners, ends = _prefixes(panel)
    outputs = np.asarray(predict(_prefix_panel(panel, owners, ends)))
    return [
        RunningPrediction(
            title=title,
            ts=dates_or_numbers(series.ts, panel.clock, place),
            ys=series.ys,
            predicted_at=dates_or_numbers(series.ts[ends[owners == place] - 1], panel.clock, place),
            predictions=outputs[owners == place],
        )
        for place, (series, title) in enumerate(zip(panel, titles, strict=True))
    ]


def _prefixes(panel: TimeSeries) -> tuple[Int[np.ndarray, " prefixes"], Int[np.ndarray, " prefixes"]]:
    """The series that each prefix is of, and how many rows it has; each holds an observation."""
    owners, ends = [], []
    for place, series in enumerate(panel):
        first = int(np.argmax(~np.isnan(series.ys).all(axis=1))) + 1
        count = min(_PREFIXES, len(series.ts) - first + 1)
        own = np.unique(np.linspace(first, len(series.ts), count).round().astype(int))
        owners += [place] * len(own)
        ends += own.tolist()
    return np.array(owners, np.int64), np.array(ends, np.int64)


def _prefix_panel(
    panel: TimeSeries, owners: Int[np.ndarray, " prefixes"], ends: Int[np.ndarray, " prefixes"]
) -> TimeSeries:
    """A panel of prefixes."""
    firsts = panel.starts[owners]
    rows = [slice(int(first), int(first + end)) for first, end in zip(firsts, ends, strict=True)]
    return TimeSeries.from_arrays(
        [panel.ys[each] for each in rows],
        [panel.ts[each] for each in rows],
        channels=panel.channels,
        static=panel.static[owners] if panel.static_names else None,
        static_names=panel.static_names or None,
    )
