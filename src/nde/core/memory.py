"""How much memory a compiled program takes."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jaxtyping import PyTree


def memory(fn: Callable[..., Any], *args: Any) -> int:
    """The temporary bytes that a function takes when it is compiled, by the compiler's own account.

    They are what the program holds besides its arguments and results: for a gradient what was kept of the forward pass,
    above all. Compiles the function and does not run it.

    Args:
        fn: A function of pytrees, such as `jax.grad(loss)`.
        *args: What it is called with; of arrays only shapes and dtypes count.

    Returns:
        Bytes.

    Raises:
        TypeError: If `fn` is no function.
        RuntimeError: If the backend keeps no such account.

    Example:
        ```python
        import jax
        import nde

        def loss(y0):
            term = nde.ODETerm(lambda t, y, args: -y)
            sol = nde.diffeqsolve(term, nde.ReversibleHeun(), 0.0, 1.0, 0.01, y0, adjoint=nde.ReversibleAdjoint())
            return sol.ys[0].sum()

        print(nde.memory(jax.grad(loss), jax.numpy.ones(1000)))
        ```
    """
    if not callable(fn):
        raise TypeError(f"`memory` got a {type(fn).__name__}; it wants a function and what it is called with.")
    arrays, rest = eqx.partition(args, eqx.is_array)

    def program(arrays: PyTree) -> PyTree:
        return eqx.filter(fn(*eqx.combine(arrays, rest)), eqx.is_array)

    account = jax.jit(program).lower(arrays).compile().memory_analysis()
    if account is None:
        raise RuntimeError(f"The backend {jax.default_backend()!r} does not tell how much memory a program takes.")
    return int(account.temp_size_in_bytes)
