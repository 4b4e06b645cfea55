"""New series by the model of a run."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float

from nde.cli.panel import methods
from nde.cli.panel.generate.rows import generated
from nde.cli.panel.names import GENERATE
from nde.cli.panel.predict import is_run, metrics_of_run
from nde.cli.panel.write import MODEL
from nde.data import DataError

_EXAMPLE = "such as --times 0,0.5,1"


def sampled(folder: Path, count: int, times: str | None, seed: int) -> Iterator[str]:
    """The lines of a CSV file of new series.

    Args:
        folder: The folder of a run.
        count: How many.
        times: At which, with commas, counted from the beginning of a series; by default as in the data.
        seed: Of what is random.

    Raises:
        DataError: If the run generates nothing, or the times make no sense.
    """
    if not is_run(folder):
        raise DataError(
            f"There is no run of many series in {folder}. Name a folder that `nde fit --task generate` wrote."
        )
    metrics = metrics_of_run(folder)
    if metrics["task"] != GENERATE:
        raise DataError(
            f"The run {folder} is one of {metrics['task']}, which `nde predict` is for; one of `nde fit --task "
            "generate` is wanted."
        )
    wanted = None if times is None else _times(times)
    data, model = metrics["data"], methods.load(folder / MODEL)
    return generated(model.sample(count, times=wanted, random_state=seed), (data["series"], data["time"]))


def _times(text: str) -> Float[np.ndarray, " times"]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    try:
        found = np.array([float(part) for part in parts])
    except ValueError as error:
        raise DataError(f"Got --times {text}: {error}; numbers with commas are wanted, {_EXAMPLE}.") from None
    if len(found) < 2 or not (np.diff(found) > 0).all() or found[0] < 0:
        raise DataError(
            f"Got --times {text}; at least two that increase are wanted, counted from the beginning of a series, "
            f"{_EXAMPLE}."
        )
    return found
