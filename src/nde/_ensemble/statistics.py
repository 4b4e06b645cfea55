"""What is known of an ensemble."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree


class Ensemble(eqx.Module):
    """Statistics of very many paths; each is a pytree shaped like one sample, with leading axes where stated.

    Attributes:
        count: How many paths the statistics are of.
        failed: How many paths were left out, because their solve failed or one of their numbers was not finite.
        mean: The mean at each save time.
        variance: The unbiased estimate of the variance (divided by `count - 1`).
        minimum: The smallest value.
        maximum: The largest value.
        probabilities: Of the quantiles, in the order given.
        quantiles: With a leading axis `(probabilities,)`; `None` without any.
        paths: With `keep=True` all paths, those that failed too, as arrays of the host (`numpy.ndarray`) with a
            leading axis `(paths,)` in the order of their numbers; otherwise `None`.

    Example:
        ```python
        import jax
        import nde

        found = nde.ensemble(lambda key: jax.random.normal(key, (3,)), jax.random.key(0), 10_000)
        print(found.mean, found.std, found.standard_error, found.quantiles.shape)
        ```
    """

    count: int
    failed: int
    mean: PyTree[Array]
    variance: PyTree[Array]
    minimum: PyTree[Array]
    maximum: PyTree[Array]
    probabilities: tuple[float, ...]
    quantiles: PyTree[Array] | None
    paths: PyTree[np.ndarray] | None

    @property
    def std(self) -> PyTree[Array]:
        """The standard deviation, the root of the variance."""
        return jax.tree.map(jnp.sqrt, self.variance)

    @property
    def standard_error(self) -> PyTree[Array]:
        """The standard deviation of `mean` as an estimate: `std / sqrt(count)`."""
        return jax.tree.map(lambda v: jnp.sqrt(v / max(self.count, 1)), self.variance)
