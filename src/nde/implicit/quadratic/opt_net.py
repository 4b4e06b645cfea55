"""A layer that solves a quadratic program with learned data."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from nde.implicit.quadratic._quadratic_program import quadratic_program
from nde.implicit.quadratic.solution import QuadraticSolution

Vector = Float[Array, " variables"]


class OptNet(eqx.Module):
    r"""A layer whose output solves a quadratic program; its costs and constraints are learned.

    $$\min_x \tfrac12 x^\top P x - u^\top x \quad\text{with}\quad A x = A c,\; G x \le G c + s,\; \ell \le x \le r$$

    The input `u` is what the output is drawn to: without constraints and with `P` the identity, the layer returns its
    input. `P = diag(d) + F F'` has positive `d`, and `s` is positive. The point `c` lies within the bounds, so that
    there always is a solution. Write it for one sample, and use `jax.vmap` for a batch.

    With bounds alone, and `rank=0`, a step of the solver factors a matrix of equalities by equalities only.

    Args:
        variables: How many variables the program has: the length of the input and of the output.
        equalities: How many equality constraints are learned.
        inequalities: How many inequality constraints are learned.
        rank: How many columns `F` has; 0 keeps `P` diagonal.
        diagonal: The diagonal of `P` before training.
        lower: A lower bound of all variables; None for none.
        upper: An upper bound of all variables; None for none.
        tol: As for `quadratic_program`; it also limits the accuracy of gradients.
        max_steps: As for `quadratic_program`.
        throw: Whether a program that is not solved to `tol` raises.
        key: A `jax.random` key for the constraints.

    Attributes:
        log_diagonal: The logarithm of `d`.
        factor: `F`, of shape `(variables, rank)`; None without.
        A: Equality constraints, `(equalities, variables)`; None without.
        G: Inequality constraints, `(inequalities, variables)`; None without.
        log_slack: The logarithm of `s`, `(inequalities,)`; None without.
        free_point: The point `c` before it is mapped to where the bounds hold.

    Source: Amos and Kolter, *OptNet: Differentiable Optimization as a Layer in Neural Networks* (2017),
    doi:10.48550/arXiv.1703.00443.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        layer = nde.implicit.OptNet(6, equalities=2, lower=0.0, key=jax.random.key(0))
        batch = jax.random.normal(jax.random.key(1), (16, 6))
        x = jax.vmap(layer)(batch)
        print(x.shape, jnp.min(x))
        ```
    """

    log_diagonal: Vector
    factor: Float[Array, "variables rank"] | None
    A: Float[Array, "equalities variables"] | None
    G: Float[Array, "inequalities variables"] | None
    log_slack: Float[Array, " inequalities"] | None
    free_point: Vector
    lower: float | None = eqx.field(static=True)
    upper: float | None = eqx.field(static=True)
    tol: float | None = eqx.field(static=True)
    max_steps: int = eqx.field(static=True)
    throw: bool = eqx.field(static=True)

    def __init__(
        self,
        variables: int,
        *,
        equalities: int = 0,
        inequalities: int = 0,
        rank: int = 0,
        diagonal: float = 1.0,
        lower: float | None = None,
        upper: float | None = None,
        tol: float | None = None,
        max_steps: int = 50,
        throw: bool = True,
        key: PRNGKeyArray,
    ) -> None:
        _check_sizes(variables=variables, equalities=equalities, inequalities=inequalities, rank=rank)
        _check_numbers(diagonal, lower, upper)
        of_A, of_G, of_factor = jax.random.split(key, 3)
        self.A = _rows(equalities, variables, of_A)
        self.G = _rows(inequalities, variables, of_G)
        self.log_slack = jnp.zeros(inequalities) if inequalities else None
        columns = _rows(rank, variables, of_factor)
        self.factor = None if columns is None else columns.T
        self.log_diagonal = jnp.full(variables, jnp.log(diagonal))
        self.free_point = jnp.zeros(variables)
        self.lower, self.upper = lower, upper
        self.tol, self.max_steps, self.throw = tol, max_steps, throw

    def __call__(self, u: Any, point: Any = None, *, key: PRNGKeyArray | None = None) -> Vector:
        """The solution of the program.

        Args:
            u: The input, `(variables,)`.
            point: The point `c` in place of the learned one, `(variables,)`: as a function of the input it makes
                right-hand sides depend on it.
            key: Not used; `eqx.nn.Sequential` passes one.

        Raises:
            ValueError: If shapes do not fit.
            SolveError: If the program is not solved, and the layer has `throw=True`.
        """
        del key
        return self.solve(u, point).value

    def solve(self, u: Any, point: Any = None) -> QuadraticSolution:
        """The solution with its multipliers, result and statistics.

        Args:
            u: As for a call.
            point: As for a call.

        Raises:
            ValueError: If shapes do not fit.
            SolveError: If the program is not solved, and the layer has `throw=True`.
        """
        u = self._vector("u", u)
        point = self.point if point is None else self._vector("point", point)
        b = None if self.A is None else self.A @ point
        h = None if self.G is None or self.log_slack is None else self.G @ point + jnp.exp(self.log_slack)
        return quadratic_program(
            self.curvature,
            -u,
            self.A,
            b,
            self.G,
            h,
            lower=self.lower,
            upper=self.upper,
            tol=self.tol,
            max_steps=self.max_steps,
            throw=self.throw,
        )

    @property
    def curvature(self) -> Float[Array, "*rows variables"]:
        """The matrix `P`, or its diagonal without `rank`."""
        diagonal = jnp.exp(self.log_diagonal)
        return diagonal if self.factor is None else jnp.diag(diagonal) + self.factor @ self.factor.T

    @property
    def point(self) -> Vector:
        """A point where all constraints hold."""
        if self.lower is not None and self.upper is not None:
            return self.lower + (self.upper - self.lower) * jax.nn.sigmoid(self.free_point)
        if self.lower is not None:
            return self.lower + jnp.exp(self.free_point)
        return self.free_point if self.upper is None else self.upper - jnp.exp(self.free_point)

    def _vector(self, name: str, x: Any) -> Vector:
        x, shape = jnp.asarray(x), self.free_point.shape
        if x.shape != shape:
            raise ValueError(f"`OptNet` got `{name}` of shape {x.shape}; expected {shape}. Use `jax.vmap` for a batch.")
        return x.astype(self.free_point.dtype) if not jnp.issubdtype(x.dtype, jnp.floating) else x


def _rows(count: int, variables: int, key: PRNGKeyArray) -> Float[Array, "rows variables"] | None:
    """Random rows with a norm of about one."""
    return jax.random.normal(key, (count, variables)) / variables**0.5 if count else None


def _check_sizes(**sizes: Any) -> None:
    for name, size in sizes.items():
        least = int(name == "variables")
        if isinstance(size, bool) or not isinstance(size, int) or size < least:
            raise ValueError(f"`OptNet` got `{name}={size!r}`; expected a whole number, at least {least}.")


def _check_numbers(diagonal: float, lower: float | None, upper: float | None) -> None:
    if not diagonal > 0:
        raise ValueError(f"`OptNet` got `diagonal={diagonal}`; expected a positive number.")
    if lower is not None and upper is not None and not lower < upper:
        raise ValueError(f"`OptNet` got `lower={lower}` and `upper={upper}`; expected `lower < upper`.")
