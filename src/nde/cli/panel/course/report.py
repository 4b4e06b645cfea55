"""The report of a run that forecasts many series, or fills their gaps."""

from pathlib import Path
from typing import Any

from nde.cli.page import grid, number, page, picture, text
from nde.cli.panel.course.done import CourseDone
from nde.cli.panel.course.pictures import RESULT
from nde.cli.panel.learning import LEARNING
from nde.cli.panel.sections import data, made, scores


def report(folder: Path, done: CourseDone, metrics: dict[str, Any]) -> str:
    """The report as HTML that needs no other file.

    Args:
        folder: Where the pictures are.
        done: The run.
        metrics: As in `metrics.json`.
    """
    channels = metrics["data"]["channels"]
    named = ", ".join(channels[:3]) + (", …" if len(channels) > 3 else "")
    title = f"Gaps of {named}" if done.imputes else f"Forecast of {named}"
    parts = [
        f"<h1>{text(title)}</h1>",
        f"<p>{_summary(done, metrics)}</p>",
        "<h2>How good it is</h2>",
        scores(done),
        f'<p class="faint">{_explained(done)}</p>',
        _channels(done),
        f"<h2>{'Series with gaps' if done.imputes else 'Series and their forecasts'}</h2>",
        f"<p>{_shown(done)}</p>",
        picture(folder / RESULT, "series of the test: what was seen, what was kept from the model, and what it says"),
        "<h2>Learning</h2>",
        picture(folder / LEARNING, "loss at each step"),
        '<p class="faint">Minus a bound of the logarithm of the probability of an observation; the last weights were '
        "kept.</p>",
        "<h2>Data</h2>",
        *data(metrics),
        "<h2>Use it again</h2>",
        *_again(done),
        f'<p class="faint">{made(done, metrics)}</p>',
    ]
    return page(title, parts)


def _summary(done: CourseDone, metrics: dict[str, Any]) -> str:
    test = metrics["test"]
    what = "hidden observations" if done.imputes else "observations that came later"
    return (
        f"On {test['values']} {what}, of {test['series']} series, the model errs by {test['rmse']:.4g} (rmse); it was "
        f"fitted to {metrics['sizes']['train']['series']} series. Source: {text(metrics['data']['source'])}"
    )


def _explained(done: CourseDone) -> str:
    simple = (
        "Linear interpolation draws a line between the observations of a channel that were seen, and stays where it "
        "ends"
        if done.imputes
        else "Last value goes on with the last observation of each channel"
    )
    return (
        f"The errors are in units of the data, all channels together; in deviations, each channel counts alike. "
        f"{simple}; mean is that of each channel in the series that train. Scores on these are of values that the "
        "model was fitted to."
    )


def _channels(done: CourseDone) -> str:
    every = {done.job.model: done.scores["test"], **done.baselines}
    rows = [
        [text(name), *(number(score["channels"][name]) for score in every.values())]
        for name in done.data.panel.channels
    ]
    return grid(["rmse, test", *(text(name) for name in every)], rows)


def _shown(done: CourseDone) -> str:
    what = (
        "Circles were hidden from the model, dots it saw."
        if done.imputes
        else "The model saw the dots, and forecast what is shaded; circles are what came."
    )
    return f"Series of the test, chosen without a look at what the model says. {what}"


def _again(done: CourseDone) -> list[str]:
    job, folder = done.job, done.folder
    asked = "--out filled.csv" if done.imputes else "--horizon 10 --out forecast.csv"
    said = "model.transform(panel).ys" if done.imputes else "model.predict(panel, times=[panel.ts.max() + 1])"
    python = (
        "from nde.data import read_panel\nfrom nde.estimators import load_estimator\n\n"
        f"model = load_estimator({str(folder / 'model')!r})\n"
        f"panel = read_panel(\n    {job.file!r},\n    series={job.series!r},\n    time={job.time!r},\n"
        f"    channels={list(done.data.panel.channels)!r},\n).panel\nprint({said})"
    )
    return [f"<pre>{text(f'nde predict {folder} {job.file} {asked}')}</pre>", f"<pre>{text(python)}</pre>"]
