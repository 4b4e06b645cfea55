"""Show the progress of training in the terminal."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich import progress as rich
from rich.console import Console

from nde.train.history import Row

Progress = Callable[[int, int, float], None]
"""`progress(done, steps, loss)`, called during training."""

_REFRESH_SECONDS = 0.1
"""Seconds between two updates of the progress bar."""


@contextlib.contextmanager
def progress_listener(progress: bool | Progress | None, steps: int, done: int) -> Iterator[Callable[[Row], None]]:
    """Yield a function that takes the row of each step and reports it.

    Args:
        progress: Whether to show a progress bar, by default if standard error is a terminal; or a callback.
        steps: The total number of steps.
        done: The number of steps completed before.
    """
    if callable(progress):
        callback = progress
        yield lambda row: callback(int(row["step"]), steps, row["loss"])
    elif progress or (progress is None and sys.stderr.isatty()):
        with _bar(steps, done) as update:
            yield update
    else:
        yield lambda _: None


@contextlib.contextmanager
def _bar(steps: int, done: int) -> Iterator[Callable[[Row], None]]:
    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(bar_width=24),
        rich.MofNCompleteColumn(),
        rich.TimeElapsedColumn(),
        rich.TimeRemainingColumn(),
        rich.TextColumn("{task.fields[numbers]}"),
    )
    with rich.Progress(*columns, console=Console(stderr=True, highlight=False), transient=False) as bar:
        task = bar.add_task("training", total=steps, completed=done, numbers="compiling")
        last, validation = 0.0, ""
        if done:
            bar.console.print(f"Resuming from step {done}.")

        def update(row: Row) -> None:
            nonlocal last, validation
            if "validation" in row:
                validation = f"  validation {row['validation']:.4g}"
            done, now = int(row["step"]), time.monotonic()
            if now - last >= _REFRESH_SECONDS or done == steps:
                numbers = f"loss {row['loss']:.4g}{validation}  rate {row['rate']:.2g}"
                bar.update(task, completed=done, numbers=numbers)
                last = now

        yield update
