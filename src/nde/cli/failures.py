"""Failures and interrupts of runs, in one line."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import jax

from nde.cli.run_folder import is_panel_run
from nde.cli.stopped import StoppedError
from nde.core.results import SolveError
from nde.data import DataError


@contextlib.contextmanager
def resumable(folder: Path) -> Iterator[None]:
    """Say how to resume a run that is interrupted.

    Raises:
        KeyboardInterrupt: If there is nothing yet to resume.
        StoppedError: If there is.
    """
    try:
        yield
    except KeyboardInterrupt:
        if not is_panel_run(folder):
            raise
        raise StoppedError(f"Stopped; resume with `nde fit --resume {folder}`.") from None


def at_times(what: str, *, chosen: bool) -> contextlib.AbstractContextManager[None]:
    """Turn the failure of a solve, perhaps at times that the user chose, into one line."""
    return failures_in_words(f"{what} at these times" if chosen else what, "Choose earlier times." if chosen else "")


@contextlib.contextmanager
def failures_in_words(what: str, advice: str) -> Iterator[None]:
    """Turn the failure of a solve into one line.

    Args:
        what: What was to be done.
        advice: What to do about it.

    Raises:
        DataError: If a solve failed.
    """
    try:
        yield
    except (SolveError, jax.errors.JaxRuntimeError) as error:
        # Under `jax.jit`, JAX's own error holds the name.
        if not isinstance(error, SolveError) and SolveError.__name__ not in str(error):
            raise
        raise DataError(
            f"{what} failed: the solution of the model is not finite or needs too many steps. {advice}".rstrip()
        ) from None
