"""Tableaus of Rosenbrock methods."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from nde.solvers.tableau import Row, row_of, rows_of


@dataclasses.dataclass(frozen=True, init=False)
class RosenbrockTableau:
    r"""The coefficients of a Rosenbrock method of `s` stages.

    With $J = \partial f / \partial y$ at the start of the step, its stages are

    $$
    \Big(\frac{1}{\gamma} - h J\Big) u_i
        = h f\Big(t + \alpha_i h, y + \sum_{j < i} a_{ij} u_j\Big) + \sum_{j < i} c_{ij} u_j
        + \gamma_i h^2 \frac{\partial f}{\partial t},
    $$

    the state at the end of the step is $y + \sum_i m_i u_i$, its error estimate $\sum_i e_i u_i$, and the state at a
    fraction $x$ of the step $y + \sum_i b_i(x) u_i$ with $b_i(x) = \sum_d B_{id} x^{d + 1}$.

    Attributes:
        gamma: `γ`.
        alpha: Nodes `α_i` of the stages.
        gamma_i: Weights `γ_i` of the derivative with respect to time.
        a: For each of the stages 2 to s its weights of the stages before, inside of the vector field.
        c: The same outside of it.
        m: Weights of the step.
        e: Weights of the error estimate (those of the step less those of the embedded method), or `None`.
        interpolant: For each stage the coefficients `B` of `x, x^2, ...` in its weight.

    Raises:
        ValueError: If the lengths do not fit together, or the interpolant does not end in the step.

    Source: Hairer and Wanner, *Solving ordinary differential equations II* (1996), section IV.7,
    doi:10.1007/978-3-642-05221-7.

    Example:
        ```python
        import nde

        linearly_implicit_euler = nde.RosenbrockTableau(
            gamma=1.0, alpha=[0.0], gamma_i=[1.0], a=[], c=[], m=[1.0], interpolant=[[1.0]]
        )
        solver = nde.Rosenbrock(linearly_implicit_euler, order=1)
        print(nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -1e6 * y), solver, 0.0, 1.0, 0.1, 1.0).ys)
        ```
    """

    gamma: float
    alpha: Row
    gamma_i: Row
    a: tuple[Row, ...]
    c: tuple[Row, ...]
    m: Row
    e: Row | None
    interpolant: tuple[Row, ...]

    def __init__(
        self,
        *,
        gamma: float,
        alpha: Iterable[Any],
        gamma_i: Iterable[Any],
        a: Iterable[Iterable[Any]],
        c: Iterable[Iterable[Any]],
        m: Iterable[Any],
        interpolant: Iterable[Iterable[Any]],
        e: Iterable[Any] | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "gamma", float(gamma))
        put(self, "alpha", row_of(alpha))
        put(self, "gamma_i", row_of(gamma_i))
        put(self, "a", rows_of(a))
        put(self, "c", rows_of(c))
        put(self, "m", row_of(m))
        put(self, "e", None if e is None else row_of(e))
        put(self, "interpolant", rows_of(interpolant))
        self._check()

    @property
    def stages(self) -> int:
        """The number of stages."""
        return len(self.alpha)

    def _check(self) -> None:
        stages = self.stages
        below = list(range(1, stages))
        if stages == 0 or [len(row) for row in self.a] != below or [len(row) for row in self.c] != below:
            raise ValueError(
                f"A tableau of {stages} stages needs rows of {below} weights in `a` and `c`; got "
                f"{[len(row) for row in self.a]} and {[len(row) for row in self.c]}."
            )
        rows = {"gamma_i": self.gamma_i, "m": self.m, "interpolant": self.interpolant, "e": self.e}
        for name, row in rows.items():
            if row is not None and len(row) != stages:
                raise ValueError(f"A tableau of {stages} stages needs as many entries in `{name}`; got {len(row)}.")
        for weight, row in zip(self.m, self.interpolant, strict=True):
            if abs(sum(row) - weight) > 1e-10 * (1 + sum(map(abs, row))):
                raise ValueError(f"The interpolant has the weight {sum(row)} at the end of the step; `m` has {weight}.")


def bent(m: Row, bends: Iterable[Iterable[float]]) -> tuple[Row, ...]:
    r"""The interpolant $x \sum_i m_i u_i + x (1 - x) \sum_d x^d \sum_i H_{di} u_i$.

    Args:
        m: Weights of the step.
        bends: The rows of $H$.
    """
    rows = tuple(tuple(row) for row in bends)
    columns = zip(m, *rows, strict=True)
    return tuple(_powers(weight, bend) for weight, *bend in columns)


def _powers(weight: float, bend: Iterable[float]) -> Row:
    """The coefficients of `x, x^2, ...` in `weight x + x (1 - x) (bend_0 + bend_1 x + ...)`."""
    bend = tuple(bend)
    rising, falling = (*bend, 0.0), (0.0, *bend)
    first, *rest = (up - down for up, down in zip(rising, falling, strict=True))
    return (weight + first, *rest)
