"""The optimizer of two players, of whom one wants a loss small and the other wants it large."""

from collections.abc import Hashable
from typing import Any

import jax
import optax
from jaxtyping import PyTree

from nde.train.projection import project_weights
from nde.train.promotion import promoting


def adversarial(
    generator: optax.GradientTransformation | None = None,
    discriminator: optax.GradientTransformation | None = None,
    *,
    initial: tuple[float, float] = (1.0, 1.0),
    clip: bool = True,
) -> optax.GradientTransformation:
    """Lets the generator of a model descend and its discriminator ascend, on the same gradient of the same loss.

    Args:
        generator: Of Optax, for a loss that is to fall; by default `optax.adadelta(1.0)`.
        discriminator: The same, for the other; it is given the negative gradient.
        initial: By what the steps of the networks of the first state, `generator.initial` and `discriminator.initial`,
            are multiplied: their learning rates as multiples of those of the rest.
        clip: Whether after each step the discriminator's matrices are clipped to at most one by the number of their
            columns, see `project_weights`.

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
    kept = project_weights() if clip else optax.identity()
    players: dict[Hashable, optax.GradientTransformation] = {
        "generator": down,
        "generator.initial": optax.chain(down, optax.scale(initial[0])),
        "discriminator": optax.chain(up, kept),
        "discriminator.initial": optax.chain(up, optax.scale(initial[1]), kept),
    }
    return promoting(optax.partition(players, _players))


def _players(weights: PyTree[Any]) -> PyTree[Any]:
    """For each weight whose it is, and whether it is one of the network of the first state.

    Raises:
        ValueError: If it is nobody's.
    """

    def player(path: Any, weight: Any) -> str:
        del weight
        first, second = (*(_name_of(part) for part in path[:2]), "", "")[:2]
        if first not in {"generator", "discriminator"}:
            raise ValueError(
                f"Got a model with the weights {jax.tree_util.keystr(path)}; `adversarial` wants all of them in the "
                "parts `generator` and `discriminator`, as those of `nde.models.SDEGAN` are."
            )
        return f"{first}.initial" if second == "initial" else first

    return jax.tree_util.tree_map_with_path(player, weights)


def _name_of(part: Any) -> str:
    """The name of an attribute or the key of an entry."""
    return str(getattr(part, "name", getattr(part, "key", "")))
