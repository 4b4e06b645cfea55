"""The training loss of latent SDEs."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.compiled import compiled
from nde.data import Batch
from nde.models.latent_sde.latent_sde import LatentSDE
from nde.train import AnnealedBatch


@dataclasses.dataclass(frozen=True)
class ELBO:
    """The negative evidence lower bound as a loss for `nde.train.fit`, averaged over the series of a batch.

    With batches from `nde.train.Annealed`, the KL divergences are multiplied by the weight of the batch.

    Attributes:
        weight: The weight of the KL divergences, in addition to that of the batch. Above 1 it pulls prior and posterior
            together at the cost of the likelihood.

    Example:
        ```python
        import jax
        import numpy as np
        import nde
        from nde.data import Loader
        from nde.models import ELBO, LatentSDE
        from nde.train import Annealed, fit

        panel = nde.TimeSeries.from_arrays(np.random.default_rng(0).normal(size=(8, 4, 1)), np.linspace(0.0, 1.0, 4))
        model = LatentSDE(1, 2, 4, context_size=4, width=4, depth=1, key=jax.random.key(0))
        print(fit(model, ELBO(), Annealed(Loader(panel, 4), steps=2), steps=3, key=jax.random.key(1)).history.loss)
        ```
    """

    weight: float = 1.0

    @compiled(solves=True)
    def __call__(
        self, model: LatentSDE, batch: Batch | AnnealedBatch, key: PRNGKeyArray
    ) -> tuple[Float[Array, ""], dict[str, Float[Array, ""]]]:
        """Compute the loss and its terms.

        Args:
            model: The model.
            batch: A batch of `nde.data.Loader`, or of `nde.train.Annealed` around it.
            key: A key of `jax.random` for the paths.

        Returns:
            The loss, and the means over the series of `log_likelihood`, `kl_path` and `kl_initial`.
        """
        annealed = isinstance(batch, AnnealedBatch)
        series: Batch = batch.batch if annealed else batch
        terms = model.bounds(series.ts, series.ys, series.lengths, key)
        share = series.weights / jnp.sum(series.weights)
        mean = jax.tree.map(lambda term: jnp.sum(jnp.where(share > 0, share * term, 0.0)), terms)
        weight = self.weight * batch.weight if annealed else self.weight
        metrics = {name: getattr(mean, name) for name in ("log_likelihood", "kl_path", "kl_initial")}
        return -mean.elbo(weight), metrics
