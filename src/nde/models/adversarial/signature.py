"""Train a generator without a discriminator, by the signature kernel."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from nde.core.compiled import compiled
from nde.data import Batch
from nde.losses import signature_kernel, signature_mmd
from nde.models.adversarial.observations import mask_like, observed_path


@runtime_checkable
class _Generator(Protocol):
    def samples(self, ts: Array, keys: Array) -> Array: ...


class SignatureMMDLoss(eqx.Module):
    """The signature-kernel MMD between generated and real series, as a loss for `nde.train.fit`.

    Series are paths of time and channels, with missing values interpolated linearly. Generated series have the times
    and the missing values of real ones.

    Attributes:
        kernel: A kernel of paths, see `nde.losses.signature_mmd`.
        unbiased: Whether to omit the kernel of a series with itself, for an unbiased estimate.
        basepoint: Whether each path starts at zero, with a step to its first row. Signatures depend only on increments,
            so without a basepoint the loss ignores where series start.
        time_scale: Factor of the time of a path. The time span should be about one: a longer one outweighs the
            channels.

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
        """Compute the loss of a batch.

        Args:
            model: A `NeuralSDEGenerator`, or another model with such a method `samples`.
            batch: Real series.
            key: A key of `jax.random` for the generated series.
        """
        samples = mask_like(batch, model.samples(batch.ts, jax.random.split(key, batch.ts.shape[0])))
        real, generated = (jax.vmap(self._path)(batch.ts, ys, batch.lengths) for ys in (batch.ys, samples))
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
        """Return the path of time and channels that the kernel compares."""
        path = observed_path(ts, ys, length)
        path = path.at[:, 0].multiply(self.time_scale)
        return jnp.concatenate([path[:1].at[:, 1:].set(0.0), path]) if self.basepoint else path
