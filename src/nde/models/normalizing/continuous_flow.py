"""Continuous normalizing flows."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

from nde.core.compiled import compiled
from nde.core.tree import common_dtype, scaled
from nde.core.types import VectorField
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.flow import AbstractFlow
from nde.models.normalizing.costs import Cost
from nde.models.normalizing.trace import AbstractTrace, ExactTrace, moment_of
from nde.nn import ConcatSquashMLP
from nde.solve import SaveAt
from nde.solvers import AbstractSolver, Tsit5
from nde.stepping import AbstractStepSizeController, PIDController

_NO_COSTS: Mapping[str, Cost] = MappingProxyType({})


class Encoded(eqx.Module):
    """The result of encoding a point, or many with a leading axis.

    Attributes:
        z: The corresponding point of the normal distribution.
        log_prob: The log-density of the point.
        costs: The requested integrals along the path, by name.
        steps: The number of steps attempted by the solver, over all blocks. Each step of `Tsit5` or `Dopri5` evaluates
            the vector field six times, and each block starts with two more evaluations.

    Example:
        See `ContinuousFlow.encode`.
    """

    z: Float[Array, "*points size"]
    log_prob: Float[Array, "*points"]
    costs: dict[str, Float[Array, "*points"]]
    steps: Int[Array, ""]


class ContinuousFlow(AbstractFlow):
    """A continuous normalizing flow: a distribution with a tractable density that can be sampled from.

    A point `z` of the standard normal distribution at time 0 follows `dy/dt = f(t, y)` to a point `x` at time 1. With
    several blocks, it passes through one after another, each with its own vector field and time from 0 to 1. The
    density of `x` follows from the trace of the Jacobian `J` of `f` along the path:

        log p(x) = log N(z) - integral of tr J dt

    The model takes a single standardized point. With a condition, the distribution is that of `x` given the condition.
    Train it with `FlowLikelihood` or, faster, with `FlowMatching`.

    Args:
        input_size: Size of a point.
        width: Width of the hidden layers of the vector field, a `nde.nn.ConcatSquashMLP`.
        depth: Number of its hidden layers.
        activation: The activation between its layers.
        blocks: Number of consecutive vector fields.
        condition_size: Size of the condition; 0 for none.
        fields: The vector fields `(t, y, condition)` of the blocks from `z` to `x`, in place of the networks. The
            condition is `None` if there is none.
        trace: How the trace is computed: `ExactTrace()`, or `HutchinsonTrace()` for points of many components.
        solver: The solver.
        stepsize_controller: The step size controller.
        adjoint: How gradients are computed through the solve.
        dt0: The initial step size; required with a constant step size.
        max_steps: The maximum number of steps to attempt in a block.
        key: A key of `jax.random` for the weights.

    Attributes:
        fields: The vector fields.
        trace: How the trace is computed.
        input_size: Size of a point.
        condition_size: Size of the condition.

    Source: Chen, Rubanova, Bettencourt and Duvenaud, *Neural ordinary differential equations* (2018), section 4,
    doi:10.48550/arXiv.1806.07366; Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, *FFJORD: Free-form continuous
    dynamics for scalable reversible generative models* (2019), doi:10.48550/arXiv.1810.01367.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.models import ContinuousFlow

        flow = ContinuousFlow(input_size=2, width=16, depth=2, key=jax.random.key(0))
        print(flow.log_prob(jnp.array([0.5, -1.0])))
        print(jax.vmap(lambda key: flow.sample(key=key))(jax.random.split(jax.random.key(1), 3)))
        ```
    """

    fields: tuple[VectorField, ...]
    trace: AbstractTrace
    solver: AbstractSolver
    stepsize_controller: AbstractStepSizeController
    adjoint: AbstractAdjoint
    dt0: float | None
    input_size: int = eqx.field(static=True)
    condition_size: int = eqx.field(static=True)
    max_steps: int | None = eqx.field(static=True)

    def __init__(
        self,
        input_size: int,
        *,
        width: int = 64,
        depth: int = 3,
        activation: Callable[[Array], Array] = jax.nn.silu,
        blocks: int = 1,
        condition_size: int = 0,
        fields: Sequence[VectorField] | None = None,
        trace: AbstractTrace = ExactTrace(),
        solver: AbstractSolver = Tsit5(),
        stepsize_controller: AbstractStepSizeController = PIDController(rtol=1e-4, atol=1e-5),
        adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
        dt0: float | None = None,
        max_steps: int | None = 1024,
        key: PRNGKeyArray | None = None,
    ) -> None:
        if fields is None:
            if key is None:
                raise ValueError("`ContinuousFlow` needs `key=` to initialize weights, or vector fields as `fields=`.")
            fields = [
                ConcatSquashMLP(input_size, width, depth, args_size=condition_size, activation=activation, key=each)
                for each in jax.random.split(key, blocks)
            ]
        if not fields:
            raise ValueError("`ContinuousFlow` needs at least one vector field: `blocks=1` or more, or `fields=(f,)`.")
        self.fields, self.trace = tuple(fields), trace
        self.solver, self.stepsize_controller, self.adjoint = solver, stepsize_controller, adjoint
        self.dt0, self.max_steps = dt0, max_steps
        self.input_size, self.condition_size = input_size, condition_size

    @compiled(solves=True)
    def log_prob(
        self,
        x: Float[Array, " size"],
        *,
        key: PRNGKeyArray | None = None,
        condition: Float[Array, " condition"] | None = None,
    ) -> Float[Array, ""]:
        """Compute the log-density of a point.

        Args:
            x: The point.
            key: A key of `jax.random` for a stochastic trace, which makes the result an unbiased estimate.
            condition: The condition, if the flow is conditional.

        Raises:
            ValueError: If a size does not match, or the trace needs a key.
            SolveError: If the solve fails.
        """
        return self.encode(x, key=key, condition=condition).log_prob

    @compiled(solves=True)
    def sample(
        self, *, key: PRNGKeyArray, condition: Float[Array, " condition"] | None = None
    ) -> Float[Array, " size"]:
        """Sample a point.

        Args:
            key: A key of `jax.random`.
            condition: The condition, if the flow is conditional.

        Raises:
            ValueError: If the condition does not match.
            SolveError: If the solve fails.
        """
        return self.decode(jax.random.normal(key, (self.input_size,), self.dtype), condition=condition)

    @property
    def dtype(self) -> Any:
        """The dtype of the weights."""
        return common_dtype(*jax.tree.leaves(eqx.filter(self.fields, eqx.is_inexact_array)))

    @compiled(solves=True)
    def decode(
        self, z: Float[Array, " size"], *, condition: Float[Array, " condition"] | None = None
    ) -> Float[Array, " size"]:
        """Map a point of the normal distribution to a point of the data.

        Args:
            z: The point.
            condition: The condition, if the flow is conditional.

        Raises:
            ValueError: If a size does not match.
            SolveError: If the solve fails.
        """
        self._check(z, condition)
        for field in self.fields:
            z = self.solve_until(field, 0.0, 1.0, z, condition)[0]
        return z

    @compiled(solves=True)
    def encode(
        self,
        x: Float[Array, " size"],
        *,
        key: PRNGKeyArray | None = None,
        condition: Float[Array, " condition"] | None = None,
        costs: Mapping[str, Cost] = _NO_COSTS,
        durations: Float[Array, " blocks"] | None = None,
    ) -> Encoded:
        """Map a point of the data to the normal distribution, and compute its log-density and costs in the same solve.

        Args:
            x: The point.
            key: A key of `jax.random` for a stochastic trace.
            condition: The condition, if the flow is conditional.
            costs: Further integrals along the path by name, such as those of `FlowLikelihood`.
            durations: The duration of each block, by default 1.

        Raises:
            ValueError: If a size does not match, or the trace needs a key.
            SolveError: If the solve fails.

        Example:
            ```python
            import jax
            import jax.numpy as jnp
            from nde.models import ContinuousFlow

            flow = ContinuousFlow(input_size=2, width=16, depth=2, key=jax.random.key(0))
            x = jnp.array([0.5, -1.0])
            print(flow.decode(flow.encode(x).z) - x)
            ```
        """
        rows = jax.tree.map(lambda leaf: leaf[None], (x, key, condition, durations))
        many = self.encode_together(rows[0], keys=rows[1], conditions=rows[2], costs=costs, durations=rows[3])
        return Encoded(many.z[0], many.log_prob[0], {n: c[0] for n, c in many.costs.items()}, many.steps)

    @compiled(solves=True)
    def encode_together(
        self,
        xs: Float[Array, "points size"],
        *,
        keys: Shaped[PRNGKeyArray, " points"] | None = None,
        conditions: Float[Array, "points condition"] | None = None,
        costs: Mapping[str, Cost] = _NO_COSTS,
        durations: Float[Array, "points blocks"] | None = None,
    ) -> Encoded:
        """Encode many points in one solve, with the same steps for all; see `encode`.

        The gradient is several times faster than that of `jax.vmap`, where each solve has its own gradient of all
        weights. But the tolerance controls the root mean square of all errors, not the error of each point.

        Args:
            xs: The points.
            keys: Keys of `jax.random` for a stochastic trace, one for each point.
            conditions: The conditions, one for each point, if the flow is conditional.
            costs: Further integrals along the path by name.
            durations: The duration of each block for each point, by default 1.

        Raises:
            ValueError: If a size does not match, or the trace needs keys.
            SolveError: If the solve fails.

        Example:
            ```python
            import jax
            from nde.models import ContinuousFlow

            flow = ContinuousFlow(input_size=2, width=16, depth=2, key=jax.random.key(0))
            xs = jax.random.normal(jax.random.key(1), (100, 2))
            print(flow.encode_together(xs).log_prob.mean())
            ```
        """
        self._check(xs[0], None if conditions is None else conditions[0])
        shape = (len(xs), len(self.fields))
        durations = jnp.ones(shape, xs.dtype) if durations is None else durations.astype(xs.dtype)
        zero, steps = jnp.zeros(len(xs), xs.dtype), jnp.zeros((), jnp.int32)
        state = {"y": xs, "change": zero, "costs": dict.fromkeys(costs, zero)}
        for block in reversed(range(len(self.fields))):
            noise = None if keys is None else jax.vmap(lambda key, n=block: jax.random.fold_in(key, n))(keys)
            directions = jax.vmap(self.trace.directions)(xs, noise)
            field, args = _augmented_field(self.fields[block], costs), (directions, durations[:, block], conditions)
            solution = self.solve(field, 1.0, 0.0, state, args, SaveAt(t1=True))
            state, steps = jax.tree.map(lambda leaf: leaf[0], solution.ys), steps + solution.stats["num_steps"]
        normal = -0.5 * jnp.sum(state["y"] ** 2, axis=1) - 0.5 * self.input_size * math.log(2 * math.pi)
        return Encoded(state["y"], normal + state["change"], state["costs"], steps)

    def _check(self, point: Array, condition: Array | None) -> None:
        if point.shape != (self.input_size,):
            raise ValueError(
                f"A point must have shape ({self.input_size},); got {point.shape}. For many points, use `jax.vmap` or "
                "`encode_together`."
            )
        shape = None if condition is None else condition.shape
        expected = (self.condition_size,) if self.condition_size else None
        if shape != expected:
            raise ValueError(
                f"{'There must be no condition' if expected is None else f'condition must have shape {expected}'}, by "
                f"condition_size={self.condition_size}; got {'none' if shape is None else f'shape {shape}'}."
            )


def _augmented_field(field: VectorField, costs: Mapping[str, Cost]) -> VectorField:
    """Return a vector field of points, log-density changes and costs, for a solve from 1 to 0.

    Each point has its own time, from its duration to 0. Since time runs backward, costs enter with a negative sign.
    """

    def of_point(s: Array, y: Array, directions: Array, duration: Array, condition: Array | None) -> dict[str, Any]:
        at = moment_of(lambda t, y: field(t, y, condition), s * duration, y, directions)
        derivative = {"y": at.slope, "change": at.trace, "costs": {name: -cost(at) for name, cost in costs.items()}}
        return scaled(derivative, duration)

    def of_points(s: Array, state: dict[str, Any], args: Any) -> dict[str, Any]:
        return jax.vmap(of_point, in_axes=(None, 0, 0, 0, 0))(s, state["y"], *args)

    return of_points
