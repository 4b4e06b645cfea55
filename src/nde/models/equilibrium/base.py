"""The base class of models around a deep equilibrium layer."""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.compiled import compiled
from nde.implicit import Anderson, ImplicitGradient, IterativeSolution, LinearFixedPoint
from nde.implicit.gradients import AbstractFixedPointGradient
from nde.models.equilibrium.deq import DEQ
from nde.roots.iteration import AbstractIterativeSolver

Activation = Callable[[Array], Array]

SOLVER: AbstractIterativeSolver = Anderson()
GRADIENT: AbstractFixedPointGradient = ImplicitGradient(LinearFixedPoint())
"""By iteration: the maps of these models contract."""


class AbstractEquilibriumModel(eqx.Module):
    """Base class of models with an equilibrium: `u = inject(x)`, `z = f(z, u)`, `y = read(z)`.

    A model takes a single input, or with `batched=True` many.

    Example:
        ```python
        from nde.models import AbstractEquilibriumModel, VectorDEQ

        assert issubclass(VectorDEQ, AbstractEquilibriumModel)
        ```
    """

    layer: eqx.AbstractVar[DEQ]
    dropout: eqx.AbstractVar[float]

    @abc.abstractmethod
    def inject(self, x: Float[Array, "..."]) -> Float[Array, "..."]:
        """Return what the input adds in each iteration.

        Raises:
            ValueError: If the input is not of the model's size.
        """

    @abc.abstractmethod
    def read(self, z: Float[Array, "..."]) -> Float[Array, "..."]:
        """Return the output for an equilibrium."""

    @compiled(solves=True)
    def __call__(
        self,
        x: Float[Array, "..."],
        z0: Float[Array, "..."] | None = None,
        *,
        key: PRNGKeyArray | None = None,
        batched: bool = False,
    ) -> Float[Array, "..."]:
        """Return the output.

        Args:
            x: The input.
            z0: Where the solver begins, such as the equilibrium of a similar input (a warm start).
            key: A `jax.random` key for dropout, in training; without it there is none.
            batched: Whether the first axis of `x` and `z0` counts members of a batch.

        Raises:
            ValueError: If the input is not of the model's size.
            SolveError: If the solve fails.
        """
        return self.output(self.solve(x, z0, batched=batched).value, key=key, batched=batched)

    @compiled(solves=True)
    def solve(
        self, x: Float[Array, "..."], z0: Float[Array, "..."] | None = None, *, batched: bool = False
    ) -> IterativeSolution:
        """Return the equilibrium, `value`, with its result code, the number of steps and the residual.

        Args:
            x: The input.
            z0: Where the solver begins.
            batched: As in `__call__`.

        Raises:
            ValueError: If the input is not of the model's size.
            SolveError: If the solve fails.
        """
        inject = jax.vmap(self.inject) if batched else self.inject
        return self.layer.solve(inject(x), z0, batched=batched)

    def output(
        self, z: Float[Array, "..."], *, key: PRNGKeyArray | None = None, batched: bool = False
    ) -> Float[Array, "..."]:
        """Return the output for an equilibrium that `solve` found.

        Args:
            z: The equilibrium.
            key: A key for dropout.
            batched: As in `__call__`.
        """
        if key is not None and self.dropout > 0:
            kept = jax.random.bernoulli(key, 1 - self.dropout, z.shape)
            z = jnp.where(kept, z / (1 - self.dropout), jnp.zeros_like(z))
        return jax.vmap(self.read)(z) if batched else self.read(z)

    def step(self, z: Float[Array, "..."], x: Float[Array, "..."]) -> Float[Array, "..."]:
        """Apply the map once, for `jacobian_regularization` and `spectral_radius`.

        Args:
            z: The state.
            x: The input.
        """
        return self.layer.step(z, self.inject(x))


def check_sizes(place: str, **sizes: Any) -> None:
    """Whether all sizes are positive whole numbers.

    Raises:
        ValueError: If one is not.
    """
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"`{place}` got {name}={size!r}; expected a whole number of at least 1.")


def checked_dropout(place: str, dropout: float) -> float:
    """The probability of dropout.

    Raises:
        ValueError: If it is not in [0, 1).
    """
    if not 0 <= dropout < 1:
        raise ValueError(f"`{place}` got dropout={dropout!r}; expected a probability of at least 0 and below 1.")
    return float(dropout)


def check_input(place: str, x: Array, size_name: str, shape: tuple[int | str, ...]) -> None:
    """Whether an input is of a model's size.

    Args:
        place: The model.
        x: The input.
        size_name: The argument that sets the size.
        shape: The expected shape, with the names of axes of any length.

    Raises:
        ValueError: If it is not.
    """
    if len(x.shape) == len(shape) and all(n == m for n, m in zip(x.shape, shape, strict=True) if isinstance(m, int)):
        return
    size = next(n for n in shape if isinstance(n, int))
    wanted = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
    raise ValueError(
        f"`{place}` got an input of shape {x.shape}; it was created with {size_name}={size} and takes a single input "
        f"of shape {wanted}. Pass `batched=True` for a batch."
    )
