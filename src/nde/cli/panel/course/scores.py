"""How good forecasts and imputations are, as JSON can hold it."""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from nde.cli.panel.course.held import Held
from nde.cli.panel.names import IMPUTE
from nde.data.panel import TimeSeries

Course = Float[np.ndarray, "_ channels"]

LAST, LINE, MEAN = "last value", "linear interpolation", "mean"


def course_scores(held: Held, said: list[Course], train: TimeSeries) -> dict[str, Any]:
    """How good values at the times of what was kept from the model are.

    Args:
        held: What was kept.
        said: What the model says, for each series.
        train: Series by whose deviations channels are made comparable.

    Returns:
        `rmse`, the root mean squared error, and `mae`, the mean absolute error, in units of the data; `scaled_rmse`,
        the root mean square of each channel's error in its deviations; `channels`, the rmse of each, none if nothing
        of it was kept; `values`, how many numbers were kept; `series`, of how many series.
    """
    errors = np.concatenate(said) - np.concatenate(held.truth)
    known = ~np.isnan(np.concatenate(held.truth))
    each = [_root(errors[own, i]) if (own := known[:, i]).any() else None for i in range(errors.shape[1])]
    scales = _means_and_deviations(train)[1]
    scaled = [error / scale for error, scale in zip(each, scales, strict=True) if error is not None]
    return {
        "rmse": _root(errors[known]),
        "mae": float(np.mean(np.abs(errors[known]))),
        "scaled_rmse": _root(np.array(scaled)),
        "channels": dict(zip(train.channels, each, strict=True)),
        "values": int(known.sum()),
        "series": len(held.truth),
    }


def course_baselines(held: Held, train: TimeSeries, task: str) -> dict[str, dict[str, Any]]:
    """The scores of what needs no model: the mean of each channel, and its last value or a line between its values."""
    means, _ = _means_and_deviations(train)
    simple = _between if task == IMPUTE else _last
    found = [
        np.stack([simple(series.ts, ys, times, mean) for ys, mean in zip(series.ys.T, means, strict=True)], axis=1)
        for series, times in zip(held.seen, held.times, strict=True)
    ]
    constant = [np.tile(means, (len(times), 1)) for times in held.times]
    return {
        LINE if task == IMPUTE else LAST: course_scores(held, found, train),
        MEAN: course_scores(held, constant, train),
    }


def _last(
    ts: Float[np.ndarray, " rows"], ys: Float[np.ndarray, " rows"], times: Float[np.ndarray, " times"], mean: float
) -> Float[np.ndarray, " times"]:
    """The last value of a channel that was seen, or the mean if there is none."""
    del ts
    seen = ys[~np.isnan(ys)]
    return np.full(len(times), seen[-1] if seen.size else mean)


def _between(
    ts: Float[np.ndarray, " rows"], ys: Float[np.ndarray, " rows"], times: Float[np.ndarray, " times"], mean: float
) -> Float[np.ndarray, " times"]:
    """A line between the values of a channel that were seen, or the mean if there is none."""
    seen: Bool[np.ndarray, " rows"] = ~np.isnan(ys)
    return np.interp(times, ts[seen], ys[seen]) if seen.any() else np.full(len(times), mean)


def _means_and_deviations(
    panel: TimeSeries,
) -> tuple[Float[np.ndarray, " channels"], Float[np.ndarray, " channels"]]:
    """Of each channel; a deviation that is nothing, or not known, is one."""
    known = panel.observed
    count = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, panel.ys, 0.0).sum(axis=0) / count
    deviations = np.sqrt((np.where(known, panel.ys - means, 0.0) ** 2).sum(axis=0) / count)
    return means, np.where(deviations > 0, deviations, 1.0)


def _root(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(errors**2)))
