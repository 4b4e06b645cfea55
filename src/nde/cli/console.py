"""What a person sees on the terminal."""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

_CONSOLE = Console(highlight=False)


def note(what: str | Grid) -> None:
    """Prints a text or a table."""
    _CONSOLE.print(what, markup=False)


@contextlib.contextmanager
def bar(name: str, steps: int) -> Iterator[Callable[[int, int, float], None]]:
    """A progress bar for a fit, and what moves it on."""
    columns = (
        TextColumn("{task.description:<16}"),
        BarColumn(bar_width=32),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[loss]}"),
    )
    with Progress(*columns, console=_CONSOLE) as progress:
        task = progress.add_task(name, total=steps, loss="compiling")

        def move(done: int, total: int, loss: float) -> None:
            progress.update(task, completed=done, total=total, loss=f"loss {loss:.4g}")

        yield move


def table_of_errors(fitted: dict[str, dict[str, float]], held: dict[str, dict[str, float]]) -> Grid:
    """Root mean squared errors; a row for each model and baseline."""
    columns = list(next(iter(fitted.values())))
    grid = Grid(title="root mean squared error", title_justify="left")
    grid.add_column("")
    for where in ["fitted", "held out"] if held else ["fitted"]:
        for column in columns:
            grid.add_column(f"{column}\n{where}", justify="right")
    for name in dict.fromkeys((*fitted, *held)):
        parts = [fitted, held] if held else [fitted]
        cells = [_cell(part.get(name, {}).get(column)) for part in parts for column in columns]
        grid.add_row(name, *cells)
    return grid


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
