"""Small symmetric systems, one for each member of a batch, by Cholesky factorization written out."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def cholesky_solve(
    a: Float[Array, "members size size"], b: Float[Array, "members size"]
) -> Float[Array, "members size"]:
    """The solution of `a x = b` for positive definite `a`; the lower triangle is read.

    Every operation is one on all members, and the whole is one kernel: a call of LAPACK for each costs more than such a
    system does.
    """
    size = b.shape[1]
    factor: list[list[Array]] = []
    for i in range(size):
        row: list[Array] = []
        for j in range(i):
            row.append((a[:, i, j] - _inner(row, factor[j][:j])) / factor[j][j])
        tiny = jnp.finfo(b.dtype).tiny
        factor.append([*row, jnp.sqrt(jnp.maximum(a[:, i, i] - _inner(row, row), tiny))])
    forward: list[Array] = []
    for i in range(size):
        forward.append((b[:, i] - _inner(factor[i][:i], forward)) / factor[i][i])
    x: list[Array] = []
    for i in reversed(range(size)):
        below = [factor[k][i] for k in reversed(range(i + 1, size))]
        x.append((forward[i] - _inner(below, x)) / factor[i][i])
    return jnp.stack(x[::-1], axis=1)


def _inner(u: list[Array], v: list[Array]) -> Array | float:
    return sum((p * q for p, q in zip(u, v, strict=True)), 0.0)
