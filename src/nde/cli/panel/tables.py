"""Tables for the terminal."""

from rich.table import Table as Grid

from nde.cli.panel.course.done import CourseDone
from nde.cli.panel.done import Done

SCORES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "log_loss": "log loss",
    "rmse": "rmse",
    "scaled_rmse": "rmse in deviations",
    "mae": "mean absolute error",
    "r2": "explained variance",
}
"""What scores are called."""


def rows_of_scores(done: Done | CourseDone) -> tuple[list[str], dict[str, list[float | None]]]:
    """Scores and their names: of the model on each part, and of the baselines on the test part."""
    names = [name for name in SCORES if name in done.scores["test"]]
    parts = {f"{done.job.model}, {part}": score for part, score in reversed(done.scores.items())}
    others = {f"{name}, test": score for name, score in done.baselines.items()}
    every = {row: [score[name] for name in names] for row, score in {**parts, **others}.items()}
    return [SCORES[name] for name in names], every


def table_of_scores(done: Done | CourseDone) -> Grid:
    """How good the model is beside the baselines."""
    heads, rows = rows_of_scores(done)
    grid = Grid()
    grid.add_column("", no_wrap=True)
    for head in heads:
        grid.add_column(head, justify="right")
    for name, values in rows.items():
        grid.add_row(name, *("" if value is None else f"{value:.4g}" for value in values))
    return grid
