"""The result of a solve: a path again."""

from typing import Any

from jaxtyping import Array, PyTree

from nde.core.results import RESULTS
from nde.core.types import RealScalar, Y
from nde.paths import AbstractPath
from nde.solve.interpolation import DenseInterpolation


class Solution(AbstractPath):
    """The solution of a differential equation, as `diffeqsolve` returns it.

    Attributes:
        t0: Start of the solve.
        t1: End of the solve.
        ts: The times saved, of shape `(times,)` for each `SubSaveAt`; `None` if nothing was saved. Infinite where a
            solve did not get, or where room for `steps=...` was not used.
        ys: The values saved there, each with a leading axis `(times,)`.
        interpolation: All steps, with `SaveAt(dense=True)`.
        stats: `num_steps`, `num_accepted_steps`, `num_rejected_steps` as integer arrays, and `max_steps`.
        result: How the solve ended.
        solver_state: The solver's last state, if it was saved.
        controller_state: The controller's last state, if it was saved.
        made_jump: Whether the solve ended at a jump, if it was saved; `False` itself if the controller knows of none.
        event_mask: Whether an event ended the solve; `None` if none could.

    Example:
        ```python
        import nde

        term = nde.ODETerm(lambda t, y, args: -y)
        sol = nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.1, 1.0, saveat=nde.SaveAt(dense=True))
        print(sol.evaluate(0.5), sol.derivative(0.5), sol.stats["num_steps"])
        ```
    """

    t0: Array
    t1: Array
    ts: PyTree[Any]
    ys: PyTree[Any]
    interpolation: DenseInterpolation | None
    stats: dict[str, Any]
    result: RESULTS
    solver_state: PyTree[Any]
    controller_state: PyTree[Any]
    made_jump: Array | bool | None
    event_mask: PyTree[Any] = None

    def evaluate(self, t0: RealScalar, t1: RealScalar | None = None, left: bool = True) -> Y:
        """The state at `t0`, or the increment from `t0` to `t1`; between steps by the solver's interpolant.

        Args:
            t0: A time between the ends of the solve.
            t1: Another time; if given, `evaluate(t1) - evaluate(t0)` is returned.
            left: At the end of a step, whether to use that step or the next.

        Raises:
            ValueError: If the solve was not saved with `SaveAt(dense=True)`.
        """
        return self._dense().evaluate(t0, t1, left)

    def derivative(self, t: RealScalar, left: bool = True) -> Y:
        """The derivative of the interpolated solution; less accurate than the vector field at `evaluate(t)`.

        Args:
            t: A time between the ends of the solve.
            left: At the end of a step, whether to use that step or the next.

        Raises:
            ValueError: If the solve was not saved with `SaveAt(dense=True)`.
        """
        return self._dense().derivative(t, left)

    def _dense(self) -> DenseInterpolation:
        if self.interpolation is None:
            raise ValueError(
                "Got a solution without its steps; `evaluate` and `derivative` need them. Pass "
                "`saveat=nde.SaveAt(dense=True)` to `diffeqsolve`."
            )
        return self.interpolation
