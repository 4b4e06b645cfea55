"""One channel of one series with gaps, and ways to fill them."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nde.data.panel import TimeSeries
from nde.estimators.forecasting.history import History, Times
from nde.estimators.panels.axis import SeriesAxis
from nde.estimators.panels.cell import known_rows
from nde.estimators.panels.linear_sde import Form, Standardized, rounded, stack_models, stack_rows
from nde.models import StructuralSDE

_AT_ONCE = 64
_MOST_ROWS = 1_000
"""Rows of a series that are smoothed together; longer series are cut."""


@dataclasses.dataclass(frozen=True)
class Gap:
    """The known values of one channel of one series, and the times to fill.

    Attributes:
        series: The place of the series in its panel.
        history: The known values, at times in typical spacings.
        query: The times to fill, increasing, in typical spacings.
    """

    series: int
    history: History
    query: Times

    @property
    def line(self) -> Times:
        """Lines between known values, constant before the first and after the last."""
        return np.interp(self.query, self.history.ts, self.history.ys)

    def minus(self, known: Times) -> "Gap":
        """The same with something subtracted from the known values."""
        return dataclasses.replace(self, history=dataclasses.replace(self.history, ys=self.history.ys - known))


def gaps_of(
    panel: TimeSeries, axes: Sequence[SeriesAxis], channel: int, period: float | None, query: Sequence[Times]
) -> list[Gap]:
    """The gaps of a channel; those of series with a value of it, and with times to fill.

    Args:
        panel: The series.
        axes: The axis of each.
        channel: The place of the channel.
        period: The period of the season in typical spacings, if there is one.
        query: For each series the times to fill, increasing, in typical spacings.
    """
    found = []
    for series, rows in enumerate(known_rows(panel, channel)):
        if rows.size and query[series].size:
            history = History(axes[series].steps[rows], panel[series].ys[rows, channel], period)
            found.append(Gap(series, history, query[series]))
    return found


def smooth_gaps(gaps: Sequence[Gap], form: Form, models: Sequence[StructuralSDE]) -> list[Times]:
    """Fill the gaps by the median of a linear SDE given all values, with a model for each gap."""
    pieces = [piece for place, gap in enumerate(gaps) for piece in _pieces(gap, place)]
    filled = [np.full(len(gap.query), np.nan) for gap in gaps]
    for first in range(0, len(pieces), _AT_ONCE):
        some = pieces[first : first + _AT_ONCE]
        views = [form.standardize(piece.history, whole=True) for piece in some]
        means = _smooth([models[piece.owner] for piece in some], views, [piece.query for piece in some])
        for piece, view, mean in zip(some, views, means, strict=True):
            xs = view.center + view.scale * mean
            filled[piece.owner][piece.places] = np.exp(xs) if form.logarithm else xs
    return filled


@dataclasses.dataclass(frozen=True)
class _Piece:
    """Some rows of a gap, and the places of the times among its times to fill."""

    owner: int
    history: History
    query: Times
    places: np.ndarray


def _pieces(gap: Gap, owner: int) -> list[_Piece]:
    """Cut a long series; each piece overlaps its neighbors by a quarter, and fills its middle."""
    rows = len(gap.history.ts)
    if rows <= _MOST_ROWS:
        return [_Piece(owner, gap.history, gap.query, np.arange(len(gap.query)))]
    pieces, margin = [], _MOST_ROWS // 4
    for first in range(0, rows, _MOST_ROWS // 2):
        last = min(rows, first + _MOST_ROWS // 2)
        low = -np.inf if first == 0 else gap.history.ts[first]
        high = np.inf if last == rows else gap.history.ts[last]
        places = np.flatnonzero((gap.query >= low) & (gap.query < high))
        span = slice(max(0, first - margin), last + margin)
        history = History(gap.history.ts[span], gap.history.ys[span], gap.history.period)
        if places.size:
            pieces.append(_Piece(owner, history, gap.query[places], places))
    return pieces


def _smooth(models: Sequence[StructuralSDE], views: Sequence[Standardized], query: Sequence[Times]) -> list[Times]:
    """The means at the times to fill: values and times to fill are merged, so that one program does for all."""
    ts = [np.concatenate([view.ts, own]) for view, own in zip(views, query, strict=True)]
    zs = [np.concatenate([view.zs, np.full(len(own), np.nan)]) for view, own in zip(views, query, strict=True)]
    orders = [np.argsort(own, kind="stable") for own in ts]
    merged, values = stack_rows(
        [own[order] for own, order in zip(ts, orders, strict=True)],
        [own[order] for own, order in zip(zs, orders, strict=True)],
    )
    more = ((0, rounded(len(models)) - len(models)), (0, 0))
    merged, values = (np.pad(each, more, mode="edge") for each in (merged, values))
    with jax.enable_x64(True):
        every = stack_models([*models, *[models[-1]] * more[0][1]])
        means = np.asarray(_smoothed(every, jnp.asarray(merged), jnp.asarray(values)))
    places = [np.argsort(order)[len(view.ts) :] for order, view in zip(orders, views, strict=True)]
    return [mean[own] for mean, own in zip(means, places, strict=False)]


@eqx.filter_jit
def _smoothed(
    models: StructuralSDE, ts: Float[Array, "batch times"], zs: Float[Array, "batch times"]
) -> Float[Array, "batch times"]:
    """The mean of the observed quantity at all times."""

    def smooth(model: StructuralSDE, times: Float[Array, " times"], own: Float[Array, " times"]) -> Array:
        states = model.smooth(times, own)
        return jnp.sum(states.mean * model.weights(len(times)), axis=(1, 2))

    return jax.vmap(smooth)(models, ts, zs)
