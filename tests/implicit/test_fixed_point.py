"""Every iteration finds the fixed point, alone and in a batch, in both precisions."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.implicit.problems import SIZE, SOLVERS, arguments, equilibrium, layer, linear, offset, weights
from tests.laws.compiling import quick_jit

TIGHT: dict[str, Any] = {"rtol": 1e-11, "atol": 0.0, "max_steps": 400}


def solve(f: Any, x0: Any, args: Any, **options: Any) -> nde.implicit.IterativeSolution:
    return quick_jit(lambda x0, args: nde.implicit.fixed_point(f, x0, args, throw=False, **options))(x0, args)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_a_linear_and_a_nonlinear_map(solver: Any) -> None:
    exact = np.linalg.solve(np.eye(SIZE) - weights(), offset())
    for f, expected in ((linear, exact), (layer, equilibrium())):
        sol = solve(f, jnp.zeros(SIZE), arguments(), solver=solver, **TIGHT)
        assert sol.result == nde.RESULTS.successful
        np.testing.assert_allclose(sol.value, expected, rtol=1e-9, atol=1e-10)
        residual = np.sqrt(np.mean((np.asarray(f(sol.value, arguments())) - np.asarray(sol.value)) ** 2))
        np.testing.assert_allclose(sol.stats["residual"], residual, atol=1e-15)


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_float32(solver: Any) -> None:
    sol = solve(layer, jnp.zeros(SIZE, jnp.float32), arguments(jnp.float32), solver=solver)
    assert sol.result == nde.RESULTS.successful
    assert sol.value.dtype == jnp.float32
    np.testing.assert_allclose(sol.value, equilibrium(), atol=1e-4)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(
    "name", ["Picard", "Anderson", "Broyden, little memory", "NewtonKrylov", "ReversiblePicard", "Chord"]
)
def test_vmap_and_a_batch_equal_a_loop(name: str) -> None:
    """Each member takes the steps that it takes alone, whatever the others do, and one that fails harms none."""
    scale = jnp.asarray([0.0, 0.5, 1.0, 40.0])
    start = jnp.stack([jnp.zeros(SIZE), jnp.zeros(SIZE), jnp.ones(SIZE), jnp.full(SIZE, jnp.nan)])
    w, b = arguments()
    options: dict[str, Any] = {"solver": SOLVERS[name], "rtol": 1e-9, "max_steps": 60, "throw": False, "history": True}

    def one(x0: Any, c: Any) -> nde.implicit.IterativeSolution:
        return nde.implicit.fixed_point(layer, x0, (w, c * b), **options)

    def batch(x: Any, args: Any) -> Any:
        return jnp.tanh(x @ args[0].T + args[1])

    alone = [quick_jit(one)(x0, c) for x0, c in zip(start, scale, strict=True)]
    lanes = quick_jit(jax.vmap(one))(start, scale)
    members = quick_jit(
        lambda x0, c: nde.implicit.fixed_point(batch, x0, (w, c[:, None] * b[None]), batched=True, **options)
    )(start, scale)
    assert list(np.asarray(alone[-1].result == nde.RESULTS.nonfinite_start, bool)[None]) == [True]
    for together in (lanes, members):
        for i, single in enumerate(alone):
            assert bool((together.result == single.result)[i])
            assert int(together.stats["num_steps"][i]) == int(single.stats["num_steps"])
            np.testing.assert_allclose(together.value[i], single.value, atol=1e-12)
            np.testing.assert_allclose(together.stats["residuals"][i], single.stats["residuals"], atol=1e-12)


@pytest.mark.usefixtures("x64")
def test_pytrees_complex_numbers_and_a_warm_start() -> None:
    """`z = (1 + 0.5i) / 2 z + c` and a real number that depends on it."""
    factor, c = 0.5 + 0.25j, 1.0 - 2.0j

    def f(x: Any, args: Any) -> Any:
        return {"z": factor * x["z"] + args, "r": 0.5 * x["r"] + jnp.abs(x["z"]) ** 2}

    start = {"z": jnp.zeros((), complex), "r": jnp.zeros((2, 1))}
    sol = solve(f, start, jnp.asarray(c), **TIGHT)
    z = c / (1 - factor)
    np.testing.assert_allclose(sol.value["z"], z, rtol=1e-10)
    np.testing.assert_allclose(sol.value["r"], np.full((2, 1), 2 * abs(z) ** 2), rtol=1e-10)
    again = solve(f, sol.value, jnp.asarray(c), rtol=1e-10, atol=0.0)
    assert int(again.stats["num_steps"]) == 0


@pytest.mark.usefixtures("x64")
def test_anderson_takes_fewer_steps_than_picard_and_solves_a_linear_map_as_krylov_methods_do() -> None:
    """With a memory of all numbers it is GMRES: as many steps as numbers, and two more."""
    steps = {
        name: int(solve(linear, jnp.zeros(SIZE), arguments(), solver=solver, **TIGHT).stats["num_steps"])
        for name, solver in {
            "Picard": nde.implicit.Picard(),
            "Anderson": nde.implicit.Anderson(memory=SIZE, ridge=1e-14),
        }.items()
    }
    assert steps["Anderson"] <= SIZE + 2 < steps["Picard"]


@pytest.mark.usefixtures("x64")
def test_the_history_is_that_of_a_plain_loop() -> None:
    sol = solve(
        layer, jnp.zeros(SIZE), arguments(), solver=nde.implicit.Picard(), history=True, rtol=1e-3, max_steps=40
    )
    x, norms = np.zeros(SIZE), []
    for _ in range(int(sol.stats["num_steps"]) + 1):
        image = np.tanh(weights() @ x + offset())
        norms.append(np.sqrt(np.mean((image - x) ** 2)))
        x = image
    np.testing.assert_allclose(sol.stats["residuals"][: len(norms)], norms, rtol=1e-9)
    assert np.all(np.isinf(sol.stats["residuals"][len(norms) :]))
    assert sol.stats["residuals"].shape == (41,)


def test_a_second_call_does_not_compile() -> None:
    traced = []

    def f(x: Any, args: Any) -> Any:
        traced.append(1)
        return 0.5 * x + args

    values = [nde.implicit.fixed_point(f, 0.0, a, rtol=r).value for a, r in ((1.0, 1e-5), (3.0, 1e-4))]
    np.testing.assert_allclose(values, [2.0, 6.0], rtol=1e-3)
    assert len(traced) == 1
