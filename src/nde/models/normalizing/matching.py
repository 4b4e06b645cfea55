"""Training a flow by regression of its vector field on straight paths."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.compiled import compiled
from nde.models.normalizing.continuous_flow import ContinuousFlow
from nde.models.normalizing.points import points_of


@dataclasses.dataclass(frozen=True)
class FlowMatching:
    """The error of a flow's vector field on straight paths from noise to data: a loss for `nde.train.fit`.

    With a point `x`, noise `z` and a time `s` of the whole flow, uniform from 0 to 1, the path is
    `y = (1 - (1 - sigma) s) z + s x`, and the loss `|f(s, y) - (x - (1 - sigma) z)|^2`, whose minimum is a flow from
    the normal law to that of the data, blurred by `sigma`. No equation is solved in training. Several blocks share the
    time of the path; the vector field of each runs through its part in one unit of time.

    A batch is an array of points, `(points, size)`, or a pair of that and the conditions, `(points, condition)`.

    Attributes:
        sigma: The deviation of the noise around each point at the end of its path.

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
            raise ValueError(f"Got sigma={self.sigma}; a deviation is wanted, from 0 to below 1.")

    @compiled()
    def __call__(self, flow: ContinuousFlow, batch: Any, key: PRNGKeyArray) -> Float[Array, ""]:
        """The mean over the batch, the blocks and one time for each point.

        Args:
            flow: The model.
            batch: Points, or a pair of points and conditions.
            key: Of `jax.random`, for noise and times.
        """
        x, condition = points_of(batch)
        noise, clock = jax.random.split(key)
        z = jax.random.normal(noise, x.shape, x.dtype)
        # One time in each of as many equal parts as there are points: the loss is less noisy than with free ones.
        times = (jnp.arange(len(x), dtype=x.dtype) + jax.random.uniform(clock, (len(x),), x.dtype)) / len(x)
        errors = jax.vmap(lambda *point: self._error(flow, *point))(x, z, times, condition)
        return jnp.mean(errors)

    def _error(self, flow: ContinuousFlow, x: Array, z: Array, t: Array, condition: Array | None) -> Array:
        """The mean squared error of all blocks at a time of their own."""
        count, left = len(flow.fields), 1.0 - self.sigma
        errors = []
        for place, field in enumerate(flow.fields):
            s = (place + t) / count
            y, velocity = (1.0 - left * s) * z + s * x, (x - left * z) / count
            errors.append(jnp.sum((count * (field(t, y, condition) - velocity)) ** 2))
        return sum(errors, start=jnp.zeros((), x.dtype)) / count
