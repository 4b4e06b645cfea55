"""A law of points as the image of the normal law under the flow of a differential equation."""

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
    """What a flow says of a point, or of many with a leading axis.

    Attributes:
        z: The point of the normal law that flows to it.
        log_prob: The logarithm of its density.
        costs: The integrals that were asked for, by name.
        steps: Of the solver, attempted, over all blocks; each of `Tsit5` or `Dopri5` evaluates the vector field six
            times, and each block begins with two evaluations more.

    Example:
        See `ContinuousFlow.encode`.
    """

    z: Float[Array, "*points size"]
    log_prob: Float[Array, "*points"]
    costs: dict[str, Float[Array, "*points"]]
    steps: Int[Array, ""]


class ContinuousFlow(AbstractFlow):
    """A continuous normalizing flow: a density that can be evaluated and drawn from.

    A point `z` of the standard normal law at time 0 follows `dy/dt = f(t, y)` to a point `x` at time 1, through one
    block after another if there are several, each with a vector field and a time from 0 to 1 of its own. The density
    of `x` comes of the trace of the Jacobian `J` of `f` along the way:

        log p(x) = log N(z) - integral of tr J dt

    The model is written for one point, standardized; with a condition, the law is that of `x` given it. Train it by
    `FlowLikelihood` or, faster, by `FlowMatching`.

    Args:
        input_size: Length of a point.
        width: Width of the hidden layers of the vector field, a `nde.nn.ConcatSquashMLP`.
        depth: How many it has.
        activation: Between its layers.
        blocks: How many vector fields follow each other.
        condition_size: Length of the condition; 0 for none.
        fields: The vector fields `(t, y, condition)` of the blocks from `z` to `x`, in place of the networks; the
            condition is `None` if there is none.
        trace: How the trace is computed: `ExactTrace()`, or `HutchinsonTrace()` for points of many components.
        solver: The method.
        stepsize_controller: How steps are chosen.
        adjoint: How solves are differentiated.
        dt0: The first step; needed for steps of one size.
        max_steps: Most steps to attempt in a block.
        key: Of `jax.random`, for the weights.

    Attributes:
        fields: The vector fields.
        trace: How the trace is computed.
        input_size: Length of a point.
        condition_size: Length of the condition.

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
                raise ValueError("Got neither a key nor vector fields; pass `key=`, for the weights, or `fields=`.")
            fields = [
                ConcatSquashMLP(input_size, width, depth, args_size=condition_size, activation=activation, key=each)
                for each in jax.random.split(key, blocks)
            ]
        if not fields:
            raise ValueError("Got no vector field; at least one is wanted: `blocks=1` or more, or `fields=(f,)`.")
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
        """The logarithm of the density at a point.

        Args:
            x: The point.
            key: Of `jax.random`, for a trace that is estimated; then this is an unbiased estimate.
            condition: Of which the law depends, if it does.

        Raises:
            ValueError: If a size does not fit, or a key is wanted.
            SolveError: If the solve fails.
        """
        return self.encode(x, key=key, condition=condition).log_prob

    @compiled(solves=True)
    def sample(
        self, *, key: PRNGKeyArray, condition: Float[Array, " condition"] | None = None
    ) -> Float[Array, " size"]:
        """A draw of the law.

        Args:
            key: Of `jax.random`.
            condition: Of which the law depends, if it does.

        Raises:
            ValueError: If the condition does not fit.
            SolveError: If the solve fails.
        """
        return self.decode(jax.random.normal(key, (self.input_size,), self.dtype), condition=condition)

    @property
    def dtype(self) -> Any:
        """Of the weights."""
        return common_dtype(*jax.tree.leaves(eqx.filter(self.fields, eqx.is_inexact_array)))

    @compiled(solves=True)
    def decode(
        self, z: Float[Array, " size"], *, condition: Float[Array, " condition"] | None = None
    ) -> Float[Array, " size"]:
        """Where a point of the normal law flows to.

        Args:
            z: The point.
            condition: Of which the law depends, if it does.

        Raises:
            ValueError: If a size does not fit.
            SolveError: If the solve fails.
        """
        self._check(z, condition)
        for field in self.fields:
            z = self.until(field, 0.0, 1.0, z, condition)[0]
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
        """Where a point came from, its density, and what its way costs, in one solve a block.

        Args:
            x: The point.
            key: Of `jax.random`, for a trace that is estimated.
            condition: Of which the law depends, if it does.
            costs: By name what else is integrated along the way, such as those of `FlowLikelihood`.
            durations: How long each block runs; by default one unit of time.

        Raises:
            ValueError: If a size does not fit, or a key is wanted.
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
        found = self.encode_together(rows[0], keys=rows[1], conditions=rows[2], costs=costs, durations=rows[3])
        return Encoded(found.z[0], found.log_prob[0], {n: c[0] for n, c in found.costs.items()}, found.steps)

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
        """As `encode`, for many points in one solve that takes the same steps for all.

        Its gradient is several times faster than that of as many solves under `jax.vmap`, each of which has a gradient
        of all weights; but a point's error is not kept within the tolerance for itself, only the root mean square of
        all.

        Args:
            xs: The points.
            keys: Of `jax.random`, one for each, for a trace that is estimated.
            conditions: Of which the law depends, if it does, one for each.
            costs: By name what else is integrated along the way.
            durations: How long each block runs for each point; by default one unit of time.

        Raises:
            ValueError: If a size does not fit, or keys are wanted.
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
        for place in reversed(range(len(self.fields))):
            noise = None if keys is None else jax.vmap(lambda key, n=place: jax.random.fold_in(key, n))(keys)
            directions = jax.vmap(self.trace.directions)(xs, noise)
            slope, args = _riding(self.fields[place], costs), (directions, durations[:, place], conditions)
            solution = self.solution(slope, 1.0, 0.0, state, args, SaveAt(t1=True))
            state, steps = jax.tree.map(lambda leaf: leaf[0], solution.ys), steps + solution.stats["num_steps"]
        normal = -0.5 * jnp.sum(state["y"] ** 2, axis=1) - 0.5 * self.input_size * math.log(2 * math.pi)
        return Encoded(state["y"], normal + state["change"], state["costs"], steps)

    def _check(self, point: Array, condition: Array | None) -> None:
        if point.shape != (self.input_size,):
            raise ValueError(
                f"Got a point of the shape {point.shape}; one of the shape ({self.input_size},) is wanted. For many "
                "take `jax.vmap`."
            )
        shape = None if condition is None else condition.shape
        wanted = (self.condition_size,) if self.condition_size else None
        if shape != wanted:
            raise ValueError(
                f"Got {'no condition' if shape is None else f'a condition of the shape {shape}'}; "
                f"{'none' if wanted is None else f'one of the shape {wanted}'} is wanted, by "
                f"`condition_size={self.condition_size}`."
            )


def _riding(field: VectorField, costs: Mapping[str, Cost]) -> VectorField:
    """A vector field of points, the changes of their log-densities, and costs, for a solve from 1 to 0.

    Each point has a time of its own, from its duration to 0. As time runs back, the integral of a cost is positive if
    its slope is negative.
    """

    def of_point(s: Array, y: Array, directions: Array, duration: Array, condition: Array | None) -> dict[str, Any]:
        here = moment_of(lambda t, y: field(t, y, condition), s * duration, y, directions)
        slopes = {"y": here.slope, "change": here.trace, "costs": {name: -cost(here) for name, cost in costs.items()}}
        return scaled(slopes, duration)

    def slope(s: Array, state: dict[str, Any], args: Any) -> dict[str, Any]:
        return jax.vmap(of_point, in_axes=(None, 0, 0, 0, 0))(s, state["y"], *args)

    return slope
