"""Train a flow by maximum likelihood, with regularizers."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.compiled import compiled
from nde.models.normalizing.continuous_flow import ContinuousFlow
from nde.models.normalizing.costs import Cost, jacobian_norm, kinetic_energy, total_derivative
from nde.models.normalizing.points import points_of


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
        x, condition = points_of(batch)
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
