"""A generator's distance from data without a discriminator."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.data import Batch
from nde.losses import signature_kernel, signature_mmd
from nde.models.adversarial.discriminator import observed_path
from nde.models.adversarial.observing import observed_alike


@runtime_checkable
class _Generator(Protocol):
    def samples(self, ts: Array, keys: Array) -> Array: ...


class SignatureMMDLoss(eqx.Module):
    """The signature-kernel discrepancy of generated series from real ones, as a loss for `nde.train.fit`.

    Series are paths of time and channels, with gaps filled from straight lines; generated ones have the times of real
    ones, and lack the same observations.

    Attributes:
        kernel: Of paths, see `nde.losses.signature_mmd`.
        unbiased: Whether the kernel of a series with itself is left out.
        basepoint: Whether each path begins at zero, from where it steps to its first row. Signatures are made of
            increments: without it nothing is learned of where series begin.
        time_scale: What the time of a path is multiplied by: a span of about one is wanted, for a longer one outweighs
            the channels.

    Source: Issa, Horvath, Lemercier and Salvi, *Non-adversarial training of neural SDEs with signature kernel scores*
    (2023), doi:10.48550/arXiv.2305.16274.

    Example:
        ```python
        import jax
        import nde
        from nde.data import pad
        from nde.models import NeuralSDEGenerator, SignatureMMDLoss

        batch = pad(nde.TimeSeries.from_arrays([[0.0, 0.3, -0.2], [0.1, 0.0]]))
        generator = NeuralSDEGenerator(output_size=1, hidden_size=4, noise_size=2, key=jax.random.key(0))
        print(SignatureMMDLoss()(generator, batch, jax.random.key(1)))
        ```
    """

    kernel: Callable[[Array, Array], Array] = eqx.field(default=signature_kernel, static=True)
    unbiased: bool = eqx.field(default=True, static=True)
    basepoint: bool = eqx.field(default=True, static=True)
    time_scale: float = eqx.field(default=1.0, static=True)

    @compiled(solves=True)
    def __call__(self, model: _Generator, batch: Batch, key: PRNGKeyArray) -> Float[Array, ""]:
        """The loss of a batch.

        Args:
            model: A `NeuralSDEGenerator`, or another with such `samples`.
            batch: Real series.
            key: Of the generated ones.
        """
        made = observed_alike(batch, model.samples(batch.ts, jax.random.split(key, batch.ts.shape[0])))
        real, generated = (jax.vmap(self._path)(batch.ts, ys, batch.lengths) for ys in (batch.ys, made))
        return signature_mmd(
            generated,
            real,
            kernel=self.kernel,
            unbiased=self.unbiased,
            x_weights=batch.weights,
            y_weights=batch.weights,
        )

    def _path(
        self, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""]
    ) -> Float[Array, "knots channels_and_time"]:
        """Time and channels, as the kernel sees them."""
        path = observed_path(ts, ys, length)
        path = path.at[:, 0].multiply(self.time_scale)
        return jnp.concatenate([path[:1].at[:, 1:].set(0.0), path]) if self.basepoint else path
