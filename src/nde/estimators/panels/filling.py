"""Methods that fill the gaps of one channel of many series."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nde.data.panel import TimeSeries
from nde.estimators.forecasting.history import Times
from nde.estimators.panels.axis import SeriesAxis
from nde.estimators.panels.cell import evenly
from nde.estimators.panels.gaps import Gap, smooth_gaps
from nde.estimators.panels.linear_sde import Form, affordable, fit_form, fit_likeliest, typical, with_parameters
from nde.estimators.panels.other_channels import OtherChannels

LINE, SDE, JOINT = "linear interpolation", "linear SDE", "linear SDE with other channels"
MIXTURES: dict[str, tuple[str, ...]] = {
    LINE: (LINE,),
    SDE: (SDE,),
    JOINT: (JOINT,),
    "mean of linear SDE and line": (SDE, LINE),
    "mean of linear SDEs": (SDE, JOINT),
    "mean of all": (LINE, SDE, JOINT),
}
"""All methods, by name: means of three."""

Filled = list[Times]


@dataclasses.dataclass(frozen=True)
class Smoother:
    """A linear SDE of a channel, or of what a regression on the other channels leaves over.

    Attributes:
        form: What it is of.
        shared: The parameters of series that have none of their own.
        others: The regression on the other channels; `None` without.
        own: Whether series have parameters of their own.
    """

    form: Form
    shared: dict[str, float]
    others: OtherChannels | None
    own: bool

    def fill(self, panel: TimeSeries, axes: Sequence[SeriesAxis], gaps: Sequence[Gap]) -> Filled:
        """Fill gaps. Of series that have parameters of their own, those beyond a number of rows share them."""
        rest, offsets = _less_others(panel, axes, gaps, self.others)
        histories = [gap.history for gap in rest]
        fitted = fit_form(histories[: affordable(histories, self.form.rows)], self.form)[0] if self.own else []
        more = [with_parameters(self.form, self.shared)] * (len(rest) - len(fitted))
        return _plus(smooth_gaps(rest, self.form, [*fitted, *more]), offsets)

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Smoother":
        """Read what `dataclasses.asdict` returned, with weights as a list."""
        others = saved["others"]
        return cls(
            Form(**saved["form"]),
            saved["shared"],
            None if others is None else OtherChannels(others["channel"], np.asarray(others["weights"], np.float64)),
            saved["own"],
        )


def fit_smoother(
    panel: TimeSeries, axes: Sequence[SeriesAxis], gaps: Sequence[Gap], others: OtherChannels | None, rows: int
) -> tuple[Smoother, Filled]:
    """Fit a smoother to the known values, its form the most likely one, and fill the gaps by it.

    If the series have more rows than parameters may be fitted to, all share the typical parameters of some.

    Args:
        panel: The series.
        axes: The axis of each.
        gaps: What is to be filled.
        others: The regression on the other channels; `None` without.
        rows: How many rows, of all series together, parameters may be fitted to.
    """
    rest, offsets = _less_others(panel, axes, gaps, others)
    histories = [gap.history for gap in rest]
    some = [histories[place] for place in evenly(affordable(histories, rows), len(histories))]
    form, models = fit_likeliest(some, gaps[0].history.period, rows)
    if form.logarithm and not all(history.positive for history in histories):
        return Smoother(form, {}, others, own=False), [np.full(len(gap.query), np.nan) for gap in gaps]
    own, shared = len(models) == len(rest), typical(models)
    models = models if own else [with_parameters(form, shared)] * len(rest)
    return Smoother(form, shared, others, own), _plus(smooth_gaps(rest, form, models), offsets)


def mixed(name: str, parts: Mapping[str, Filled]) -> Filled:
    """The mean of the parts that a method needs."""
    every = [parts[part] for part in MIXTURES[name]]
    return [np.mean(own, axis=0) for own in zip(*every, strict=True)]


def fill_channel(
    panel: TimeSeries,
    axes: Sequence[SeriesAxis],
    gaps: Sequence[Gap],
    name: str,
    smoothers: Mapping[str, Smoother],
) -> Filled:
    """Fill the gaps of a channel by a method.

    Args:
        panel: The series.
        axes: The axis of each.
        gaps: What is to be filled.
        name: The method.
        smoothers: The smoothers that it needs, by name.
    """
    parts = {
        part: [gap.line for gap in gaps] if part == LINE else smoothers[part].fill(panel, axes, gaps)
        for part in MIXTURES[name]
    }
    return mixed(name, parts)


def _less_others(
    panel: TimeSeries, axes: Sequence[SeriesAxis], gaps: Sequence[Gap], others: OtherChannels | None
) -> tuple[list[Gap], Filled]:
    """The gaps less what the other channels tell, and that at the times to fill."""
    if others is None:
        return list(gaps), [np.zeros(len(gap.query)) for gap in gaps]
    rest = [gap.minus(others.at(panel, axes, gap.series, gap.history.ts)) for gap in gaps]
    return rest, [others.at(panel, axes, gap.series, gap.query) for gap in gaps]


def _plus(filled: Filled, offsets: Filled) -> Filled:
    return [own + offset for own, offset in zip(filled, offsets, strict=True)]
