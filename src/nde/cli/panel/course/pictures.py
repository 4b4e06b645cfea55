"""Pictures of forecasts and imputations."""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from nde.cli.panel.course.done import CourseDone, courses
from nde.cli.panel.course.held import Held
from nde.cli.panel.learning import draw_learning
from nde.plot import Trajectory, plot_trajectories

RESULT = "result.png"
_MOST_SERIES, _POINTS = 4, 200


def draw(folder: Path, done: CourseDone) -> None:
    """Draws some series of the test with what was kept and what is said, and learning curves."""
    held = done.test
    shown = np.unique(np.linspace(0, len(held.times) - 1, _MOST_SERIES).round().astype(np.int64))
    some = held[shown]
    times = [_dense(some, place, done.imputes) for place in range(len(shown))]
    unit = done.data.panel.clock.unit
    said = courses(done.model, some.seen, times)
    found = [
        Trajectory(
            title=f"{series.id}",
            ts=series.ts,
            ys=series.ys,
            holdout_ts=some.times[place],
            holdout_ys=some.truth[place],
            predicted_ts=times[place],
            predicted_ys=said[place],
        )
        for place, series in enumerate(some.seen)
    ]
    plot_trajectories(
        found,
        done.data.panel.channels,
        time=done.job.time if unit is None else f"{done.job.time} ({unit} since the first)",
        holdout="hidden" if done.imputes else "came later",
        prediction="filled" if done.imputes else "forecast",
    ).savefig(folder / RESULT)
    draw_learning(folder, done.model.history_)


def _dense(held: Held, place: int, imputes: bool) -> Float[np.ndarray, " times"]:
    """Times for a smooth curve: of the whole series, or behind what was seen."""
    seen = held.seen[place].ts
    return np.linspace(seen[0] if imputes else seen[-1], held.times[place][-1], _POINTS)
