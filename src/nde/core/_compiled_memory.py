"""How much memory a compiled program takes."""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jaxtyping import PyTree


def compiled_memory(fn: Callable[..., Any], *args: Any) -> int:
    """Measure the temporary memory, in bytes, of a compiled function.

    That is what the program holds besides its arguments and results, as the compiler states it: for a gradient mostly
    what is kept of the forward pass. Compiles the function and does not run it.

    Args:
        fn: A function of pytrees, such as `jax.grad(loss)`.
        *args: Its arguments; of arrays only shapes and dtypes count.

    Returns:
        Bytes.

    Raises:
        TypeError: If `fn` is not a function.
        RuntimeError: If the backend does not state it.

    Example:
        ```python
        import jax
        import nde

        def loss(y0):
            term = nde.ODETerm(lambda t, y, args: -y)
            sol = nde.diffeqsolve(term, nde.ReversibleHeun(), 0.0, 1.0, 0.01, y0, adjoint=nde.ReversibleAdjoint())
            return sol.ys[0].sum()

        print(nde.compiled_memory(jax.grad(loss), jax.numpy.ones(1000)))
        ```
    """
    if not callable(fn):
        raise TypeError(f"`compiled_memory` got a {type(fn).__name__}; expected a function, followed by its arguments.")
    arrays, rest = eqx.partition(args, eqx.is_array)

    def program(arrays: PyTree) -> PyTree:
        return eqx.filter(fn(*eqx.combine(arrays, rest)), eqx.is_array)

    account = jax.jit(program).lower(arrays).compile().memory_analysis()
    if account is None:
        raise RuntimeError(f"The backend {jax.default_backend()!r} does not state how much memory a program takes.")
    return int(account.temp_size_in_bytes)


def memory(fn: Callable[..., Any], *args: Any) -> int:
    """Measure the temporary memory of a compiled function; the former name of `compiled_memory`.

    Deprecated: it will go with the next release. The first call warns.

    Args:
        fn: A function of pytrees.
        *args: Its arguments.

    Returns:
        Bytes.

    Example:
        ```python
        import warnings

        import jax
        import nde

        warnings.simplefilter("ignore")
        assert nde.memory(jax.numpy.sin, jax.numpy.ones(3)) == nde.compiled_memory(jax.numpy.sin, jax.numpy.ones(3))
        ```
    """
    _warn_of_former_name()
    return compiled_memory(fn, *args)


@functools.cache
def _warn_of_former_name() -> None:
    """Warns once."""
    warnings.warn("`nde.memory` is deprecated; use `nde.compiled_memory`.", DeprecationWarning, stacklevel=3)
