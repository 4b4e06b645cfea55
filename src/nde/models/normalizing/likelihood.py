"""Training a flow by the likelihood of points, and by what their ways cost."""

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
    """The negative log-likelihood of points, in nats for each, with regularizers: a loss for `nde.train.fit`.

    A flow that maps one law to another is far from unique. Of all that fit the data, the regularizers choose one that
    takes few steps to solve. Their integrals are computed in the same solve as the density.

    A batch is an array of points, `(points, size)`, or a pair of that and the conditions, `(points, condition)`.

    Attributes:
        kinetic: The weight of the integral of `|f|^2` (RNODE).
        jacobian: The weight of the integral of the squared Frobenius norm of the Jacobian of `f` (RNODE), from the same
            derivatives as the trace.
        taylor: The weight of the integral of the squared norm of the path's derivative of `order`, by Taylor mode.
        order: Of that derivative.
        steer: Each block ends at a random time, uniform from `1 - steer` to `1 + steer`, another one for each point and
            step, so that no detail of the flow can hang on its end (STEER). Below 1; 0 for none.

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
                raise ValueError(f"Got {name}={getattr(self, name)}; a weight is wanted, 0 for none.")
        if self.order < 1:
            raise ValueError(f"Got order={self.order}; that of a derivative is wanted, 1 or more.")
        if not 0 <= self.steer < 1:
            raise ValueError(f"Got steer={self.steer}; half the width of end times is wanted, from 0 to below 1.")

    @compiled(solves=True)
    def __call__(
        self, flow: ContinuousFlow, batch: Any, key: PRNGKeyArray
    ) -> tuple[Float[Array, ""], dict[str, Float[Array, ""]]]:
        """The loss, and for the history the negative log-likelihood, each cost, and the number of steps.

        Args:
            flow: The model.
            batch: Points, or a pair of points and conditions.
            key: Of `jax.random`, for random traces and end times.
        """
        x, condition = points_of(batch)
        weights = {name: weight for name in self._costs if (weight := getattr(self, name))}
        costs = {name: self._costs[name] for name in weights}

        ends, noise = jax.random.split(key)
        found = flow.encode_together(
            x,
            keys=jax.random.split(noise, len(x)),
            conditions=condition,
            costs=costs,
            durations=self.durations(flow, len(x), ends),
        )
        told = {"negative log-likelihood": -jnp.mean(found.log_prob)}
        told |= {name: jnp.mean(cost) for name, cost in found.costs.items()}
        loss = told["negative log-likelihood"] + sum(weights[name] * told[name] for name in weights)
        return loss, {**told, "steps": found.steps.astype(x.dtype)}

    def durations(self, flow: ContinuousFlow, count: int, key: PRNGKeyArray) -> Float[Array, "points blocks"]:
        """How long each block runs for each point.

        Args:
            flow: The model.
            count: The number of points.
            key: Of `jax.random`.
        """
        return 1.0 + self.steer * jax.random.uniform(key, (count, len(flow.fields)), minval=-1.0, maxval=1.0)

    @property
    def _costs(self) -> dict[str, Cost]:
        return {"kinetic": kinetic_energy, "jacobian": jacobian_norm, "taylor": total_derivative(self.order)}
