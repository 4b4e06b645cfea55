"""What is saved, against the solution in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from tests.laws.problems import spinning_logistic, spinning_logistic_solution

pytestmark = pytest.mark.usefixtures("x64")

T0, T1, ARGS = 0.1, 2.0, (1.3, 0.8)
Y0 = np.array([0.4, 0.3])


def solve(saveat: nde.SaveAt, t0: float = T0, t1: float = T1, y0: object = Y0, **options) -> nde.Solution:
    options.setdefault("stepsize_controller", nde.PIDController(rtol=1e-9, atol=1e-9))
    return nde.diffeqsolve(
        nde.ODETerm(spinning_logistic), nde.Tsit5(), t0, t1, None, jnp.asarray(y0), ARGS, saveat=saveat, **options
    )


def exact(ts: object) -> np.ndarray:
    return np.asarray(spinning_logistic_solution(jnp.asarray(ts), T0, Y0, ARGS))


def test_the_end_is_the_default():
    sol = nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -y), nde.Euler(), 0.0, 1.0, 0.5, jnp.asarray(1.0))
    np.testing.assert_array_equal(sol.ts, [1.0])
    np.testing.assert_array_equal(sol.ys, [0.25])


def test_start_times_and_end_in_order():
    ts = np.array([0.3, 0.3, 0.9, 1.7])
    sol = solve(nde.SaveAt(t0=True, ts=ts, t1=True))
    np.testing.assert_array_equal(sol.ts, [T0, *ts, T1])
    np.testing.assert_allclose(sol.ys, exact(sol.ts), atol=1e-7)


def test_times_at_the_ends_of_the_solve():
    sol = solve(nde.SaveAt(ts=[T0, 1.0, T1]))
    np.testing.assert_array_equal(sol.ys[0], Y0)
    np.testing.assert_allclose(sol.ys, exact([T0, 1.0, T1]), atol=1e-7)


def test_far_more_times_than_steps():
    ts = np.linspace(T0, T1, 3000)
    np.testing.assert_allclose(solve(nde.SaveAt(ts=ts)).ys, exact(ts), atol=1e-7)


def test_far_more_steps_than_times():
    """More steps than are noted at once."""
    controller = nde.ConstantStepSize()
    sol = nde.diffeqsolve(
        nde.ODETerm(spinning_logistic),
        nde.Bosh3(),
        T0,
        T1,
        1e-3,
        jnp.asarray(Y0),
        ARGS,
        saveat=nde.SaveAt(ts=[0.2, 1.0, 1.99]),
        stepsize_controller=controller,
    )
    assert sol.stats["num_steps"] == 1900
    np.testing.assert_allclose(sol.ys, exact(sol.ts), atol=1e-8)


def test_backward():
    ts = np.array([1.5, 0.7, 0.1])
    sol = solve(nde.SaveAt(t0=True, ts=ts), t0=T1, t1=T0, y0=exact(T1))
    np.testing.assert_array_equal(sol.ts, [T1, *ts])
    np.testing.assert_allclose(sol.ys, exact(sol.ts), atol=1e-6)


def test_every_step():
    sol = solve(nde.SaveAt(steps=True, t0=True), max_steps=400)
    steps = int(sol.stats["num_accepted_steps"])
    assert sol.ts.shape == (401,)
    assert np.isfinite(sol.ts[: steps + 1]).all()
    assert np.isinf(sol.ts[steps + 1 :]).all()
    assert np.isinf(sol.ys[steps + 1 :]).all()
    assert sol.ts[steps] == T1
    assert (np.diff(sol.ts[: steps + 1]) > 0).all()
    np.testing.assert_allclose(sol.ys[: steps + 1], exact(sol.ts[: steps + 1]), atol=1e-7)


def test_every_third_step_is_every_third_of_all():
    every, third = (solve(nde.SaveAt(steps=n), max_steps=400).ts for n in (1, 3))
    steps = np.isfinite(every).sum()
    np.testing.assert_array_equal(third[: steps // 3], every[2:steps:3])
    assert np.isinf(third[steps // 3 :]).all()


def test_functions_of_the_state():
    def fn(t, y, args):
        return {"radius": jnp.sqrt(y @ y), "rest": (t * args[0], y[:1])}

    sol = solve(nde.SaveAt(ts=[0.5, 1.5], fn=fn))
    ys = exact([0.5, 1.5])
    np.testing.assert_allclose(sol.ys["radius"], np.linalg.norm(ys, axis=1), atol=1e-7)
    np.testing.assert_allclose(sol.ys["rest"][0], np.array([0.5, 1.5]) * ARGS[0])
    np.testing.assert_allclose(sol.ys["rest"][1], ys[:, :1], atol=1e-7)


def test_several_kinds_in_a_tree():
    first = nde.SubSaveAt(t0=True, t1=True, fn=lambda t, y, args: y.sum())
    sol = solve(nde.SaveAt(subs={"ends": first, "more": [nde.SubSaveAt(ts=[1.0]), nde.SubSaveAt(ts=[0.5, 0.6])]}))
    np.testing.assert_array_equal(sol.ts["ends"], [T0, T1])
    np.testing.assert_allclose(sol.ys["ends"], exact([T0, T1]).sum(axis=1), atol=1e-7)
    np.testing.assert_allclose(sol.ys["more"][0], exact([1.0]), atol=1e-7)
    np.testing.assert_allclose(sol.ys["more"][1], exact([0.5, 0.6]), atol=1e-7)


def test_nothing_saved_but_statistics():
    sol = solve(nde.SaveAt())
    assert sol.ys is None
    assert sol.stats["num_steps"] > 0


def test_times_that_are_traced():
    run = jax.jit(lambda ts: solve(nde.SaveAt(ts=ts)).ys)
    for ts in ([0.2, 0.4], [1.0, 1.9]):
        np.testing.assert_allclose(run(jnp.asarray(ts)), exact(ts), atol=1e-7)


def test_a_costly_field_saves_the_same():
    """Costly fields are saved by another recorder; the field is made costly by a sum of many zeros."""

    def costly(t, y, args):
        return spinning_logistic(t, y, args) + 0 * jnp.sum(jnp.sin(y[0] * jnp.ones(4000)))

    ts = np.linspace(T0, T1, 50)
    sol = nde.diffeqsolve(
        nde.ODETerm(costly),
        nde.Tsit5(),
        T0,
        T1,
        None,
        jnp.asarray(Y0),
        ARGS,
        saveat=nde.SaveAt(ts=ts, t0=True),
        stepsize_controller=nde.PIDController(rtol=1e-9, atol=1e-9),
    )
    np.testing.assert_allclose(sol.ys, exact(sol.ts), atol=1e-7)


def test_misuse():
    with pytest.raises(ValueError, match="Nothing would be saved"):
        nde.SubSaveAt()
    with pytest.raises(ValueError, match="one or the other"):
        nde.SaveAt(subs=nde.SubSaveAt(t1=True), t1=True)
    with pytest.raises(ValueError, match=r"shape \(2, 2\); expected shape \(times,\)"):
        nde.SaveAt(ts=np.ones((2, 2)))
    with pytest.raises(ValueError, match="got -1; expected"):
        nde.SaveAt(steps=-1)
