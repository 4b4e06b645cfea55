"""Compare ways to fill the gaps of one channel of many series on values hidden from them."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.data.panel import TimeSeries
from nde.estimators.panels.axis import SeriesAxis
from nde.estimators.panels.cell import typical_step
from nde.estimators.panels.filling import JOINT, LINE, MIXTURES, SDE, Filled, Smoother, fit_smoother, mixed
from nde.estimators.panels.gaps import Gap, gaps_of
from nde.estimators.panels.linear_sde import MOST_FITTED
from nde.estimators.panels.other_channels import OtherChannels
from nde.estimators.panels.seasons import find_season


@dataclasses.dataclass(frozen=True)
class GapScore:
    """How well a method filled the hidden values of one channel of all series.

    Attributes:
        name: The method.
        error: The root mean squared error of a series over its mean absolute step from value to value, averaged over
            the series; infinite if a value is not finite.
        rmse: The root mean squared error, in the unit of the channel.

    Example:
        See `PanelImputer`.
    """

    name: str
    error: float
    rmse: float


@dataclasses.dataclass(frozen=True)
class GapMethod:
    """How a channel is filled.

    Attributes:
        method: The method.
        period: The period of the season in typical spacings, if there is one.
        smoothers: The smoothers that the method needs, by name.
        mean: The mean of all values, for series without a value.
        scores: How well each method filled hidden values, the best first.
    """

    method: str
    period: float | None
    smoothers: dict[str, Smoother]
    mean: float
    scores: list[GapScore]

    def sentence(self, channel: str) -> str:
        """Which method fills the channel, and how it compares with lines."""
        errors = {score.name: score.error for score in self.scores}
        if not errors:
            return f"{channel}: filled by {self.method}; the series are too short to compare methods on hidden values."
        if self.method == LINE:
            return f"{channel}: linear interpolation is better than every model here."
        if not errors.get(LINE, 0.0) > 0:
            return f"{channel}: filled by the {self.method}."
        share = 1 - errors[self.method] / errors[LINE]
        return f"{channel}: filled by the {self.method}. Its error is {share:.0%} below that of linear interpolation."

    def to_dict(self) -> dict[str, Any]:
        """Return it as numbers and texts."""
        saved = dataclasses.asdict(self)
        for smoother in saved["smoothers"].values():
            if smoother["others"] is not None:
                smoother["others"]["weights"] = smoother["others"]["weights"].tolist()
        return saved

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "GapMethod":
        """Read what `to_dict` returned."""
        smoothers = {name: Smoother.from_dict(own) for name, own in saved["smoothers"].items()}
        return cls(**{**saved, "smoothers": smoothers, "scores": [GapScore(**score) for score in saved["scores"]]})


def compare(
    panel: TimeSeries, seen: TimeSeries, axes: Sequence[SeriesAxis], channel: int, names: Sequence[str]
) -> GapMethod:
    """Fill the hidden values of a channel by each method, and choose the best.

    Args:
        panel: The series.
        seen: The same without what is hidden.
        axes: The axis of each.
        channel: The place of the channel.
        names: The names of the methods.
    """
    period = find_season(seen, axes, channel)
    hidden = np.isnan(seen.ys[:, channel]) & ~np.isnan(panel.ys[:, channel])
    places = [
        np.flatnonzero(hidden[start : start + length])
        for start, length in zip(panel.starts, panel.lengths, strict=True)
    ]
    steps = [axis.steps[own] for axis, own in zip(axes, places, strict=True)]
    gaps = gaps_of(seen, axes, channel, period, steps)
    values = panel.ys[~np.isnan(panel.ys[:, channel]), channel]
    mean = float(values.mean()) if values.size else 0.0
    if not gaps:
        return GapMethod(LINE, period, {}, mean, [])
    smoothers, parts = _parts(seen, axes, channel, gaps, names)
    truth = [panel[gap.series].ys[places[gap.series], channel] for gap in gaps]
    usable = [name for name in names if set(MIXTURES[name]) <= set(parts)]
    scales = _scales(gaps, typical_step(panel, channel))
    errors = {name: _errors(mixed(name, parts), truth) for name in usable}
    best = choose({name: np.array([_rms(own) for own in each]) / scales for name, each in errors.items()})
    scores = [_score(name, each, scales) for name, each in errors.items()]
    used = {name: smoother for name, smoother in smoothers.items() if name in MIXTURES[best]}
    return GapMethod(best, period, used, mean, sorted(scores, key=lambda score: score.error))


def _parts(
    seen: TimeSeries, axes: Sequence[SeriesAxis], channel: int, gaps: Sequence[Gap], names: Sequence[str]
) -> tuple[dict[str, Smoother], dict[str, Filled]]:
    """The smoothers that methods need, and what they and lines fill in."""
    rows = MOST_FITTED // len(seen.channels) // (1 if gaps[0].history.period is None else 2)
    needed = {part for name in names for part in MIXTURES[name]}
    smoothers: dict[str, Smoother] = {}
    parts: dict[str, Filled] = {LINE: [gap.line for gap in gaps]} if LINE in needed else {}
    if SDE in needed:
        smoothers[SDE], parts[SDE] = fit_smoother(seen, axes, gaps, None, rows)
    others = OtherChannels.fit(seen, axes, channel) if JOINT in needed else None
    if others is not None:
        smoothers[JOINT], parts[JOINT] = fit_smoother(seen, axes, gaps, others, rows)
    return smoothers, parts


_LEAST_SCALE = 0.1
_CLEARLY = 0.95
"""The share of the error of lines that another method must stay below."""


def choose(errors: Mapping[str, Float[np.ndarray, " gaps"]]) -> str:
    """The method with the smallest mean error; lines, unless it is clearly smaller than theirs.

    Clearly is by a twentieth, and by more than the standard error of the difference: on a short table a method leads
    by chance.

    Args:
        errors: The error of each method in each of the same gaps.
    """
    best = min(errors, key=lambda name: errors[name].mean())
    if LINE not in errors or best == LINE:
        return best
    lead = errors[LINE] - errors[best]
    by_chance = lead.std(ddof=1) / np.sqrt(lead.size) if lead.size > 1 else 0.0
    clear = lead.mean() > max(by_chance, (1 - _CLEARLY) * errors[LINE].mean())
    return best if clear else LINE


def _errors(filled: Filled, truth: Filled) -> Filled:
    return [own - true for own, true in zip(filled, truth, strict=True)]


def _scales(gaps: Sequence[Gap], typical: float) -> Float[np.ndarray, " gaps"]:
    """The mean absolute step from value to value of each series, by which its errors are divided."""
    steps = [np.abs(np.diff(gap.history.ys)) for gap in gaps]
    return np.array([max(float(own.mean()) if own.size else typical, _LEAST_SCALE * typical) for own in steps])


def _score(name: str, errors: Filled, scales: Float[np.ndarray, " gaps"]) -> GapScore:
    every = np.concatenate(errors)
    if not np.isfinite(every).all():
        return GapScore(name, np.inf, np.inf)
    scaled = np.array([_rms(own) for own in errors]) / scales
    return GapScore(name, float(scaled.mean()), _rms(every))


def _rms(errors: Float[np.ndarray, " hidden"]) -> float:
    """The root mean square; infinite if an error is not finite."""
    return float(np.sqrt(np.mean(errors**2))) if np.isfinite(errors).all() else np.inf
