"""The report of a run."""

from pathlib import Path
from typing import Any

from nde.cli.page import grid, made, number, page, picture, summary, text


def report(folder: Path, name: Path, metrics: dict[str, Any]) -> str:
    """The report of a run as HTML that needs no other file.

    Args:
        folder: Where the pictures are.
        name: What the folder will be called.
        metrics: As in `metrics.json`.
    """
    states = ", ".join(metrics["states"])
    parts = [
        f"<h1>{text(states)} over {text(metrics['time'])}</h1>",
        f"<p>{summary(metrics)}</p>",
        "<h2>Forecast</h2>",
        picture(folder / "forecast.png", "measurements and models over time"),
        "<h2>Errors</h2>",
        "<p>Root mean squared errors, each column in its own unit. Persistence is the last value seen, mean the "
        "mean of the values seen: a model is worth something if it beats both where it was not fitted.</p>",
        _errors(metrics),
        "<h2>Phase portrait</h2>",
        picture(folder / "phase.png", "quantities against each other"),
        "<h2>What was found</h2>",
        *(_found(key, model) for key, model in metrics["models"].items()),
        "<h2>Training</h2>",
        picture(folder / "training.png", "loss at each step"),
        "<h2>Use it again</h2>",
        _again(name, metrics),
        f'<p class="faint">{made(metrics)}</p>',
    ]
    return page(states, parts)


def _errors(metrics: dict[str, Any]) -> str:
    columns = [*metrics["states"], "all"]
    places = [("rmse_fitted", "fitted")]
    if metrics["rows_held_out"]:
        places.append(("rmse_held_out", "held out"))
    head = ["", *(f"{text(column)}, {where}" for _, where in places for column in columns)]
    rows = [
        [text(name), *(number(errors[key].get(column)) for key, _ in places for column in columns)]
        for name, errors in {**metrics["models"], **metrics["baselines"]}.items()
    ]
    return grid(head, rows, best=metrics["best"])


def _found(name: str, model: dict[str, Any]) -> str:
    rows = "\n".join(
        f'<tr><td>{text(key)}</td><td>{each["value"]:.4g}</td><td class="text">{text(each["meaning"])}</td></tr>'
        for key, each in model["parameters"].items()
    )
    return (
        f"<h3>{text(name)}</h3>\n<pre>{text(model['equation'])}</pre>\n<table>\n{rows}\n</table>\n"
        f'<p class="faint">loss {model["loss"]:.4g}, fitted in {model["seconds"]:.1f} s</p>'
    )


def _again(name: Path, metrics: dict[str, Any]) -> str:
    best, after = metrics["best"], metrics["fitted_to"]
    shell = f"nde predict {name} --times {after:g},{after + 1:g}"
    python = (
        "import numpy as np\nfrom nde.models import load_model\n\n"
        f"model = load_model({str(name / 'models' / best)!r})\n"
        f"print(model.forecast(np.array([{after:g}, {after + 1:g}])))"
    )
    return f"<pre>{text(shell)}</pre>\n<pre>{text(python)}</pre>"
