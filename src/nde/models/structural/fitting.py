"""Maximum likelihood for many structural SDEs side by side."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from nde.models.structural.structural_sde import StructuralSDE
from nde.train.quasi_newton import minimize_batch

_STARTS = (
    {"log_level": -2.0, "log_slope": -4.0, "log_damping": -1.0, "log_deviation": -2.0, "log_noise": -1.0},
    {"log_level": -4.0, "log_slope": -3.0, "log_damping": -3.0, "log_season": -3.0, "log_deviation": -1.0},
    {"log_level": -1.0, "log_slope": -6.0, "log_damping": -2.0, "log_deviation": -4.0, "log_noise": -3.0},
)
"""Starting values that differ from the typical ones: a trend with noise, a smooth trend, a random walk."""


@dataclasses.dataclass(frozen=True)
class StructuralFit:
    """A structural SDE fitted to a series.

    Attributes:
        model: The model.
        log_likelihood: The log-density of the series.
        log_posterior: The same, plus the log-density of the parameters under the weak prior.

    Example:
        See `fit_structural`.
    """

    model: StructuralSDE
    log_likelihood: float
    log_posterior: float


def fit_structural(
    ts: Float[np.ndarray, "*series times"],
    ys: Float[np.ndarray, "series times"],
    *,
    periods: Sequence[float] = (),
    harmonics: Sequence[int] | None = None,
    steps: int = 60,
) -> list[StructuralFit]:
    """Fit one structural SDE to each series by maximum likelihood, with a weak prior on the parameters.

    All series share their seasons; the fits run side by side, from several starting values each, in double
    precision. Compiles once for a number of series, of seasons, and of times, which is rounded up.

    Args:
        ts: Times, increasing, with a typical spacing of one: of all series, or a row for each. At the end of a row the
            last time may repeat, without values, to make up for a series that is shorter.
        ys: Values of about zero mean and unit variance; `nan` where there is none. Series may be masked copies of one.
        periods: The period of each season.
        harmonics: How many harmonics each season has; see `StructuralSDE`.
        steps: The maximum number of steps.

    Returns:
        A fit for each series.

    Source: Nocedal and Wright, *Numerical Optimization* (2006), chapter 6, doi:10.1007/978-0-387-40065-5.

    Example:
        ```python
        import numpy as np
        from nde.models import fit_structural

        ts = np.arange(60.0)
        ys = np.sin(2 * np.pi * ts / 12) + 0.1 * np.random.default_rng(0).normal(size=60)
        (found,) = fit_structural(ts, ys[None], periods=[12.0], steps=5)
        print(found.log_likelihood)
        ```
    """
    with jax.enable_x64(True):
        blank = StructuralSDE(periods, harmonics)
        unravel = ravel_pytree(_weights(blank))[1]
        starts = np.stack([_start(blank, changes) for changes in _STARTS])
        ts, ys = _padded(np.asarray(ts, np.float64), np.asarray(ys, np.float64))
        each = ts if ts.ndim == 1 else np.repeat(ts, len(starts), axis=0)
        data = (jnp.asarray(each), jnp.asarray(np.repeat(ys, len(starts), axis=0)), blank.periods)

        def objective(x: Float[np.ndarray, "batch weights"]) -> tuple[np.ndarray, np.ndarray]:
            value, gradient = _objective(jnp.asarray(x), *data, blank.harmonics)
            return np.asarray(value), np.asarray(gradient)

        x, values = minimize_batch(objective, np.tile(starts, (len(ys), 1)), steps=steps)
        values = np.where(np.isfinite(values), values, np.inf).reshape(len(ys), len(starts))
        best = values.argmin(axis=1)
        chosen = x.reshape(len(ys), len(starts), -1)[np.arange(len(ys)), best]
        models = [eqx.combine(unravel(jnp.asarray(weights)), blank) for weights in chosen]
        priors = [float(model.log_prior()) for model in models]
    posteriors = -values.min(axis=1)
    return [
        StructuralFit(_as_users_have_it(model), float(posterior - prior), float(posterior))
        for model, posterior, prior in zip(models, posteriors, priors, strict=True)
    ]


@eqx.filter_jit
def _objective(
    x: Float[Array, "batch weights"],
    ts: Float[Array, "*batch times"],
    ys: Float[Array, "batch times"],
    periods: Float[Array, " seasons"],
    harmonics: tuple[int, ...],
) -> tuple[Float[Array, " batch"], Float[Array, "batch weights"]]:
    """The negative log-posteriors of weights, and their gradients."""
    typical = StructuralSDE([2.0] * len(harmonics), harmonics)
    blank = eqx.tree_at(lambda model: model.periods, typical, periods)
    unravel = ravel_pytree(_weights(blank))[1]

    def loss(flat: Float[Array, " weights"], times: Float[Array, " times"], own: Float[Array, " times"]) -> Array:
        model = eqx.combine(unravel(flat), blank)
        return -model.log_likelihood(times, own) - model.log_prior()

    return jax.vmap(jax.value_and_grad(loss), in_axes=(0, None if ts.ndim == 1 else 0, 0))(x, ts, ys)


def _as_users_have_it(model: StructuralSDE) -> StructuralSDE:
    """The model in the precision that JAX is set to."""
    return jax.tree.map(lambda x: jnp.asarray(np.asarray(x)), model)


def _weights(model: StructuralSDE) -> StructuralSDE:
    """The parameters to fit: all but the periods."""
    learned = eqx.tree_at(lambda m: m.periods, jax.tree.map(lambda _: True, model), False)
    return eqx.filter(model, learned)


def _start(blank: StructuralSDE, changes: dict[str, float]) -> Float[np.ndarray, " weights"]:
    names = tuple(changes)
    values = [jnp.full_like(getattr(blank, name), changes[name]) for name in names]
    changed = eqx.tree_at(lambda m: [getattr(m, name) for name in names], blank, values)
    return np.asarray(ravel_pytree(_weights(changed))[0])


def _padded(
    ts: Float[np.ndarray, "*series times"], ys: Float[np.ndarray, "series times"]
) -> tuple[Float[np.ndarray, "*series padded"], Float[np.ndarray, "series padded"]]:
    """Repeat the last time, without observations, up to one of a few lengths: fewer programs to compile."""
    length = 32
    while length < ys.shape[1]:
        length = length * 3 // 2
    more = ((0, 0), (0, length - ys.shape[1]))
    return np.pad(ts, more[-ts.ndim :], mode="edge"), np.pad(ys, more, constant_values=np.nan)
