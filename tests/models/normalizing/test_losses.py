"""The losses of flows, against formulas and finite differences, and that flows learn by them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.linalg import expm
from scipy.stats import multivariate_normal

from nde.models import FlowLikelihood, FlowMatching, HutchinsonTrace
from nde.train import adam, fit
from tests.models.normalizing.made import MATRICES, linear_flow, small_flow

XS = jax.random.normal(jax.random.key(5), (8, 2))
KEY = jax.random.key(1)


def test_the_loss_is_the_negative_log_likelihood_plus_weighted_costs():
    flow = linear_flow(MATRICES[:1])
    loss, metrics = eqx.filter_jit(FlowLikelihood(kinetic=0.5, jacobian=2.0))(flow, XS, KEY)
    plain = -eqx.filter_jit(lambda f: f.encode_together(XS).log_prob.mean())(flow)
    assert metrics["negative log-likelihood"] == pytest.approx(float(plain), rel=1e-4)
    assert metrics["jacobian"] == pytest.approx(float((MATRICES[0] ** 2).sum()), rel=1e-4)
    assert loss == pytest.approx(float(plain + 0.5 * metrics["kinetic"] + 2.0 * metrics["jacobian"]), rel=1e-4)
    assert set(metrics) == {"negative log-likelihood", "kinetic", "jacobian", "steps"}


@pytest.mark.slow
def test_the_gradient_of_all_regularizers_agrees_with_finite_differences():
    check_gradient(FlowLikelihood(kinetic=0.1, jacobian=0.1, taylor=0.01, order=2, steer=0.3))


def test_the_gradient_agrees_with_finite_differences():
    check_gradient(FlowLikelihood(kinetic=0.1, jacobian=0.1, steer=0.3))


def check_gradient(loss):
    flow = small_flow(trace=HutchinsonTrace())
    weights, rest = eqx.partition(flow, eqx.is_inexact_array)

    @jax.jit
    @jax.value_and_grad
    def of_weights(weights):
        return loss(eqx.combine(weights, rest), XS, KEY)[0]

    gradient = of_weights(weights)[1]
    norm = optax.tree.norm(gradient)
    assert all(jnp.abs(leaf).max() > 0 for leaf in jax.tree.leaves(gradient))
    above = of_weights(jax.tree.map(lambda w, g: w + 3e-3 * g / norm, weights, gradient))[0]
    below = of_weights(jax.tree.map(lambda w, g: w - 3e-3 * g / norm, weights, gradient))[0]
    np.testing.assert_allclose((above - below) / 6e-3, norm, rtol=2e-2)


def test_random_durations_have_mean_one_and_differ_by_point():
    loss, flow = FlowLikelihood(steer=0.4), linear_flow()
    durations = np.asarray(loss.durations(flow, 4000, KEY))
    assert durations.shape == (4000, 2)
    assert durations.mean() == pytest.approx(1.0, abs=0.01)
    assert durations.var() == pytest.approx(0.4**2 / 3, rel=0.05)
    assert durations.min() == pytest.approx(0.6, abs=0.01)
    assert durations.max() == pytest.approx(1.4, abs=0.01)
    metrics = eqx.filter_jit(FlowLikelihood(steer=0.4))(flow, XS, KEY)[1]
    ends = loss.durations(flow, len(XS), jax.random.split(KEY)[0])
    maps = [expm(MATRICES[1] * end[1]) @ expm(MATRICES[0] * end[0]) for end in np.asarray(ends)]
    found = [multivariate_normal([0, 0], m @ m.T).logpdf(x) for m, x in zip(maps, XS, strict=True)]
    assert metrics["negative log-likelihood"] == pytest.approx(-float(np.mean(found)), rel=1e-4)


@pytest.mark.parametrize("blocks", [1, 2])
def test_flow_matching_is_the_squared_error_on_straight_paths(blocks):
    """A flow that stands still misses the whole velocity, `x - (1 - sigma) z`."""
    flow = linear_flow([jnp.zeros((2, 2))] * blocks)
    xs = jnp.tile(XS, (500, 1))
    found = eqx.filter_jit(FlowMatching(sigma=0.2))(flow, xs, KEY)
    assert found == pytest.approx(float((XS**2).sum(axis=1).mean()) + 2 * 0.8**2, rel=0.03)


def test_flow_matching_is_minimal_for_the_flow_to_the_distribution_of_the_data():
    """For normal data with deviation `r`, the best field at `t` is `(r^2 t - (1 - t)) / ((1 - t)^2 + r^2 t^2) y`."""
    r = 0.4
    xs = r * jax.random.normal(KEY, (20_000, 2))
    best = lambda t, y, args: (r**2 * t - (1 - t)) / ((1 - t) ** 2 + r**2 * t**2) * y
    losses = {}
    for factor in (0.9, 1.0, 1.1):
        flow = eqx.tree_at(
            lambda f: f.fields,
            linear_flow(MATRICES[:1]),
            (lambda t, y, args, factor=factor: factor * best(t, y, args),),
        )
        losses[factor] = float(FlowMatching()(flow, xs, KEY))
    assert min(losses, key=losses.get) == 1.0
    exact = eqx.tree_at(lambda f: f.fields, linear_flow(MATRICES[:1]), (best,))
    density = -0.5 * (XS**2).sum(axis=1) / r**2 - np.log(2 * np.pi * r**2)
    np.testing.assert_allclose(jax.jit(exact.encode_together)(XS).log_prob, density, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("loss", [FlowMatching(), pytest.param(FlowLikelihood(), marks=pytest.mark.slow)])
def test_a_flow_learns_a_conditional_distribution(loss):
    """A normal distribution whose mean is the condition."""
    condition = jax.random.uniform(jax.random.key(2), (512, 1), minval=-2.0, maxval=2.0)
    x = condition * jnp.array([[1.0, -1.0]]) + 0.3 * jax.random.normal(KEY, (512, 2))
    flow = small_flow(condition_size=1, width=16, depth=2)
    steps = 1000 if isinstance(loss, FlowMatching) else 200
    optimizer = adam(1e-2, steps=steps)
    flow = fit(flow, loss, (x, condition), optimizer, steps=steps, key=KEY, progress=False).model
    exact = -np.log(2 * np.pi * 0.3**2) - 1.0
    score = eqx.filter_jit(lambda flow: flow.encode_together(x, conditions=condition).log_prob.mean())
    assert score(flow) > exact - 0.15
    assert score(small_flow(condition_size=1)) < exact - 1.0


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"kinetic": -1.0}, "kinetic must be a non-negative weight; got -1.0"),
        ({"steer": 1.0}, "steer must be at least 0 and less than 1; got 1.0"),
        ({"order": 0}, "order must be that of a derivative, at least 1; got 0"),
    ],
)
def test_misuse_raises_an_error_that_explains_it(options, match):
    with pytest.raises(ValueError, match=match):
        FlowLikelihood(**options)
    with pytest.raises(ValueError, match=r"sigma must be.*got 1"):
        FlowMatching(sigma=1)
