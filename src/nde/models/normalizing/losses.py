"""Train a flow by maximum likelihood with regularizers, or by flow matching."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.compiled import compiled
from nde.models.normalizing.continuous_flow import ContinuousFlow
from nde.models.normalizing.costs import Cost, jacobian_norm, kinetic_energy, total_derivative


@dataclasses.dataclass(frozen=True)
class FlowLikelihood:
    """The mean negative log-likelihood of points, in nats, plus regularizers: a loss for `nde.train.fit`.

    Many flows map one distribution to another. Among those that fit the data, the regularizers select one that takes
    few steps to solve. Their integrals are computed in the same solve as the density.

    A batch is an array of points, `(points, size)`, or a pair of points and conditions, `(points, condition)`.

    Attributes:
        kinetic: The weight of the integral of `|f|^2` (RNODE).
        jacobian: The weight of the integral of the squared Frobenius norm of the Jacobian of `f` (RNODE), from the same
            derivatives as the trace.
        taylor: The weight of the integral of the squared norm of the path's derivative of order `order`, by Taylor-mode
            differentiation.
        order: The order of that derivative.
        steer: Each block ends at a random time, uniform between `1 - steer` and `1 + steer` for each point and step, so
            that the flow cannot depend on its exact end (STEER). Less than 1; 0 for none.

    Source: Finlay, Jacobsen, Nurbekyan and Oberman, *How to train your neural ODE* (2020),
    doi:10.48550/arXiv.2002.02798; Kelly, Bettencourt, Johnson and Duvenaud, *Learning differential equations that are
    easy to solve* (2020), doi:10.48550/arXiv.2007.04504; Ghosh, Behl, Dupont, Torr and Namboodiri, *STEER: Simple
    temporal regularization for neural ODEs* (2020), doi:10.48550/arXiv.2006.10711.

    Example:
        ```python
        import jax
        from nde.models import ContinuousFlow, FlowLikelihood
        from nde.train import fit

        x = jax.random.normal(jax.random.key(0), (64, 2)) * 0.5
        flow = ContinuousFlow(input_size=2, width=8, depth=1, key=jax.random.key(1))
        loss = FlowLikelihood(kinetic=0.01, jacobian=0.01)
        print(fit(flow, loss, x, steps=5, key=jax.random.key(2)).history.metrics["kinetic"])
        ```
    """

    kinetic: float = 0.0
    jacobian: float = 0.0
    taylor: float = 0.0
    order: int = 3
    steer: float = 0.0

    def __post_init__(self) -> None:
        for name in ("kinetic", "jacobian", "taylor"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be a non-negative weight; got {getattr(self, name)}.")
        if self.order < 1:
            raise ValueError(f"order must be that of a derivative, at least 1; got {self.order}.")
        if not 0 <= self.steer < 1:
            raise ValueError(f"steer must be at least 0 and less than 1; got {self.steer}.")

    @compiled(solves=True)
    def __call__(
        self, flow: ContinuousFlow, batch: Any, key: PRNGKeyArray
    ) -> tuple[Float[Array, ""], dict[str, Float[Array, ""]]]:
        """Compute the loss; its metrics are the negative log-likelihood, each cost, and the number of steps.

        Args:
            flow: The model.
            batch: Points, or a pair of points and conditions.
            key: A key of `jax.random` for stochastic traces and end times.
        """
        x, condition = _points_of(batch)
        weights = {name: weight for name in self._costs if (weight := getattr(self, name))}
        costs = {name: self._costs[name] for name in weights}

        duration_key, trace_key = jax.random.split(key)
        encoded = flow.encode_together(
            x,
            keys=jax.random.split(trace_key, len(x)),
            conditions=condition,
            costs=costs,
            durations=self.durations(flow, len(x), duration_key),
        )
        metrics = {"negative log-likelihood": -jnp.mean(encoded.log_prob)}
        metrics |= {name: jnp.mean(cost) for name, cost in encoded.costs.items()}
        loss = metrics["negative log-likelihood"] + sum(weights[name] * metrics[name] for name in weights)
        return loss, {**metrics, "steps": encoded.steps.astype(x.dtype)}

    def durations(self, flow: ContinuousFlow, count: int, key: PRNGKeyArray) -> Float[Array, "points blocks"]:
        """Sample the duration of each block for each point.

        Args:
            flow: The model.
            count: The number of points.
            key: A key of `jax.random`.
        """
        return 1.0 + self.steer * jax.random.uniform(key, (count, len(flow.fields)), minval=-1.0, maxval=1.0)

    @property
    def _costs(self) -> dict[str, Cost]:
        return {"kinetic": kinetic_energy, "jacobian": jacobian_norm, "taylor": total_derivative(self.order)}


@dataclasses.dataclass(frozen=True)
class FlowMatching:
    """The error of a flow's vector field on straight paths from noise to data: a loss for `nde.train.fit`.

    For a point `x`, noise `z` and a time `s`, uniform from 0 to 1, the path is `y = (1 - (1 - sigma) s) z + s x`, and
    the loss is `|f(s, y) - (x - (1 - sigma) z)|^2`. Its minimum is a flow from the normal distribution to that of the
    data, blurred by `sigma`. Training solves no ODE. Several blocks share the time of the path; each vector field
    covers its part in one unit of time.

    A batch is an array of points, `(points, size)`, or a pair of points and conditions, `(points, condition)`.

    Attributes:
        sigma: The standard deviation of the noise around each point at the end of its path.

    Source: Lipman, Chen, Ben-Hamu, Nickel and Le, *Flow matching for generative modeling* (2023), example II,
    doi:10.48550/arXiv.2210.02747.

    Example:
        ```python
        import jax
        from nde.models import ContinuousFlow, FlowMatching
        from nde.train import fit

        x = jax.random.normal(jax.random.key(0), (64, 2)) * 0.5
        flow = ContinuousFlow(input_size=2, width=8, depth=1, key=jax.random.key(1))
        print(fit(flow, FlowMatching(), x, steps=20, key=jax.random.key(2)).history.loss[-1])
        ```
    """

    sigma: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.sigma < 1:
            raise ValueError(f"sigma must be a standard deviation of at least 0 and less than 1; got {self.sigma}.")

    @compiled()
    def __call__(self, flow: ContinuousFlow, batch: Any, key: PRNGKeyArray) -> Float[Array, ""]:
        """Compute the mean over the batch and the blocks, with one time for each point.

        Args:
            flow: The model.
            batch: Points, or a pair of points and conditions.
            key: A key of `jax.random` for noise and times.
        """
        x, condition = _points_of(batch)
        noise_key, time_key = jax.random.split(key)
        z = jax.random.normal(noise_key, x.shape, x.dtype)
        # Stratified times, one in each of `len(x)` equal intervals, make the loss less noisy.
        times = (jnp.arange(len(x), dtype=x.dtype) + jax.random.uniform(time_key, (len(x),), x.dtype)) / len(x)
        errors = jax.vmap(lambda *point: self._error(flow, *point))(x, z, times, condition)
        return jnp.mean(errors)

    def _error(self, flow: ContinuousFlow, x: Array, z: Array, t: Array, condition: Array | None) -> Array:
        """Return the mean squared error over all blocks."""
        count, scale = len(flow.fields), 1.0 - self.sigma
        errors = []
        for block, field in enumerate(flow.fields):
            s = (block + t) / count
            y, velocity = (1.0 - scale * s) * z + s * x, (x - scale * z) / count
            errors.append(jnp.sum((count * (field(t, y, condition) - velocity)) ** 2))
        return sum(errors, start=jnp.zeros((), x.dtype)) / count


def _points_of(batch: Any) -> tuple[Float[Array, "points size"], Float[Array, "points condition"] | None]:
    """Return the points of a batch, and their conditions if the batch is a pair."""
    x, condition = batch if isinstance(batch, tuple | list) else (batch, None)
    return jnp.asarray(x), jax.tree.map(jnp.asarray, condition)
