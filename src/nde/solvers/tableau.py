"""Butcher tableaus: an explicit Runge-Kutta method is data."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Row = tuple[float, ...]


def row_of(values: Iterable[Any]) -> Row:
    """Coefficients as floating-point numbers."""
    return tuple(float(v) for v in values)


def rows_of(rows: Iterable[Iterable[Any]]) -> tuple[Row, ...]:
    """Rows of coefficients, likewise."""
    return tuple(row_of(r) for r in rows)


@dataclasses.dataclass(frozen=True, init=False)
class ButcherTableau:
    """The coefficients of an explicit Runge-Kutta method of `s` stages.

    With `k_1 = f(t, y)` and `k_i = f(t + c_i h, y + h sum_j a_ij k_j)`, a step is `y + h sum_i b_i k_i`, its error
    estimate `h sum_i e_i k_i`, and its value at a fraction `x` of the step `y + h sum_i b_i(x) k_i`, where
    `b_i(x) = sum_d interpolant[i][d] x^(d + 1)` and the sum may run over further stages that are only computed when a
    value inside a step is asked for. Without an interpolant, cubic Hermite interpolation is used.

    Attributes:
        c: Nodes of the stages 2 to s.
        a_lower: For each of the stages 2 to s its weights of the stages before.
        b_sol: Weights of the step, of length s.
        b_error: Weights of the error estimate (those of the step less those of the embedded method), or `None`.
        c_extra: Nodes of further stages for values inside a step.
        a_extra: For each of these its weights of all stages before.
        interpolant: For each stage, further ones included, the coefficients of `x, x^2, ...` in its weight.

    Raises:
        ValueError: Lengths that do not fit together, or rows that do not sum to their nodes.

    Example:
        ```python
        import nde

        ralston = nde.ButcherTableau(c=[2 / 3], a_lower=[[2 / 3]], b_sol=[1 / 4, 3 / 4])
        solver = nde.ExplicitRungeKutta(ralston, order=2)
        print(nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -y), solver, 0.0, 1.0, 0.1, 1.0).ys)
        ```
    """

    c: Row
    a_lower: tuple[Row, ...]
    b_sol: Row
    b_error: Row | None
    c_extra: Row
    a_extra: tuple[Row, ...]
    interpolant: tuple[Row, ...]

    def __init__(
        self,
        *,
        c: Iterable[Any],
        a_lower: Iterable[Iterable[Any]],
        b_sol: Iterable[Any],
        b_error: Iterable[Any] | None = None,
        c_extra: Iterable[Any] = (),
        a_extra: Iterable[Iterable[Any]] = (),
        interpolant: Iterable[Iterable[Any]] | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "c", row_of(c))
        put(self, "a_lower", rows_of(a_lower))
        put(self, "b_sol", row_of(b_sol))
        put(self, "b_error", None if b_error is None else row_of(b_error))
        put(self, "c_extra", row_of(c_extra))
        put(self, "a_extra", rows_of(a_extra))
        put(self, "interpolant", () if interpolant is None else rows_of(interpolant))
        self._check()
        if interpolant is None:
            self._add_hermite()

    @property
    def stages(self) -> int:
        """The number of stages of a step."""
        return len(self.b_sol)

    @property
    def fsal(self) -> bool:
        """Whether the last stage is the first of the next step ("first same as last")."""
        if self.stages == 1:
            return False
        same = self.a_lower[-1] == self.b_sol[:-1]
        return self.c[-1] == 1 and self.b_sol[-1] == 0 and same

    def _check(self) -> None:
        s = self.stages
        if len(self.c) != s - 1 or len(self.a_lower) != s - 1:
            raise ValueError(
                f"A tableau with {s} weights `b_sol` needs {s - 1} nodes `c` and {s - 1} rows `a_lower` (those of the "
                f"first stage are left out); got {len(self.c)} and {len(self.a_lower)}."
            )
        if self.b_error is not None and len(self.b_error) != s:
            raise ValueError(f"`b_error` must have {s} weights, as `b_sol` has; got {len(self.b_error)}.")
        if len(self.c_extra) != len(self.a_extra):
            raise ValueError(f"`c_extra` has {len(self.c_extra)} nodes, `a_extra` {len(self.a_extra)} rows.")
        nodes, rows = self.c + self.c_extra, self.a_lower + self.a_extra
        for i, (node, weights) in enumerate(zip(nodes, rows, strict=True), start=1):
            if len(weights) > i:
                raise ValueError(f"Stage {i + 1} can have at most {i} weights (the method is explicit); got {weights}.")
            if not np.isclose(sum(weights), node, atol=1e-6):
                raise ValueError(f"The weights of stage {i + 1} sum to {sum(weights)}, its node is {node}.")
        if not np.isclose(sum(self.b_sol), 1.0, atol=1e-6):
            raise ValueError(f"`b_sol` must sum to one; got {sum(self.b_sol)}.")

    def _add_hermite(self) -> None:
        """Cubic Hermite interpolation; needs the slope at the end of the step, a further stage if there is none."""
        put = object.__setattr__
        if self.stages == 1:
            put(self, "interpolant", ((1.0,),))
            return
        if not self.fsal:
            put(self, "c_extra", (1.0,))
            put(self, "a_extra", (self.b_sol,))
        weights = np.outer(_padded(self.b_sol, self.stages + len(self.a_extra)), (0.0, 3.0, -2.0))
        weights[0] += (1.0, -2.0, 1.0)
        weights[-1] += (0.0, -1.0, 1.0)
        put(self, "interpolant", rows_of(weights))


def _padded(values: Sequence[float], length: int) -> np.ndarray:
    return np.pad(np.asarray(values), (0, length - len(values)))
