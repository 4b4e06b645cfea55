"""The lines of CSV files of forecasts and imputations."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.cli.noise.predict import row
from nde.cli.panel.course.done import courses
from nde.cli.panel.course.held import Held
from nde.cli.panel.course.scores import Course
from nde.data.panel import TimeSeries


def judged(held: Held, said: list[Course], heads: tuple[str, str]) -> Iterator[str]:
    """What is said at the times of what was kept from the model, beside that.

    Args:
        held: What was kept.
        said: What the model says.
        heads: What the columns of series and times are called.
    """
    channels = held.seen.channels
    yield row([*heads, *channels, *(f"truth {name}" for name in channels)])
    for place, (name, times) in enumerate(zip(held.seen.ids, held.times, strict=True)):
        truth = held.truth[place]
        told = held.seen.clock.restore(times, place)
        for number in np.flatnonzero(~np.isnan(truth).all(axis=1)):
            cells = [_rounded(value) for value in said[place][number]]
            yield row([f"{name}", _time(told[number]), *cells, *(_exact(value) for value in truth[number])])


def forecast(
    model: Any, panel: TimeSeries, times: list[Float[np.ndarray, " _"]], heads: tuple[str, str]
) -> Iterator[str]:
    """What comes after each series, a row for each time."""
    yield row([*heads, *panel.channels])
    for place, (name, said) in enumerate(zip(panel.ids, courses(model, panel, times), strict=True)):
        for time, values in zip(panel.clock.restore(times[place], place), said, strict=True):
            yield row([f"{name}", _time(time), *(_rounded(value) for value in values)])


def filled(model: Any, panel: TimeSeries, heads: tuple[str, str]) -> Iterator[str]:
    """The rows of a panel: what was observed as it is, and in its gaps what is said."""
    yield row([*heads, *panel.channels])
    said = courses(model, panel, [series.ts for series in panel])
    for place, (series, guesses) in enumerate(zip(panel, said, strict=True)):
        times = panel.clock.restore(series.ts, place)
        for time, values, others in zip(times, series.ys, guesses, strict=True):
            cells = [_rounded(o) if np.isnan(v) else _exact(v) for v, o in zip(values, others, strict=True)]
            yield row([f"{series.id}", _time(time), *cells])


def _time(time: Any) -> str:
    """A number of as many digits as a double surely keeps, or a date without parts that say nothing."""
    if not isinstance(time, np.datetime64):
        return f"{time:.15g}"
    text = str(time.astype("datetime64[us]")).replace("T", " ").removesuffix(".000000")
    return text.removesuffix(" 00:00:00")


def _exact(value: Any) -> str:
    return "" if np.isnan(value) else repr(float(value)).removesuffix(".0")


def _rounded(value: Any) -> str:
    return f"{value:.7g}"
