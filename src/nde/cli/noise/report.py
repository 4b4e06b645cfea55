"""The report of a run with noise."""

from pathlib import Path
from typing import Any

from nde.cli.page import grid, made, number, page, picture, summary, text

_WORDS = {
    "none": "the quantities",
    "root": "the square roots of the quantities",
    "log": "the logarithms of the quantities",
}


def report(folder: Path, name: Path, metrics: dict[str, Any]) -> str:
    """The report as HTML that needs no other file.

    Args:
        folder: Where the picture is.
        name: What the folder will be called.
        metrics: As in `metrics.json`.
    """
    states = ", ".join(metrics["states"])
    many = len(metrics["series"]) > 1
    parts = [
        f"<h1>{text(states)} over {text(metrics['time'])}, with noise</h1>",
        f"<p>{summary(metrics)}</p>",
        *([f"<p>{len(metrics['series'])} series; the first are shown.</p>"] if many else []),
        "<h2>Fan</h2>",
        f"<p>By the model {text(metrics['best'])}. Dark and light are the bands that hold 50 % and 90 % of the paths "
        "from the last row fitted, grey is the band of 90 % at each row given the measurement before.</p>",
        picture(folder / "fan.png", "measurements, and bands of what was expected"),
        "<h2>How good the models are</h2>",
        f"<p>The equations are stochastic, in Itô's sense, for {_WORDS[metrics['transform']]}. A score is the mean of "
        "the logarithm of the density of a value, given the measurements before: more is better, and a model is worth "
        "something if it beats the random walk on rows that were not fitted. The other columns are the share of the "
        "values within the bands of 50 and 90 %.</p>",
        _scores(metrics),
        "<h2>What was found</h2>",
        *(_found(key, model) for key, model in metrics["models"].items()),
        "<h2>What to bear in mind</h2>",
        "<p>Such a model has no memory but the present value: one quantity alone does not know whether it was rising "
        "or falling, so a fan cannot follow a cycle; it opens to the law that the model comes to rest in. Standard "
        "errors are from the observed information, and are right for long records and a model that is true.</p>",
        "<h2>Use it again</h2>",
        _again(name, metrics),
        f'<p class="faint">{made(metrics)}</p>',
    ]
    return page(states, parts)


def _scores(metrics: dict[str, Any]) -> str:
    every = {**metrics["models"], **metrics["baselines"]}
    places = list(next(iter(every.values()))["coverage"])
    scores = [("log_density_fitted", "score, fitted"), ("log_density_held_out", "score, held out")]
    scores = scores if metrics["rows_held_out"] else scores[:1]
    head = ["", *(label for _, label in scores), "AIC", *(f"within, {place}" for place in places)]
    rows = [
        [
            text(name),
            *("" if each[key] is None else f"{each[key]:.3f}" for key, _ in scores),
            "" if each["aic"] is None else f"{each['aic']:.1f}",
            *(_shares(each["coverage"][place]) for place in places),
        ]
        for name, each in every.items()
    ]
    return grid(head, rows, best=metrics["best"])


def _shares(shares: dict[str, float | None]) -> str:
    return ", ".join("" if share is None else f"{100 * share:.0f}" for share in reversed(shares.values())) + " %"


def _found(name: str, model: dict[str, Any]) -> str:
    lines = [f"<h3>{text(name)}</h3>", f"<pre>{text(model['equation'])}</pre>"]
    if model["parameters"]:
        lines.append(_parameters(model["parameters"]))
    lines.append(
        f'<p class="faint">fitted in {model["steps"]} steps and {model["seconds"]:.1f} s; from one measurement to the '
        f"next {model['substeps']} of Euler's</p>"
    )
    return "\n".join(lines)


def _parameters(parameters: dict[str, dict[str, Any]]) -> str:
    known = any("truth" in each for each in parameters.values())
    head = ["", *(["truth"] if known else []), "estimate", "standard error", *(["distance"] if known else []), ""]
    rows = []
    for key, each in parameters.items():
        error = "not identified" if each["standard_error"] is None else f"± {each['standard_error']:.2g}"
        truth = [number(each.get("truth"))] if known else []
        distance = [f"{each['distance']:+.2f} s.e." if each.get("distance") is not None else ""] if known else []
        rows.append([text(key), *truth, f"{each['value']:.4g}", error, *distance, text(each["meaning"])])
    return grid(head, rows)


def _again(name: Path, metrics: dict[str, Any]) -> str:
    after = metrics["fitted_to"]
    shell = f"nde predict {name} --times {after + 1:g},{after + 2:g}"
    return f"<pre>{text(shell)}</pre>"
