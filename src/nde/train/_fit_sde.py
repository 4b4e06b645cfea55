"""Fit stochastic differential equations by maximum likelihood."""

import time
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from nde.data import DataError, Table
from nde.train.early_stopping import fit_with_early_stopping
from nde.train.likelihood import as_arrays, standard_normals, to_double
from nde.train.maximum_likelihood import maximize_likelihood
from nde.train.progress import Progress
from nde.train.protocol import Stochastic
from nde.train.transitions import Transitions


class SDEFit(eqx.Module):
    """The result of fitting an SDE: the model, its losses and standard errors.

    Attributes:
        model: The fitted model.
        losses: The mean negative log-density of an observed change, in model states, at each step.
        standard_errors: The standard error of each entry of `model.natural()`, in units of the data; `None` where the
            data do not identify the parameter.
        substeps: Euler steps between two measurements.
        seconds: The time taken, in seconds, including compilation.

    Example:
        See `fit_sde`.
    """

    model: Any
    losses: Float[np.ndarray, " steps"]
    standard_errors: dict[str, float | None]
    substeps: int
    seconds: float


def fit_sde(
    model: Stochastic,
    tables: Sequence[Table],
    *,
    steps: int = 500,
    samples: int | None = None,
    progress: Progress | None = None,
) -> SDEFit:
    """Fit a stochastic model to one or more series by maximum likelihood, see `log_densities`.

    A parametric model is fitted by L-BFGS in double precision, and gets standard errors from the observed information.
    A neural network is fitted by Adam with early stopping: a first run trains on the first four fifths of each series
    and chooses the number of steps on the rest; a second run makes that many steps on all data.

    Args:
        model: Any pytree with `drift`, `diffusion`, `scaling` and `natural`, such as the stochastic models of
            `nde.models`.
        tables: One table for each series.
        steps: The maximum number of steps.
        samples: Sample paths between two measurements; by default 32, and 8 for neural networks.
        progress: A function `progress(done, steps, loss)`, called from time to time.

    Returns:
        The model, its standard errors, and the losses. The same arguments give the same result.

    Raises:
        DataError: If there is nothing to learn from, or the likelihood is not finite.

    Example:
        ```python
        from nde.data import load_sunspots
        from nde.models import OrnsteinUhlenbeck
        from nde.train import fit_sde

        found = fit_sde(OrnsteinUhlenbeck.from_tables([load_sunspots()], "root"), [load_sunspots()])
        print(found.model.parameters(), found.standard_errors)
        ```
    """
    start = time.perf_counter()
    pairs = Transitions.of(tables, model.scaling, coupled=model.coupled)
    substeps = pairs.substeps(model.most_substeps)
    report = progress if progress is not None else lambda *_: None
    if model.natural():
        with jax.enable_x64(True):
            exact, noise = to_double(model), standard_normals(pairs, substeps, samples or 32)
            found, losses, errors = maximize_likelihood(exact, as_arrays(pairs), noise, steps, report)
            unidentified = model.unidentified(errors)
            errors = {name: None if name in unidentified else error for name, error in errors.items()}
    else:
        noise = standard_normals(pairs, substeps, samples or 8)
        found, losses = fit_with_early_stopping(model, as_arrays(pairs), noise, steps, report)
        errors = {}
    if not np.isfinite(losses[-1]):
        raise DataError("The likelihood of the data is not finite. Check for repeated values and outliers.")
    cast = jax.tree.map(lambda new, old: jnp.asarray(new, old.dtype) if eqx.is_array(old) else old, found, model)
    return SDEFit(cast, losses, errors, substeps, time.perf_counter() - start)
