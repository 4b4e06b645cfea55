"""`nde demo`."""

from pathlib import Path
from typing import Annotated

import typer

from nde.cli.commands.options import NOISE, STEPS, STEPS_WITH_NOISE, Out, Seed, Steps, new_folder_name
from nde.data import DataError
from nde.models import MODELS


def demo(
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help=f"{NOISE}: equations with noise; by default without."),
    ] = None,
    out: Out = None,
    seed: Seed = None,
    steps: Steps = None,
) -> None:
    """Fit lynx and hare, 1900 to 1915, and forecast 1916 to 1920; or, with noise, simulated series and the sunspots."""
    if model == NOISE:
        from nde.cli.noise.demo import demo as noisy  # noqa: PLC0415

        noisy(out if out is not None else new_folder_name(Path("runs", NOISE)), seed or 0, steps or STEPS_WITH_NOISE)
    elif model is not None:
        raise DataError(f"There is no demo of the model '{model}'; there is --model {NOISE}, and one without --model.")
    else:
        from nde.cli.run import Job, run  # noqa: PLC0415
        from nde.data import LYNX_HARE_SOURCE, load_lynx_hare  # noqa: PLC0415

        folder = out if out is not None else new_folder_name(Path("runs", "lynx-hare"))
        run(Job(load_lynx_hare(), tuple(MODELS), 5, folder, LYNX_HARE_SOURCE, seed or 0, steps or STEPS))
