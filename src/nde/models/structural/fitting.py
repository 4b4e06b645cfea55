"""Maximum likelihood for many structural SDEs side by side."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from nde.models.structural.laplace import axes_of, hessians
from nde.models.structural.structural_sde import StructuralSDE
from nde.train.quasi_newton import minimize_batch

_STARTS = (
    {
        "log_level": -2.0,
        "log_slope": -4.0,
        "log_damping": -1.0,
        "log_deviation": -2.0,
        "log_noise": -1.0,
        "log_frequency": -2.0,
    },
    {
        "log_level": -4.0,
        "log_slope": -3.0,
        "log_damping": -3.0,
        "log_season": -3.0,
        "log_deviation": -1.0,
        "log_frequency": -0.5,
        "log_time": 1.5,
    },
    {
        "log_level": -1.0,
        "log_slope": -6.0,
        "log_damping": -2.0,
        "log_deviation": -4.0,
        "log_noise": -3.0,
        "log_frequency": 0.3,
    },
)
"""Starting values that differ from the typical ones: a trend with noise, a smooth trend, a random walk."""


@dataclasses.dataclass(frozen=True)
class StructuralFit:
    """A structural SDE fitted to a series.

    Attributes:
        model: The model.
        log_likelihood: The log-density of the series.
        log_posterior: The same, plus the log-density of the parameters under the weak prior.
        log_evidence: The log-density of the series over all parameters, by Laplace's approximation.
        axes: The axes of the normal approximation of the posterior of the parameters, each a standard deviation long.

    Example:
        See `fit_structural`.
    """

    model: StructuralSDE
    log_likelihood: float
    log_posterior: float
    log_evidence: float
    axes: Float[np.ndarray, "weights axes"]

    def at(self, scores: Float[np.ndarray, "draws axes"]) -> StructuralSDE:
        """Return models with other parameters, with a leading axis.

        Args:
            scores: By how many standard deviations to move along each axis of the posterior; normal variates make
                draws from it.
        """
        mode, unravel = ravel_pytree(_weights(self.model))
        moved = mode[None] + jnp.asarray(scores @ self.axes.T, mode.dtype)
        periods = jnp.broadcast_to(self.model.periods, (len(scores), *self.model.periods.shape))
        blank = eqx.tree_at(lambda model: model.periods, self.model, periods)
        return eqx.combine(jax.vmap(unravel)(moved), blank)


def fit_structural(
    ts: Float[np.ndarray, "*series times"],
    ys: Float[np.ndarray, "series times"],
    *,
    periods: Sequence[float] = (),
    harmonics: Sequence[int] | None = None,
    inputs: Float[np.ndarray, "times inputs"] | None = None,
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
        inputs: Known inputs at all times, of about unit variance, that all series depend on.
        steps: The maximum number of steps.

    Returns:
        A fit for each series.

    Sources: Nocedal and Wright, *Numerical Optimization* (2006), chapter 6, doi:10.1007/978-0-387-40065-5; for the
    evidence Tierney and Kadane, *Accurate Approximations for Posterior Moments and Marginal Densities* (1986),
    doi:10.1080/01621459.1986.10478240.

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
        known = np.zeros((np.shape(ys)[1], 0)) if inputs is None else np.asarray(inputs, np.float64)
        blank = StructuralSDE(periods, harmonics, inputs=known.shape[1])
        unravel = ravel_pytree(_weights(blank))[1]
        starts = np.stack([_start(blank, changes) for changes in _STARTS])
        ts, ys, known = _padded(np.asarray(ts, np.float64), np.asarray(ys, np.float64), known)
        each = ts if ts.ndim == 1 else np.repeat(ts, len(starts), axis=0)
        own = jnp.asarray(np.repeat(ys, len(starts), axis=0))
        data = (jnp.asarray(each), own, jnp.asarray(known), blank.periods)

        def objective(x: Float[np.ndarray, "batch weights"]) -> tuple[np.ndarray, np.ndarray]:
            value, gradient = _objective(jnp.asarray(x), *data, blank.harmonics)
            return np.asarray(value), np.asarray(gradient)

        x, values = minimize_batch(objective, np.tile(starts, (len(ys), 1)), steps=steps)
        values = np.where(np.isfinite(values), values, np.inf).reshape(len(ys), len(starts))
        best = values.argmin(axis=1)
        chosen = x.reshape(len(ys), len(starts), -1)[np.arange(len(ys)), best]
        curvatures = hessians(lambda x: objective(x)[1], chosen, len(starts))
        models = [eqx.combine(unravel(jnp.asarray(weights)), blank) for weights in chosen]
        priors = jax.vmap(lambda weights: eqx.combine(unravel(weights), blank).log_prior())(jnp.asarray(chosen))
    posteriors = -values.min(axis=1)
    return [
        _fit_of(model, float(prior), float(posterior), axes_of(curvature))
        for model, prior, posterior, curvature in zip(models, np.asarray(priors), posteriors, curvatures, strict=True)
    ]


def _fit_of(
    model: StructuralSDE, prior: float, posterior: float, axes: Float[np.ndarray, "weights axes"]
) -> StructuralFit:
    evidence = posterior + len(axes) * np.log(2 * np.pi) / 2 + np.linalg.slogdet(axes)[1]
    return StructuralFit(_as_users_have_it(model), posterior - prior, posterior, float(evidence), axes)


@eqx.filter_jit
def _objective(
    x: Float[Array, "batch weights"],
    ts: Float[Array, "*batch times"],
    ys: Float[Array, "batch times"],
    inputs: Float[Array, "times inputs"],
    periods: Float[Array, " seasons"],
    harmonics: tuple[int, ...],
) -> tuple[Float[Array, " batch"], Float[Array, "batch weights"]]:
    """The negative log-posteriors of weights, and their gradients."""
    typical = StructuralSDE([2.0] * len(harmonics), harmonics, inputs=inputs.shape[1])
    blank = eqx.tree_at(lambda model: model.periods, typical, periods)
    unravel = ravel_pytree(_weights(blank))[1]

    def loss(flat: Float[Array, " weights"], times: Float[Array, " times"], own: Float[Array, " times"]) -> Array:
        model = eqx.combine(unravel(flat), blank)
        return -model.log_likelihood(times, own, inputs) - model.log_prior()

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
    ts: Float[np.ndarray, "*series times"],
    ys: Float[np.ndarray, "series times"],
    inputs: Float[np.ndarray, "times inputs"],
) -> tuple[Float[np.ndarray, "*series padded"], Float[np.ndarray, "series padded"], Float[np.ndarray, "padded inputs"]]:
    """Repeat the last time, without observations, up to one of a few lengths: fewer programs to compile."""
    length = 32
    while length < ys.shape[1]:
        length = length * 3 // 2
    more = (0, length - ys.shape[1])
    each = ((0, 0), more)
    return (
        np.pad(ts, each[-ts.ndim :], mode="edge"),
        np.pad(ys, each, constant_values=np.nan),
        np.pad(inputs, (more, (0, 0))),
    )
