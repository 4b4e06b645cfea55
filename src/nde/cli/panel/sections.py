"""Sections that the reports of all runs with many series have."""

import platform
from importlib import metadata
from typing import Any

from nde.cli.page import grid, text
from nde.cli.panel.course.done import CourseDone
from nde.cli.panel.done import Done
from nde.cli.panel.fitted import Fitted
from nde.cli.panel.tables import rows_of_scores


def scores(done: Done | CourseDone) -> str:
    """How good the model is beside the baselines."""
    heads, rows = rows_of_scores(done)
    cells = [
        [text(name), *("" if value is None else f"{value:.4g}" for value in values)] for name, values in rows.items()
    ]
    return grid(["", *heads], cells, best=f"{done.job.model}, test")


def data(metrics: dict[str, Any]) -> list[str]:
    """What the data are, and what was said about them."""
    told = metrics["data"]
    rows = [[text(name), str(size["series"]), str(size["rows"])] for name, size in metrics["sizes"].items()]
    listed = [f"<p>Channels: {text(', '.join(told['channels']))}.</p>"]
    if told["static"]:
        listed.append(f"<p>Static features: {text(', '.join(told['static']))}.</p>")
    remarks = "\n".join(f"<li>{text(remark)}</li>" for remark in told["remarks"])
    said = f"<ul>\n{remarks}\n</ul>" if remarks else "<p>There was nothing to put right.</p>"
    return [grid(["part", "series", "rows"], rows), *listed, said]


def made(done: Fitted, metrics: dict[str, Any]) -> str:
    """By which versions, from which seed, and how fast."""
    packages = ("nde", "jax", "equinox", "optax")
    versions = ", ".join(f"{package} {metadata.version(package)}" for package in packages)
    steps = metrics["settings"]["steps_made"]
    return (
        f"{versions}, Python {platform.python_version()}; {done.job.model}, seed {done.job.seed}, {steps} steps in "
        f"{metrics['seconds']:.0f} s."
    )
