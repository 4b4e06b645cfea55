"""Running integrals of a series, as channels more."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from nde.core.compiled import compiled


@compiled()
def with_integrals(ts: Real[Array, "..."], ys: Float[Array, "..."]) -> Float[Array, "times twice"]:
    """Append to the channels of a series the integral over time of each of them.

    A controlled differential equation sees the increments of its control. What a channel *was* over time, its mean for
    one, it has to build of them by itself; with the integral as a channel it is driven by `x dt` beside `dx`, and a
    linear vector field knows the mean.

    Args:
        ts: Increasing times of shape `(times,)`.
        ys: The series at these times, of shape `(times, channels)`, without gaps: fill them first, with
            `linear_interpolation`.

    Returns:
        The series of shape `(times, 2 channels)`; the integrals are those of straight lines, and begin at zero.

    Raises:
        ValueError: If times and series do not fit together.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        print(nde.with_integrals(jnp.array([0.0, 1.0, 3.0]), jnp.array([[2.0], [4.0], [0.0]])))
        ```
    """
    if ys.ndim != 2 or ts.shape != ys.shape[:1]:
        raise ValueError(
            f"`with_integrals` got times of shape {ts.shape} and a series of shape {ys.shape}; expected `(times,)` and "
            "`(times, channels)`. Use `jax.vmap` for a batch of series."
        )
    areas = jnp.diff(ts)[:, None] * (ys[1:] + ys[:-1]) / 2
    integrals = jnp.concatenate([jnp.zeros_like(ys[:1]), jnp.cumsum(areas, axis=0)])
    return jnp.concatenate([ys, integrals], axis=1)
