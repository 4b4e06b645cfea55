"""Samples of a density that an estimator was saved of."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import typer
from jaxtyping import Array, Float

from nde.cli.files import csv_text
from nde.data import DataError
from nde.estimators import FlowDensity, load_estimator
from nde.models import ContinuousFlow, fit_hypersolver
from nde.models.saving import read_weights, reading, write_folder
from nde.nn import CorrectionMLP
from nde.solvers import Heun, HyperHeun
from nde.stepping import ConstantStepSize

ESTIMATOR = "estimator.json"
"""By which the folder of an estimator is known."""
_CONFIG = "hypersolver.json"


def sample_density(folder: Path, count: int, seed: int, hypersolver: int | None) -> str:
    """Sample points of a saved `FlowDensity`, as CSV.

    A hypersolver is fitted once, and kept in the folder.

    Args:
        folder: The folder that `FlowDensity.save` wrote.
        count: How many points.
        seed: Of random numbers.
        hypersolver: The number of steps of a hypersolver; by default steps keep the estimator's tolerance.

    Raises:
        DataError: If the folder holds another estimator, or the density is conditional.
    """
    density = load_estimator(folder)
    if not isinstance(density, FlowDensity):
        raise DataError(
            f"{folder} holds a {type(density).__name__}; only a `FlowDensity` or a run of `nde fit --task generate` "
            "can be sampled."
        )
    if density.condition_size_:
        raise DataError(
            f"The density in {folder} is conditional; sample it in Python, as in "
            "`load_estimator(folder).sample(100, condition=[[0.0]])`."
        )
    flow = None if hypersolver is None else _with_hypersolver(folder, density, hypersolver)
    points = density.sample(count, random_state=seed, flow=flow)
    names = getattr(density, "feature_names_in_", [f"x{number + 1}" for number in range(density.n_features_in_)])
    return csv_text(list(names), ([f"{x:.9g}" for x in row] for row in points))


def _with_hypersolver(folder: Path, density: FlowDensity, steps: int) -> ContinuousFlow:
    """The flow of the density with a hypersolver, from the folder if it was fitted before."""
    home = folder / f"hypersolver-{steps}"
    if not (home / _CONFIG).is_file():
        _note(f"Fitting a hypersolver of {steps} steps, which takes about half a minute; it is kept in {home}.")
        fitted = fit_hypersolver(density.model_, Heun(), steps=steps, key=jax.random.key(0))
        (ours,) = fitted.report.of(fitted.report.hypersolver)
        _note(f"Root mean square error in standardized units: {ours.root_mean_square:.2g}.")
        write_folder(home, _CONFIG, {"steps": steps, "seconds": round(fitted.seconds, 1)}, fitted.solver.network)
    with reading(home, _CONFIG, "hypersolver"):
        network: Any = read_weights(home, CorrectionMLP(_point(density), stages=2, key=jax.random.key(0)))
    solver = HyperHeun(network, (1 / steps, 1 / steps))
    return eqx.tree_at(
        lambda f: (f.solver, f.stepsize_controller, f.dt0),
        density.model_,
        (solver, ConstantStepSize(), 1 / steps),
        is_leaf=lambda x: x is None,
    )


def _point(density: FlowDensity) -> Float[Array, " size"]:
    return jnp.zeros(density.n_features_in_, density.model_.dtype)


def _note(text: str) -> None:
    """Print a sentence on standard error, for samples may be on standard output."""
    typer.echo(f"nde: {text}", err=True)
