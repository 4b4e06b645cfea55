"""A report in one file."""

import base64
import html
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem; border-bottom: 1px solid #cbd2d9; text-align: right; }
th:first-child, td:first-child, td.text { text-align: left; } tr.best { font-weight: 600; }
img { max-width: 100%; } pre { background: #f0f4f8; padding: .8rem; overflow-x: auto; } .faint { color: #52606d; }
"""


def report(folder: Path, name: Path, metrics: dict[str, Any]) -> str:
    """The report of a run as HTML that needs no other file.

    Args:
        folder: Where the pictures are.
        name: What the folder will be called.
        metrics: As in `metrics.json`.
    """
    states = ", ".join(metrics["states"])
    parts = [
        f"<h1>{_text(states)} over {_text(metrics['time'])}</h1>",
        f"<p>{_summary(metrics)}</p>",
        "<h2>Forecast</h2>",
        _picture(folder / "forecast.png", "measurements and models over time"),
        "<h2>Errors</h2>",
        "<p>Root mean squared errors, each column in its own unit. Persistence is the last value seen, mean the "
        "mean of the values seen: a model is worth something if it beats both where it was not fitted.</p>",
        _errors(metrics),
        "<h2>Phase portrait</h2>",
        _picture(folder / "phase.png", "quantities against each other"),
        "<h2>What was found</h2>",
        *(_found(key, model) for key, model in metrics["models"].items()),
        "<h2>Training</h2>",
        _picture(folder / "training.png", "loss at each step"),
        "<h2>Use it again</h2>",
        _again(name, metrics),
        f'<p class="faint">{_made(metrics)}</p>',
    ]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{_text(states)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _text(text: Any) -> str:
    return html.escape(str(text))


def _summary(metrics: dict[str, Any]) -> str:
    begin, end = metrics["fitted_from"], metrics["fitted_to"]
    text = f"Fitted to {metrics['rows_fitted']} rows, {begin:g} to {end:g}"
    if metrics["rows_held_out"]:
        text += f"; the {metrics['rows_held_out']} rows after that were held out and forecast"
    return f"{text}. Source: {_text(metrics['source'])}"


def _picture(path: Path, what: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return f'<img alt="{_text(what)}" src="data:image/png;base64,{data}">'


def _errors(metrics: dict[str, Any]) -> str:
    columns = [*metrics["states"], "all"]
    places = [("rmse_fitted", "fitted")]
    if metrics["rows_held_out"]:
        places.append(("rmse_held_out", "held out"))
    head = "".join(f"<th>{_text(column)}, {where}</th>" for _, where in places for column in columns)
    rows = []
    for name, errors in {**metrics["models"], **metrics["baselines"]}.items():
        cells = "".join(f"<td>{_number(errors[key].get(column))}</td>" for key, _ in places for column in columns)
        best = ' class="best"' if name == metrics["best"] else ""
        rows.append(f"<tr{best}><td>{_text(name)}</td>{cells}</tr>")
    return f"<table>\n<tr><th></th>{head}</tr>\n" + "\n".join(rows) + "\n</table>"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _found(name: str, model: dict[str, Any]) -> str:
    rows = "\n".join(
        f'<tr><td>{_text(key)}</td><td>{each["value"]:.4g}</td><td class="text">{_text(each["meaning"])}</td></tr>'
        for key, each in model["parameters"].items()
    )
    return (
        f"<h3>{_text(name)}</h3>\n<pre>{_text(model['equation'])}</pre>\n<table>\n{rows}\n</table>\n"
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
    return f"<pre>{_text(shell)}</pre>\n<pre>{_text(python)}</pre>"


def _made(metrics: dict[str, Any]) -> str:
    versions = ", ".join(f"{package} {metadata.version(package)}" for package in ("nde", "jax", "equinox"))
    return f"{versions}, Python {platform.python_version()}; seed {metrics['seed']}, {metrics['steps']} steps a model."
