"""The optimizer of a GAN, whose generator and discriminator pull the same loss in opposite directions."""

from collections.abc import Hashable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, PyTree

from nde.train.optimizer import with_standard_promotion


def adversarial(
    generator: optax.GradientTransformation | None = None,
    discriminator: optax.GradientTransformation | None = None,
    *,
    initial: tuple[float, float] = (1.0, 1.0),
    clip: bool = True,
) -> optax.GradientTransformation:
    """Optimizer for a GAN: the generator descends and the discriminator ascends on the gradient of the same loss.

    Args:
        generator: An Optax optimizer that minimizes, by default `optax.adadelta(1.0)`.
        discriminator: The same for the discriminator; it gets the negative gradient.
        initial: Factors for the updates of the networks of the initial state, `generator.initial` and
            `discriminator.initial`: their learning rates relative to those of the other networks.
        clip: Whether to clip the discriminator's weights after each step, see `project_weights`.

    Returns:
        The transformation, for models with parts `generator` and `discriminator` such as `nde.models.SDEGAN`.

    Source: Kidger, Foster, Li and Lyons, *Efficient and accurate gradients for neural SDEs* (2021), section 5,
    doi:10.48550/arXiv.2105.13493.

    Example:
        ```python
        import jax, optax
        from nde.models import SDEGAN
        from nde.train import adversarial

        gan = SDEGAN(input_size=1, hidden_size=4, noise_size=2, key=jax.random.key(0))
        optimizer = adversarial(optax.adam(1e-3), optax.adam(3e-3), initial=(5.0, 5.0))
        ```
    """
    down = optax.adadelta(1.0) if generator is None else generator
    up = optax.chain(optax.scale(-1.0), optax.adadelta(1.0) if discriminator is None else discriminator)
    projection = project_weights() if clip else optax.identity()
    players: dict[Hashable, optax.GradientTransformation] = {
        "generator": down,
        "generator.initial": optax.chain(down, optax.scale(initial[0])),
        "discriminator": optax.chain(up, projection),
        "discriminator.initial": optax.chain(up, optax.scale(initial[1]), projection),
    }
    return with_standard_promotion(optax.partition(players, _players))


def project_weights() -> optax.GradientTransformation:
    """Optimizer transformation that clips the entries of each matrix to at most one over the number of its columns.

    Then `|A x| <= |x|` in the maximum norm, so a network of such matrices is 1-Lipschitz if its activations are. Use
    the transformation last in a chain: it changes an update `u` of weights `p` to `clip(p + u) - p`. Vectors, such as
    biases, are not clipped.

    Returns:
        The transformation, whose `update` needs the weights.

    Source: Kidger, Foster, Li and Lyons, *Efficient and accurate gradients for neural SDEs* (2021), section 5,
    doi:10.48550/arXiv.2105.13493.

    Example:
        ```python
        import jax.numpy as jnp, optax
        from nde.train import project_weights

        optimizer, weights = optax.chain(optax.sgd(1.0), project_weights()), jnp.zeros((3, 2))
        updates, _ = optimizer.update(-jnp.ones((3, 2)), optimizer.init(weights), weights)
        print(optax.apply_updates(weights, updates))
        ```
    """

    def update(updates: PyTree[Any], state: Any, params: PyTree[Any] | None = None) -> tuple[PyTree[Any], Any]:
        if params is None:
            raise ValueError("`project_weights` needs the weights. Call `update(updates, state, weights)`.")
        return jax.tree.map(_project, updates, params), state

    return optax.GradientTransformation(optax.init_empty_state, update)


def _players(weights: PyTree[Any]) -> PyTree[Any]:
    """Label each weight with its player, and with whether it belongs to the network of the initial state.

    Raises:
        ValueError: If a weight belongs to neither player.
    """

    def player(path: Any, weight: Any) -> str:
        del weight
        first, second = (*(_name_of(part) for part in path[:2]), "", "")[:2]
        if first not in {"generator", "discriminator"}:
            raise ValueError(
                "`adversarial` needs a model whose weights are all in its parts `generator` and `discriminator`, like "
                f"`nde.models.SDEGAN`; got the weights {jax.tree_util.keystr(path)}."
            )
        return f"{first}.initial" if second == "initial" else first

    return jax.tree_util.tree_map_with_path(player, weights)


def _name_of(part: Any) -> str:
    """Return the name of an attribute or the key of an entry."""
    return str(getattr(part, "name", getattr(part, "key", "")))


def _project(update: Array, weight: Array) -> Array:
    if weight.ndim != 2:
        return update
    bound = 1 / weight.shape[1]
    return jnp.clip(weight + update, -bound, bound) - weight
