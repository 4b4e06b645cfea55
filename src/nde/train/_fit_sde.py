"""Fitting stochastic differential equations by the likelihood of what was measured."""

import time
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from nde.data import DataError, Table
from nde.train.early import stopped_early
from nde.train.likelihood import as_arrays, in_double, normals
from nde.train.maximum import maximized
from nde.train.progress import Progress
from nde.train.protocol import Stochastic
from nde.train.transitions import Transitions


class SDEFit(eqx.Module):
    """A fitted model with noise, and how it came about.

    Attributes:
        model: The model.
        losses: The negative log density for each change of one quantity, in model states, at each step.
        standard_errors: Of each number in `model.natural()`, in units of the data; `None` where the data do not
            identify it.
        substeps: Euler's steps between two measurements.
        seconds: How long it took, compiling included.

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
    """Fits a model with noise to one or many series by maximum likelihood, see `log_densities`.

    A model with parameters is fitted by L-BFGS to the maximum, in double precision, and has standard errors from the
    observed information. A network is fitted by Adam, and stops early: in a first descent the last fifth of each series
    is not learned but tells how many steps are best; as many are then made on all pairs.

    Args:
        model: Any pytree with `drift`, `diffusion`, `scaling` and `natural`, such as the stochastic ones of
            `nde.models`.
        tables: One for each series.
        steps: Most steps.
        samples: Bridges for each pair of measurements; by default 32, and 8 for networks.
        progress: Told now and then how far it is.

    Returns:
        The model, its standard errors, and the losses. The same arguments give the same result.

    Raises:
        DataError: If there is nothing to learn from, or no likelihood is finite.

    Example:
        ```python
        from nde.data import load_sunspots
        from nde.models import OrnsteinUhlenbeck
        from nde.train import fit_sde

        found = fit_sde(OrnsteinUhlenbeck.from_tables([load_sunspots()], "root"), [load_sunspots()])
        print(found.model.parameters(), found.standard_errors)
        ```
    """
    begun = time.perf_counter()
    pairs = Transitions.of(tables, model.scaling, coupled=model.coupled)
    substeps = pairs.substeps(model.most_substeps)
    told = progress if progress is not None else lambda *_: None
    if model.natural():
        with jax.enable_x64(True):
            exact, noise = in_double(model), normals(pairs, substeps, samples or 32)
            found, losses, errors = maximized(exact, as_arrays(pairs), noise, steps, told)
            blurred = model.unidentified(errors)
            errors = {name: None if name in blurred else error for name, error in errors.items()}
    else:
        noise = normals(pairs, substeps, samples or 8)
        found, losses = stopped_early(model, as_arrays(pairs), noise, steps, told)
        errors = {}
    if not np.isfinite(losses[-1]):
        raise DataError("The likelihood of the data is not finite; look for values that repeat or stand far off.")
    plain = jax.tree.map(lambda new, old: jnp.asarray(new, old.dtype) if eqx.is_array(old) else old, found, model)
    return SDEFit(plain, losses, errors, substeps, time.perf_counter() - begun)
