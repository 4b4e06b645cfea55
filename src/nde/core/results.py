"""How a solve ended, and the words for it."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int


class RESULTS(eqx.Enumeration):
    """How a solve ended; `RESULTS.successful` has an empty message.

    Compare with `==`: `sol.result == RESULTS.successful`. Printing a result prints what happened and what to try.

    Example:
        ```python
        import nde

        sol = nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -y), nde.Euler(), 0.0, 1.0, 0.01, 1.0, max_steps=10, throw=False
        )
        assert sol.result == nde.RESULTS.max_steps_reached
        ```
    """

    successful = ""
    max_steps_reached = (
        "The maximum number of steps was taken before t1 was reached. Raise `max_steps`, loosen the tolerances, or, "
        "if the steps have become tiny, use a method for stiff problems, such as `nde.Rodas5P()`."
    )
    dt_min_reached = (
        "The controller asked for a step smaller than its `dtmin`. Lower `dtmin`, loosen the tolerances, or pass "
        "`force_dtmin=True` to continue with `dtmin`."
    )
    step_underflow = (
        "The step size became too small to change the time. The problem may be stiff or singular here: loosen the "
        "tolerances, use float64 (`jax.config.update('jax_enable_x64', True)`), or another method."
    )
    nonfinite = (
        "The vector field or the state is not finite (nan or inf). Look at the vector field near this time: a division "
        "by zero, a logarithm or root of a negative number, an overflow, or a step size that is too large for a fixed "
        "step method."
    )
    rejected_steps_full = (
        "More steps were rejected one in the other than `store_rejected_steps` has room for. Raise it, or begin with a "
        "smaller step."
    )
    event_occurred = "The solve was stopped by an event."
    bad_tolerance = "Tolerances must be nonnegative and not both zero. Pass for example `rtol=1e-3, atol=1e-6`."
    bad_dt0 = (
        "`dt0` must be finite, not zero, and point from t0 to t1 (negative when t1 < t0). Pass such a `dt0`, or "
        "`dt0=None` with an adaptive controller."
    )
    bad_ts_order = "`SaveAt(ts=...)` must be sorted in the direction of the solve. Sort `ts`."
    bad_ts_range = "`SaveAt(ts=...)` must lie between t0 and t1. Drop the times outside, or widen [t0, t1]."
    bad_step_ts = (
        "`StepTo(ts=...)` must start at t0, end at t1 and be monotone between. Check its first and last "
        "entries against t0 and t1."
    )
    bad_observation_time = (
        "An observation must be later than the one before it. Sort the observations, or merge those of one time; "
        "`GrowingRectilinear` takes several of one time."
    )
    no_convergence = (
        "The iteration took `max_steps` steps and did not reach its tolerance; the value is the one with the lowest "
        "residual. Raise `max_steps`, loosen the tolerances, begin nearer, or use another solver."
    )
    diverged = (
        "The iteration diverged; the value is the one with the lowest residual. Begin nearer or use another solver. A "
        "map that does not contract may be damped (`Picard(damping=0.5)`, `Anderson(damping=0.5)`) or regularized, so "
        "that the norm of its derivative is below one; `NewtonKrylov()` needs no contraction."
    )
    nonfinite_start = (
        "The function is not finite (nan or inf) at `x0`. Look there for a division by zero, a logarithm or root of a "
        "negative number, or an overflow, and begin elsewhere."
    )
    singular_jacobian = (
        "The Jacobian is singular or nearly so, so that a linear system with it has no accurate solution. Begin "
        "elsewhere, or regularize the function; the derivative of a fixed point exists only where 1 is no eigenvalue "
        "of that of its map."
    )
    no_linear_convergence = (
        "The linear solver took `max_steps` steps and did not reach its tolerance: the Jacobian may be nearly "
        "singular. Raise `max_steps` or `rtol` of the linear solver, use `Dense()`, or regularize the function."
    )
    tolerance_too_small = (
        "The residual is as small as rounding allows, and not within the tolerance. Loosen `rtol` and `atol`, or use "
        "float64 (`jax.config.update('jax_enable_x64', True)`)."
    )
    no_sign_change = (
        "The function has the same sign at both ends of the interval, or is not a number there: bisection needs a "
        "change of sign. Widen or move the interval."
    )
    infeasible = (
        "No point fulfills all constraints: the multipliers that came back prove it. Look for bounds with "
        "`lower > upper`, or for constraints that contradict each other, or relax some."
    )
    unbounded = (
        "The costs decrease without end in the direction that came back. Bound the variables, or add a quadratic cost."
    )
    not_convex = (
        "`P` has a negative eigenvalue, so that the problem is not convex. Check the sign of the costs, or add a "
        "multiple of the identity to `P`."
    )
    locally_infeasible = (
        "No point near the value fulfills the constraints better: there the violation has a local minimum. Begin "
        "elsewhere, or look for constraints that contradict each other."
    )


class SolveError(RuntimeError):
    """A solve failed with `throw=True`; the message says where, why, and what to try.

    Example:
        ```python
        import nde

        try:
            nde.diffeqsolve(nde.ODETerm(lambda t, y, args: y), nde.Euler(), 0.0, 1.0, -0.1, 1.0)
        except nde.SolveError as error:
            print(error)
        ```
    """


def traced_code(result: RESULTS) -> Int[Array | np.ndarray, ""]:
    """The integer by which compiled code knows a result."""
    return result._value  # noqa: SLF001 (Equinox has no public way)


def code_of(result: RESULTS) -> int:
    """The same of a result that is known."""
    return int(traced_code(result))


def result_of(code: Int[Array, ""]) -> RESULTS:
    """The result of which compiled code carried the integer."""
    return eqx.tree_at(lambda r: r._value, RESULTS.successful, code)  # noqa: SLF001 (as above)


def message_of(code: int) -> str:
    """The words for a code."""
    return RESULTS._index_to_message[code]  # noqa: SLF001 (as above)


SUCCESSFUL = code_of(RESULTS.successful)


def first_failure(old: Int[Array, ""], new: Int[Array, ""]) -> Int[Array, ""]:
    """The earlier of two codes that is a failure, else success."""
    return jnp.where(old == SUCCESSFUL, new, old)


def is_successful(result: RESULTS) -> Bool[Array, ""]:
    """Whether the solve reached t1.

    Args:
        result: The `result` of a solution, possibly one per batch element.

    Example:
        ```python
        import nde

        print(nde.is_successful(nde.RESULTS.successful))
        ```
    """
    return result == RESULTS.successful


def is_event(result: RESULTS) -> Bool[Array, ""]:
    """Whether an event stopped the solve.

    Args:
        result: The `result` of a solution, possibly one per batch element.

    Example:
        ```python
        import nde

        print(nde.is_event(nde.RESULTS.event_occurred))
        ```
    """
    return result == RESULTS.event_occurred


def is_okay(result: RESULTS) -> Bool[Array, ""]:
    """Whether the solve ended as it should: at t1 or by an event.

    Args:
        result: The `result` of a solution, possibly one per batch element.

    Example:
        ```python
        import nde

        print(nde.is_okay(nde.RESULTS.max_steps_reached))
        ```
    """
    return is_successful(result) | is_event(result)
