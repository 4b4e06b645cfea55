"""Train a flow by flow matching."""

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
        x, condition = points_of(batch)
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
