"""Names for the arguments that every floor hands on."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

Y: TypeAlias = PyTree[Any]
"""The state of a differential equation: any pytree of real or complex floating arrays."""

Args: TypeAlias = PyTree[Any]
"""Whatever the user hands to the vector field."""

RealScalar: TypeAlias = float | int | np.floating | np.integer | Array
"""A real number: a number of Python's or NumPy's, or an array of shape ``()``."""

Times: TypeAlias = Array | np.ndarray | Sequence[RealScalar]
"""Times as a user gives them, of shape ``(times,)``."""

Time: TypeAlias = Float[Array, ""]
BoolScalar: TypeAlias = Bool[Array, ""]
IntScalar: TypeAlias = Int[Array, ""]

Tolerance: TypeAlias = PyTree[Any]
"""A tolerance: a number, an array that broadcasts to the leaves of a state, or a pytree of these, a prefix of it."""

Norm: TypeAlias = Callable[[PyTree[Any]], RealScalar]
VectorField: TypeAlias = Callable[[Any, Any, Any], PyTree[Any]]
