"""The report of a run that generates series."""

from pathlib import Path
from typing import Any

from nde.cli.page import grid, page, picture, text
from nde.cli.panel.generate.baseline import WALK
from nde.cli.panel.generate.done import REAL, GeneratedDone
from nde.cli.panel.generate.pictures import pictures_of
from nde.cli.panel.generate.tables import scores_of_generated, statistics_of_generated
from nde.cli.panel.learning import LEARNING
from nde.cli.panel.sections import data, made


def report(folder: Path, done: GeneratedDone, metrics: dict[str, Any]) -> str:
    """The report as HTML that needs no other file.

    Args:
        folder: Where the pictures are.
        done: The run.
        metrics: As in `metrics.json`.
    """
    channels = metrics["data"]["channels"]
    title = f"Series like those of {', '.join(channels[:3])}" + (", …" if len(channels) > 3 else "")
    parts = [
        f"<h1>{text(title)}</h1>",
        f"<p>{_summary(done, metrics)}</p>",
        "<h2>Real and generated series</h2>",
        f"<p>{_shown(done)}</p>",
        *(_channel(folder / name, channel) for channel, name in pictures_of(done).items()),
        "<h2>How well they can be told apart</h2>",
        _grid(*scores_of_generated(done)),
        f'<p class="faint">{_explained(done)}</p>',
        "<h2>What they have in common</h2>",
        _grid(*statistics_of_generated(done)),
        "<h2>Learning</h2>",
        picture(folder / LEARNING, "loss at each step"),
        f'<p class="faint">{_loss(done)}</p>',
        "<h2>Data</h2>",
        *data(metrics),
        "<h2>Use it again</h2>",
        *_again(done),
        f'<p class="faint">{made(done, metrics)}</p>',
    ]
    return page(title, parts)


def _summary(done: GeneratedDone, metrics: dict[str, Any]) -> str:
    accuracy = done.comparisons[done.job.model].scores[0].estimate
    return (
        f"A classifier that saw real and generated series tells others apart with an accuracy of {text(accuracy)}, "
        f"where 0.5 would be chance. The model was fitted to {metrics['sizes']['train']['series']} series. "
        f"Source: {text(metrics['data']['source'])}"
    )


def _shown(done: GeneratedDone) -> str:
    which = "of the test part" if done.judged_by_test else "that train, for those of the test are few"
    return (
        f"The real series are those {which}. Each generated one was made at the times of a real one, and what that has "
        "not observed was left out of it, so that gaps tell nothing."
    )


def _channel(path: Path, channel: str) -> str:
    shown = picture(path, f"{channel}: paths, laws over time, increments and autocorrelations, real and generated")
    return f"<h3>{text(channel)}</h3>\n{shown}"


def _explained(done: GeneratedDone) -> str:
    real = (
        f" The column {REAL} shows what the series that train score against those of the test: a model can do no "
        "better but by chance."
        if done.judged_by_test
        else ""
    )
    return (
        "In brackets intervals of 95 %, from a bootstrap over series. Best is the score of series of the same law. "
        "Trained on generated: a linear model of the end of a series learns from generated series and is tested on "
        "real ones; the ratio is that of its error to the error after learning from real ones. Discrepancies (maximum "
        f"mean discrepancy) and Wasserstein distances are near their best for series of the same law.{real} "
        f"A {WALK} takes the steps of the data in any order."
    )


def _loss(done: GeneratedDone) -> str:
    if done.job.model == "sde-gan":
        return "Mean score of real less that of generated series: it need not fall, for two players pull at it."
    if done.job.model == "signature-mmd":
        return "The discrepancy of generated from real series, each step of other series, so it is noisy."
    return "Minus a bound of the logarithm of the probability of the data; the last weights were kept."


def _grid(heads: list[str], rows: list[list[str]]) -> str:
    return grid([text(head) for head in heads], [[text(cell) for cell in row] for row in rows])


def _again(done: GeneratedDone) -> list[str]:
    shell = f"nde sample {done.folder} --n 1000 --out samples.csv"
    python = (
        "from nde.estimators import load_estimator\n\n"
        f"model = load_estimator({str(done.folder / 'model')!r})\n"
        "samples = model.sample(1000, random_state=0)\nprint(samples)"
    )
    return [f"<pre>{text(shell)}</pre>", f"<pre>{text(python)}</pre>"]
