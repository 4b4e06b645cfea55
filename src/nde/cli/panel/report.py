"""The report of a run with many series."""

from pathlib import Path
from typing import Any

from nde.cli.page import grid, page, picture, text
from nde.cli.panel.done import Done
from nde.cli.panel.learning import LEARNING
from nde.cli.panel.pictures import READINGS, RESULT
from nde.cli.panel.sections import data, made, scores


def report(folder: Path, done: Done, metrics: dict[str, Any]) -> str:
    """The report as HTML that needs no other file.

    Args:
        folder: Where the pictures are.
        done: The run.
        metrics: As in `metrics.json`.
    """
    title = f"{done.job.target}, from {', '.join(metrics['data']['channels'][:3])}"
    title += ", …" if len(metrics["data"]["channels"]) > 3 else ""
    parts = [
        f"<h1>{text(title)}</h1>",
        f"<p>{_summary(metrics)}</p>",
        "<h2>How good it is</h2>",
        scores(done),
        _explained(done),
        *(_of_classes(folder, metrics) if done.is_of_classes else _of_numbers(folder)),
        "<h2>How it reads</h2>",
        f"<p>{_which(done)} Above what was observed, below what the model says, having read the series up to that time "
        "and no further.</p>",
        picture(folder / READINGS, "series, and what the model says of them as it reads"),
        "<h2>Learning</h2>",
        picture(folder / LEARNING, "loss on the training and validation series at each step"),
        f'<p class="faint">{_validated(done)}</p>',
        "<h2>Data</h2>",
        *data(metrics),
        "<h2>Use it again</h2>",
        *_again(done),
        f'<p class="faint">{made(done, metrics)}</p>',
    ]
    return page(title, parts)


def _summary(metrics: dict[str, Any]) -> str:
    sizes, test = metrics["sizes"], metrics["test"]
    if "accuracy" in test:
        found = f"Of {test['series']} series that it had not seen, the model finds {100 * test['accuracy']:.1f} % right"
    else:
        found = f"On {test['series']} series that it had not seen, the model errs by {test['rmse']:.4g} (rmse)"
    return f"{found}; it was fitted to {sizes['train']['series']}. Source: {text(metrics['data']['source'])}"


def _explained(done: Done) -> str:
    if done.is_of_classes:
        told = (
            "Balanced accuracy is the mean of the classes' recalls; log loss the mean of minus the logarithm of the "
            "probability of the true class. The linear model is a logistic regression on mean, deviation, first and "
            "last value of each channel: a model of series is worth its while if it beats it."
        )
    else:
        told = (
            "Mean is the mean of those that train, for all. The linear model is a ridge regression on mean, deviation, "
            "first and last value of each channel: a model of series is worth its while if it beats it."
        )
    return f'<p class="faint">{told}</p>'


def _of_classes(folder: Path, metrics: dict[str, Any]) -> list[str]:
    recall, train = metrics["test"]["recall"], metrics["train"]["recall"]
    names = list(dict.fromkeys([*train, *recall]))
    rows = [[text(name), _percent(recall.get(name)), _percent(train.get(name))] for name in names]
    return [
        "<h2>Which classes are taken for which</h2>",
        picture(folder / RESULT, "how many series of each class were predicted as which"),
        grid(["class", "found, test", "found, train"], rows),
    ]


def _of_numbers(folder: Path) -> list[str]:
    return [
        "<h2>Predicted and true</h2>",
        picture(folder / RESULT, "predicted over true numbers of the test series"),
    ]


def _which(done: Done) -> str:
    if done.is_of_classes:
        return (
            "Series of the test part: first those that the model is surest of and yet wrong, then the one of which it "
            "is least sure but right, then those of which it is surest."
        )
    return "Series of the test part, from the least to the greatest number, chosen without a look at predictions."


def _validated(done: Done) -> str:
    if done.data.parts.validation is None:
        return (
            "No series were set aside for validation (a column with --split does it), so the curve is of training "
            "alone, and the last weights were kept."
        )
    return "The weights that did best on the validation series were kept."


def _again(done: Done) -> list[str]:
    job, folder = done.job, done.folder
    shell = f"nde predict {folder} {job.file} --out predictions.csv"
    static = f"    static={list(job.static)!r},\n" if job.static else ""
    channels = list(done.data.panel.channels)
    python = (
        "from nde.data import read_panel\nfrom nde.estimators import load_estimator\n\n"
        f"model = load_estimator({str(folder / 'model')!r})\n"
        f"panel = read_panel(\n    {job.file!r},\n    series={job.series!r},\n    time={job.time!r},\n"
        f"    channels={channels!r},\n{static}).panel\nprint(model.predict(panel))"
    )
    return [f"<pre>{text(shell)}</pre>", f"<pre>{text(python)}</pre>"]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"
