"""`nde demo`."""

from pathlib import Path
from typing import Annotated

import typer

from nde.cli.commands.options import Out, Seed, Steps
from nde.cli.files import check_new, new_folder_name
from nde.data import DataError

_SDE = "sde"


def demo(
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help=f"{_SDE}: stochastic differential equations; by default ODEs."),
    ] = None,
    out: Out = None,
    seed: Seed = None,
    steps: Steps = None,
) -> None:
    """Fit lynx and hare, 1900 to 1915, and forecast 1916 to 1920; or, by SDEs, simulated series and the sunspots."""
    if model == _SDE:
        _fit_sdes(out or new_folder_name(Path("runs", _SDE)), seed or 0, steps)
    elif model is not None:
        raise DataError(f"There is no demo of the model '{model}'; there is --model {_SDE}, and one without --model.")
    else:
        _fit_odes(out or new_folder_name(Path("runs", "lynx-hare")), seed or 0, steps)


def _fit_odes(folder: Path, seed: int, steps: int | None) -> None:
    from nde.cli import run  # noqa: PLC0415 (takes long to import)
    from nde.cli.tables.config import TableConfig  # noqa: PLC0415 (takes long to import)
    from nde.cli.tables.ode import ODETask  # noqa: PLC0415 (takes long to import)
    from nde.data import LYNX_HARE_SOURCE, load_lynx_hare  # noqa: PLC0415 (takes long to import)

    check_new(folder)
    task = ODETask()
    config = TableConfig(LYNX_HARE_SOURCE, tuple(task.models), holdout=5, seed=seed, steps=steps)
    run.fit_at_once(task, {folder: (config, task.prepare(config, {"": load_lynx_hare()}))}, folder)


def _fit_sdes(folder: Path, seed: int, steps: int | None) -> None:
    from nde.cli import run  # noqa: PLC0415 (takes long to import)
    from nde.cli.tables.config import TableConfig  # noqa: PLC0415 (takes long to import)
    from nde.cli.tables.sde import SDETask  # noqa: PLC0415 (takes long to import)
    from nde.cli.tables.simulated import SOURCE, TRUTH, simulated_series  # noqa: PLC0415 (takes long to import)
    from nde.data import SUNSPOTS_SOURCE, load_sunspots  # noqa: PLC0415 (takes long to import)

    check_new(folder)
    task = SDETask()
    simulated = TableConfig(SOURCE, ("sde-ou",), "none", 5, seed, steps, truth=TRUTH)
    sunspots = TableConfig(SUNSPOTS_SOURCE, (task.default,), "root", 22, seed, steps)
    jobs = {
        folder / "simulated": (simulated, task.prepare(simulated, simulated_series())),
        folder / "sunspots": (sunspots, task.prepare(sunspots, {"": load_sunspots()})),
    }
    run.fit_at_once(task, jobs, folder)
