"""Scores of forecasts and imputations, as JSON can hold them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from nde.cli.panels.holdout import Holdout
from nde.data.panel import TimeSeries

Values = Float[np.ndarray, "_ channels"]
"""The channels of a series at some times."""
Baseline = Callable[
    [Float[np.ndarray, " rows"], Float[np.ndarray, " rows"], Float[np.ndarray, " times"], float],
    Float[np.ndarray, " times"],
]
"""Predicts a channel at times from the times and values of its rows, and from its mean."""
MEAN = "mean"


def trajectory_scores(holdout: Holdout, predictions: list[Values], train: TimeSeries) -> dict[str, Any]:
    """Scores of predictions at the times of what was withheld.

    Args:
        holdout: What was withheld.
        predictions: For each series.
        train: Series by whose deviations channels are made comparable.

    Returns:
        `rmse`, the root mean squared error, and `mae`, the mean absolute error, in units of the data; `scaled_rmse`,
        the root mean square of each channel's error in its deviations; `channels`, the rmse of each, none if nothing
        of it was withheld; `values`, how many numbers were withheld; `series`, of how many series.
    """
    errors = np.concatenate(predictions) - np.concatenate(holdout.truth)
    known = ~np.isnan(np.concatenate(holdout.truth))
    each = [_root(errors[own, i]) if (own := known[:, i]).any() else None for i in range(errors.shape[1])]
    scales = _means_and_deviations(train)[1]
    scaled = [error / scale for error, scale in zip(each, scales, strict=True) if error is not None]
    return {
        "rmse": _root(errors[known]),
        "mae": float(np.mean(np.abs(errors[known]))),
        "scaled_rmse": _root(np.array(scaled)),
        "channels": dict(zip(train.channels, each, strict=True)),
        "values": int(known.sum()),
        "series": len(holdout.truth),
    }


def baseline_scores(holdout: Holdout, train: TimeSeries, name: str, baseline: Baseline) -> dict[str, dict[str, Any]]:
    """The scores of a baseline, by its name, and of the mean of each channel."""
    means, _ = _means_and_deviations(train)
    found = [
        np.stack([baseline(series.ts, ys, times, mean) for ys, mean in zip(series.ys.T, means, strict=True)], axis=1)
        for series, times in zip(holdout.inputs, holdout.times, strict=True)
    ]
    constant = [np.tile(means, (len(times), 1)) for times in holdout.times]
    return {
        name: trajectory_scores(holdout, found, train),
        MEAN: trajectory_scores(holdout, constant, train),
    }


def last_value(
    ts: Float[np.ndarray, " rows"], ys: Float[np.ndarray, " rows"], times: Float[np.ndarray, " times"], mean: float
) -> Float[np.ndarray, " times"]:
    """The last observation of a channel, or the mean if there is none."""
    del ts
    seen = ys[~np.isnan(ys)]
    return np.full(len(times), seen[-1] if seen.size else mean)


def linear_interpolation(
    ts: Float[np.ndarray, " rows"], ys: Float[np.ndarray, " rows"], times: Float[np.ndarray, " times"], mean: float
) -> Float[np.ndarray, " times"]:
    """A line between the observations of a channel, or the mean if there is none."""
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
