"""Fitted hypersolvers: better than the methods that they correct on problems that they have not seen."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.models import ContinuousFlow, HypersolverFit, NeuralCDE, NeuralODE, fit_hypersolver
from nde.models.hypersolvers.report import timed

KEY = jax.random.key(0)
QUICK: dict[str, Any] = {"width": 16, "residual_steps": 400, "trajectory_steps": 20, "progress": False}


def pendulum(t: Any, y: Any, args: Any) -> Any:
    return jnp.stack([y[1], -2 * jnp.sin(y[0])])


@functools.cache
def fitted() -> HypersolverFit:
    y0 = jax.random.normal(KEY, (256, 2))
    return fit_hypersolver(pendulum, nde.Heun(), y0, steps=4, t1=2.0, **QUICK, key=jax.random.key(1))


def test_it_beats_its_method_on_other_initial_values() -> None:
    """The reference is NumPy's, by the classical method in small steps."""
    y0 = jax.random.normal(jax.random.key(2), (50, 2))
    model = fitted().model
    assert isinstance(model, NeuralODE)
    plain = NeuralODE(pendulum, nde.Heun(), nde.ConstantStepSize(), dt0=0.5)
    exact = end_of_pendulum(np.asarray(y0, np.float64), 2.0, 400)
    ours, theirs = (jax.vmap(lambda y, m=m: m.final(0.0, 2.0, y))(y0) for m in (model, plain))
    assert np.abs(ours - exact).mean() < np.abs(theirs - exact).mean() / 5


def end_of_pendulum(y: np.ndarray, t1: float, steps: int) -> np.ndarray:
    h = t1 / steps
    field = lambda y: np.stack([y[:, 1], -2 * np.sin(y[:, 0])], axis=1)
    for _ in range(steps):
        k1 = field(y)
        k2 = field(y + h / 2 * k1)
        k3 = field(y + h / 2 * k2)
        k4 = field(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


def test_the_report() -> None:
    report = fitted().report
    (ours,), heun = report.of("HyperHeun"), {row.steps: row for row in report.of("Heun")}
    assert (ours.steps, ours.evaluations, heun[4].evaluations) == (4, 8, 8)
    assert {row.steps: row.evaluations for row in report.of("Bosh3")}[4] == 13
    assert ours.root_mean_square < heun[4].root_mean_square / 4
    assert heun[8].mean_absolute < heun[4].mean_absolute
    assert report.problems == 26
    lines = report.text().splitlines()
    assert len(lines) == 1 + len(report.rows)
    assert f"{ours.mean_absolute:.2e}" in lines[1]
    left, right = report.plot().axes
    assert left.lines[0].get_xydata().tolist() == [[8, ours.root_mean_square]]
    assert right.lines[1].get_label() == "Heun"


def test_it_knows_its_step_sizes() -> None:
    solver = fitted().solver
    np.testing.assert_allclose(solver.steps, 0.5)
    with pytest.warns(UserWarning, match="was fitted for steps from"):
        nde.diffeqsolve(nde.ODETerm(pendulum), solver, 0.0, 2.0, 1.0, jnp.ones(2))


class Turning(eqx.Module):
    """A field that turns around a point that the condition moves."""

    speed: jax.Array

    def __call__(self, t: Any, y: Any, condition: Any) -> Any:
        return self.speed * jnp.stack([-y[1], y[0]]) + 0.5 * condition


@pytest.mark.slow
def test_a_conditional_flow_with_two_blocks() -> None:
    """Of fields whose flow is known: each adds a half of the condition, and turns by an angle of one."""

    flow = ContinuousFlow(2, fields=(Turning(jnp.asarray(1.0)),) * 2, condition_size=1)
    conditions = jax.random.normal(KEY, (64, 1))
    found = fit_hypersolver(flow, nde.Midpoint(), conditions, steps=(2, 3), **QUICK, key=KEY)
    z, condition = jnp.asarray([0.4, -1.0]), jnp.asarray([0.7])
    turn = np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])
    center = 0.35 * np.array([-1.0, 1.0])
    exact = center + turn @ turn @ (np.asarray(z) - center)
    plain = eqx.tree_at(lambda f: f.solver, found.model, nde.Midpoint())
    ours, theirs = (np.abs(f.decode(z, condition=condition) - exact).max() for f in (found.model, plain))
    assert ours < theirs / 5
    np.testing.assert_allclose(found.solver.steps, (1 / 3, 1 / 2), rtol=1e-5)
    assert [row.evaluations for row in found.report.of(found.report.hypersolver)] == [8, 12]


@pytest.mark.slow
def test_a_neural_cde() -> None:
    ts = jnp.tile(jnp.linspace(0.0, 1.0, 5), (64, 1))
    ys = jnp.stack([ts, jnp.sin(3 * ts + jax.random.normal(KEY, (64, 1)))], axis=-1)
    model = NeuralCDE(2, 3, 1, width=8, key=KEY)
    found = fit_hypersolver(model, nde.Euler(), (ts, ys), **QUICK, key=KEY)
    exact, plain = (
        eqx.tree_at(lambda m: (m.solver, m.stepsize_controller), model, new, is_leaf=lambda x: x is None)
        for new in ((nde.Tsit5(), nde.PIDController(rtol=1e-6, atol=1e-6)), (nde.Euler(), None))
    )
    outputs = [jax.vmap(m)(ts, ys) for m in (found.model, plain, exact)]
    assert np.abs(outputs[0] - outputs[2]).mean() < np.abs(outputs[1] - outputs[2]).mean() / 3


def test_wall_times_are_taken_in_turns() -> None:
    calls: list[str] = []
    found = timed({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 3)
    assert calls == ["a", "b"] * 4
    assert found["a"] >= 0


def test_misuse() -> None:
    y0 = jnp.ones((4, 2))
    options: dict[str, Any] = {**QUICK, "key": KEY}
    with pytest.raises(ValueError, match="got no `data`; expected initial states"):
        fit_hypersolver(pendulum, **options)
    with pytest.raises(ValueError, match="common leading axis"):
        fit_hypersolver(pendulum, nde.Heun(), jnp.asarray(1.0), **options)
    with pytest.raises(ValueError, match="at least two"):
        fit_hypersolver(pendulum, nde.Heun(), y0[:1], **options)
    with pytest.raises(ValueError, match="positive numbers of steps"):
        fit_hypersolver(pendulum, nde.Heun(), y0, steps=0, **options)
    with pytest.raises(ValueError, match="share between 0 and 1"):
        fit_hypersolver(pendulum, nde.Heun(), y0, holdout=1.0, **options)
    with pytest.raises(ValueError, match="from each row to the next"):
        fit_hypersolver(NeuralCDE(2, 3, 1, key=KEY), nde.Heun(), steps=3, **options)
    with pytest.raises(TypeError, match="expected a `NeuralODE`"):
        fit_hypersolver(3.0, nde.Heun(), y0, **options)
