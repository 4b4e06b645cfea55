"""Every method of differentiation gives the gradient of the discretized solve on the grid that was taken."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import nde
from tests.laws.compiling import quick_jit
from tests.laws.gradient_cells import (
    DEFAULT,
    assert_gradients_close,
    common_grid,
    finite_differences,
    flat_inputs,
    gradient,
    inputs,
    inputs_of,
    loss,
)
from tests.laws.methods import CONTROLLERS, SAVE_FORMS, SOLVERS, pairwise, solver_of, works_with
from tests.laws.problems import spinning_logistic, spinning_logistic_solution

pytestmark = pytest.mark.usefixtures("x64")

AGAINST_DIFFERENCES = 1e-6
AGAINST_EACH_OTHER = 1e-10
CHEAP_FORMS = ("t1", "ts", "dense")


def cheap(solver: str, controller: str, form: str) -> bool:
    """Leaves the many stages of high order, which take long to compile, to few forms of saving."""
    return works_with(solver, controller) and (solver_of(solver).order() <= 5 or form in CHEAP_FORMS)


def table(sample: list[tuple[str, ...]]) -> list[object]:
    """The whole table; rows outside the sample are slow."""
    rows = [(s, c, f) for s in SOLVERS for c in CONTROLLERS for f in SAVE_FORMS if works_with(s, c)]
    return [pytest.param(*row, marks=() if row in sample else pytest.mark.slow, id="-".join(row)) for row in rows]


QUICKEST = ("Euler", "Heun", "Bosh3", "Tsit5")
QUICK_PAIRS = pairwise(QUICKEST, tuple(CONTROLLERS), tuple(SAVE_FORMS), allowed=cheap)
DIRECT_PAIRS = QUICK_PAIRS[::3]
PAIRS = QUICK_PAIRS + [(solver, "constant", "ts") for solver in SOLVERS if solver not in QUICKEST]


@pytest.mark.parametrize(("solver", "controller", "form"), table(PAIRS))
def test_default_and_forward_mode_equal_differences_on_the_frozen_grid(solver: str, controller: str, form: str) -> None:
    expected = finite_differences(solver, controller, form)
    reverse = gradient(solver, controller, form, DEFAULT)
    assert_gradients_close(reverse, expected, AGAINST_DIFFERENCES)
    common = common_grid(solver, controller) is not None
    reverse = gradient(solver, controller, form, DEFAULT, common)
    forward = gradient(solver, controller, form, nde.ForwardMode(), common)
    assert_gradients_close(forward, reverse, AGAINST_EACH_OTHER)


@pytest.mark.parametrize(("solver", "controller", "form"), table(DIRECT_PAIRS))
def test_direct_equals_default(solver: str, controller: str, form: str) -> None:
    common = common_grid(solver, controller) is not None
    direct = gradient(solver, controller, form, nde.DirectAdjoint(), common)
    assert_gradients_close(direct, gradient(solver, controller, form, DEFAULT, common), AGAINST_EACH_OTHER)


@pytest.mark.parametrize("mode", [jax.jacfwd, jax.jacrev])
def test_direct_has_both_modes(mode: object) -> None:
    ours = quick_jit(mode(lambda flat: loss(flat, "Tsit5", "pid", "ts", nde.DirectAdjoint())))(flat_inputs())
    assert_gradients_close(ours, gradient("Tsit5", "pid", "ts", DEFAULT), AGAINST_EACH_OTHER)


VMAPPED = [
    ("constant", "every_third_step", DEFAULT),
    ("step_to", "subs", DEFAULT),
    ("pid", "ts", DEFAULT),
    ("clip", "dense", DEFAULT),
    ("pid", "t1", nde.RecursiveCheckpointAdjoint(checkpoints=3)),
    ("pid", "ts", nde.ForwardMode()),
    *(
        pytest.param(*row, marks=pytest.mark.slow)
        for row in [
            ("constant", "t1", DEFAULT),
            ("step_to", "t0_t1", DEFAULT),
            ("pid", "steps", DEFAULT),
            ("clip", "fn", DEFAULT),
            ("clip", "ts", nde.DirectAdjoint()),
            ("clip", "ts", nde.ForwardMode()),
        ]
    ),
]


def faster(share: jax.Array) -> dict[str, jax.Array]:
    """Inputs with which the solution moves faster, so that lanes take different numbers of steps."""
    p = inputs()
    return {**p, "rate": p["rate"] + 6 * share, "spin": p["spin"] + 6 * share}


@pytest.mark.parametrize(("controller", "form", "adjoint"), VMAPPED)
def test_vmapped_gradient_equals_loop(controller: str, form: str, adjoint: object) -> None:
    derivative = jax.jacfwd if isinstance(adjoint, nde.ForwardMode) else jax.grad
    one = derivative(lambda flat: loss(flat, "Tsit5", controller, form, adjoint))
    shares = jnp.asarray([0.0, 0.3, 1.0])
    lanes = jnp.stack([ravel_pytree(faster(share))[0] for share in shares])
    together, alone = quick_jit(jax.vmap(one))(lanes), quick_jit(one)
    for lane, flat in enumerate(lanes):
        assert_gradients_close(together[lane], alone(flat), 1e-7)


@pytest.mark.parametrize(("controller", "form"), [("pid", "ts"), ("constant", "t1")])
def test_gradient_without_jit_equals_gradient_with_jit(controller: str, form: str) -> None:
    eager = jax.grad(lambda flat: loss(flat, "Heun", controller, form))(flat_inputs())
    assert_gradients_close(eager, gradient("Heun", controller, form, DEFAULT), AGAINST_EACH_OTHER)


@pytest.mark.slow
def test_gradient_of_vmap_inside_equals_sum_of_gradients() -> None:
    """The batch is inside the differentiated function, with parameters and times that all lanes share."""
    shifts = jnp.asarray([0.0, 0.05, 0.1])

    def lane(flat: jax.Array, shift: jax.Array) -> jax.Array:
        return loss(flat.at[-2:].add(shift), "Tsit5", "pid", "ts")

    together = quick_jit(jax.grad(lambda flat: jax.vmap(lane, in_axes=(None, 0))(flat, shifts).sum()))(flat_inputs())
    alone = quick_jit(jax.grad(lane))
    assert_gradients_close(together, sum(alone(flat_inputs(), shift) for shift in shifts), 1e-7)


def test_gradient_of_an_accurate_solve_is_that_of_the_solution() -> None:
    def ours(flat: jax.Array) -> jax.Array:
        p = inputs_of(flat)
        sol = nde.diffeqsolve(
            nde.ODETerm(spinning_logistic),
            nde.Dopri8(),
            p["t0"],
            p["t1"],
            None,
            p["y0"],
            args=(p["rate"], p["spin"]),
            saveat=nde.SaveAt(ts=p["ts"], t1=True),
            stepsize_controller=nde.PIDController(rtol=1e-11, atol=1e-11),
        )
        return jnp.sum(jnp.sin(3 * sol.ys))

    def exact(flat: jax.Array) -> jax.Array:
        p = inputs_of(flat)
        at = jnp.append(p["ts"], p["t1"])
        return jnp.sum(jnp.sin(3 * spinning_logistic_solution(at, p["t0"], p["y0"], (p["rate"], p["spin"]))))

    assert_gradients_close(quick_jit(jax.grad(ours))(flat_inputs()), jax.grad(exact)(flat_inputs()), 1e-7)


def test_gradient_to_parameters_that_the_field_captures_in_any_pytree() -> None:
    """A small network, its weights in a list of dictionaries beside an integer and a function, against differences."""
    keys = jax.random.split(jax.random.key(0), 2)
    layers = [
        {"w": jax.random.normal(keys[0], (2, 5)), "act": jnp.tanh, "width": 5},
        {"w": jax.random.normal(keys[1], (5, 2)), "act": jnp.sin, "width": 2},
    ]
    weights = [layer["w"] for layer in layers]
    directions = [jnp.cos(jnp.arange(w.size)).reshape(w.shape) for w in weights]

    @quick_jit
    def value_and_gradient(weights: list[jax.Array]) -> tuple[jax.Array, list[jax.Array]]:
        def final(weights: list[jax.Array]) -> jax.Array:
            def net(t: jax.Array, y: jax.Array, args: object) -> jax.Array:
                for layer, w in zip(args, weights, strict=True):
                    y = layer["act"](y @ w) / layer["width"]
                return y

            y0 = jnp.asarray([[0.1, -0.5], [0.7, 0.2], [0.3, 0.3]])
            sol = nde.diffeqsolve(nde.ODETerm(net), nde.Tsit5(), 0.0, 1.0, 0.1, y0, args=layers, max_steps=16)
            return jnp.sum(sol.ys**2)

        return jax.value_and_grad(final)(weights)

    def along(eps: float) -> jax.Array:
        return value_and_gradient([w + eps * d for w, d in zip(weights, directions, strict=True)])[0]

    eps = 1e-5
    slope = sum(jnp.vdot(g, d) for g, d in zip(value_and_gradient(weights)[1], directions, strict=True))
    np.testing.assert_allclose(slope, (along(eps) - along(-eps)) / (2 * eps), rtol=1e-7)
