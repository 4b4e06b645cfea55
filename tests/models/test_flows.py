"""Models that solve an ODE, against analytic solutions and each other, and that they learn."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import nde
from nde.models import AugmentedNeuralODE, HybridODE, NeuralODE, SecondOrderNeuralODE
from nde.train.optimizer import with_standard_promotion
from tests.laws.precision import x64

__all__ = ["x64"]

KEY = jax.random.key(0)
TS = jnp.linspace(0.0, 1.0, 4)
STARTS = jax.random.uniform(KEY, (3, 2), minval=-1.0)
SHARP = nde.PIDController(rtol=1e-6, atol=1e-6)


def block(inputs, outputs=None):
    return nde.nn.VectorFieldMLP(inputs, width=8, depth=1, output_size=outputs, key=KEY)


def decay(t, y, rate):
    return -rate * y


def linear(inputs, outputs):
    return eqx.nn.Linear(inputs, outputs, key=KEY)


EVEN = {"solver": nde.Heun(), "stepsize_controller": nde.ConstantStepSize(), "dt0": 0.25}
MODELS = {
    "plain": NeuralODE(block(2), **EVEN),
    "lifted": AugmentedNeuralODE(block(3), 1, linear(2, 1), linear(3, 2), **EVEN),
    "second order": SecondOrderNeuralODE(block(4, 2), linear(2, 2), **EVEN),
    "hybrid": HybridODE(decay, block(2), jnp.array([0.5, 2.0]), **EVEN),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if place else ()) for place, name in enumerate(MODELS)]
)
def test_vmap_agrees_with_a_loop_and_the_gradient_with_finite_differences(name):
    """Along one direction in the space of all weights, all of which matter."""
    weights, rest = eqx.partition(MODELS[name], eqx.is_inexact_array)

    def solved(weights, y0):
        return eqx.combine(weights, rest)(TS, y0)

    @jax.jit
    @jax.value_and_grad
    def loss(weights):
        return jnp.sum(jnp.sin(3 * jax.vmap(solved, in_axes=(None, 0))(weights, STARTS)))

    one = jax.jit(solved)
    expected = np.stack([one(weights, y0) for y0 in STARTS])
    value, grads = loss(weights)
    assert expected.shape == (3, 4, 2)
    np.testing.assert_allclose(value, np.sum(np.sin(3 * expected)), rtol=1e-5, atol=1e-5)
    assert all(jnp.abs(leaf).max() > 0 for leaf in jax.tree.leaves(grads))
    norm = optax.tree.norm(grads)
    above = loss(jax.tree.map(lambda w, g: w + 1e-2 * g / norm, weights, grads))[0]
    below = loss(jax.tree.map(lambda w, g: w - 1e-2 * g / norm, weights, grads))[0]
    np.testing.assert_allclose((above - below) / 2e-2, norm, rtol=2e-2)


def test_without_augmentation_it_agrees_with_a_neural_ode():
    plain, augmented = NeuralODE(block(2)), AugmentedNeuralODE(block(2), 0)
    np.testing.assert_array_equal(plain(TS, STARTS[0]), augmented(TS, STARTS[0]))


def test_an_augmented_state_is_lifted_solved_and_projected():
    """The flow y' = (0, y_1): the new component drives the first, and is returned with it."""
    lift, readout = (lambda y: 3 * y), (lambda y: y[0] + 10 * y[1])
    model = AugmentedNeuralODE(lambda t, y, args: jnp.stack([y[1], 0 * y[1]]), 1, lift, readout)
    np.testing.assert_allclose(model(TS, jnp.ones(1)), 1 + 3 * TS + 30, rtol=1e-5)
    np.testing.assert_allclose(model.states(TS, jnp.ones(1))[:, 1], 3.0, rtol=1e-6)
    np.testing.assert_allclose(model.final(0.0, 1.0, jnp.ones(1)), 34.0, rtol=1e-5)


def test_images_are_augmented_by_channels():
    model = AugmentedNeuralODE(lambda t, y, args: jnp.flip(y, 0), 2)
    assert model(TS, jnp.ones((1, 2, 3))).shape == (4, 1, 2, 3)


def test_second_order_is_an_oscillator():
    model = SecondOrderNeuralODE(lambda t, y, args: -args * y[:1], stepsize_controller=SHARP)
    at_rest = model(TS, jnp.array([2.0]), 9.0)
    np.testing.assert_allclose(at_rest[:, 0], 2 * np.cos(3 * TS), atol=1e-4)
    xs, vs = model.states(TS, jnp.array([0.0]), jnp.array([3.0]), 9.0)
    np.testing.assert_allclose(xs[:, 0], np.sin(3 * TS), atol=1e-4)
    np.testing.assert_allclose(vs[:, 0], 3 * np.cos(3 * TS), atol=1e-4)


def test_a_hybrid_with_a_zero_network_is_the_known_equation():
    rates = {"x": jnp.array(0.5), "y": jnp.array(2.0)}
    y0 = {"x": jnp.array(1.0), "y": jnp.ones(2)}

    def known(t, y, args):
        return jax.tree.map(lambda y, rate: -rate * y, y, args)

    model = HybridODE(known, lambda t, y, args: jax.tree.map(jnp.zeros_like, y), rates, stepsize_controller=SHARP)
    ys = model(TS, y0)
    np.testing.assert_allclose(ys["x"], np.exp(-0.5 * TS), rtol=1e-5)
    np.testing.assert_allclose(ys["y"][:, 1], np.exp(-2 * TS), rtol=1e-5)
    assert model.penalty(TS, ys) == 0
    np.testing.assert_allclose(model.final(0.0, 1.0, y0)["x"], np.exp(-0.5), rtol=1e-5)


def test_a_hybrid_is_the_sum_of_its_parts_and_penalizes_the_network():
    """Known: -y. Network: 3, or `args`. The solution of y' = c - y is c + (y0 - c) exp(-t)."""
    model = HybridODE(lambda t, y, args: -y, lambda t, y, args: jnp.full(1, args), stepsize_controller=SHARP)
    ys = model(TS, jnp.ones(1), 3.0)
    np.testing.assert_allclose(ys[:, 0], 3 - 2 * np.exp(-TS), rtol=1e-5)
    np.testing.assert_allclose(model.parts(0.0, jnp.ones(1), 3.0), [[-1.0], [3.0]])
    np.testing.assert_allclose(model.penalty(TS, ys, 3.0), 9.0, rtol=1e-6)


def test_final_is_the_last_state_and_is_reversible():
    model = NeuralODE(block(2), stepsize_controller=SHARP)
    end = model.final(0.0, 1.0, STARTS[0])
    np.testing.assert_allclose(end, model(TS, STARTS[0])[-1], rtol=1e-5)
    np.testing.assert_allclose(model.final(1.0, 0.0, end), STARTS[0], atol=1e-4)


def test_solver_controller_and_adjoint_are_used():
    model = NeuralODE(decay, nde.Heun(), nde.ConstantStepSize(), nde.DirectAdjoint(), dt0=0.125)
    assert jnp.allclose(model.final(0.0, 1.0, jnp.ones(1), 2.0), (1 - 0.25 + 0.25**2 / 2) ** 8)


def test_the_times_of_a_controller_have_no_gradient():
    model = NeuralODE(block(2), nde.Heun(), nde.StepTo(TS))
    grads = eqx.filter_jit(eqx.filter_grad(lambda m: jnp.sum(m(TS, STARTS[0]))))(model)
    assert not jnp.any(grads.stepsize_controller.ts)


def test_double_precision(x64):
    sharp = nde.PIDController(rtol=1e-11, atol=1e-11)
    model = SecondOrderNeuralODE(lambda t, y, args: -y[:1], stepsize_controller=sharp)
    xs = model(jnp.array([0.0, 1.0]), jnp.ones(1))
    assert xs.dtype == jnp.float64
    np.testing.assert_allclose(xs[1, 0], np.cos(1.0), rtol=1e-10)


def test_misuse_raises_an_error_that_explains_it():
    with pytest.raises(ValueError, match=r"at least two times.*got 1"):
        NeuralODE(block(2))(TS[:1], STARTS[0])
    with pytest.raises(ValueError, match="augmented_size must be a non-negative number of components; got -1"):
        AugmentedNeuralODE(block(2), -1)
    with pytest.raises(ValueError, match=r"shape \(1,\), by augmented_size=1.*got shape \(2,\)"):
        AugmentedNeuralODE(block(3), 1, lambda y: y)(TS, STARTS[0])


def train(model, loss, steps, rate=1e-2):
    """Make training steps with Adam, and return the model and the first and last losses."""
    weights, rest = eqx.partition(model, eqx.is_inexact_array)
    optimizer = with_standard_promotion(optax.adam(rate))

    @jax.jit
    def run(weights):
        def step(carry, _):
            weights, state = carry
            value, grads = jax.value_and_grad(lambda w: loss(eqx.combine(w, rest)))(weights)
            updates, state = optimizer.update(grads, state)
            return (optax.apply_updates(weights, updates), state), value

        return jax.lax.scan(step, (weights, optimizer.init(weights)), length=steps)

    (weights, _), losses = run(weights)
    return eqx.combine(weights, rest), losses[0], losses[-1]


def batched(model, ts, y0s):
    return jax.vmap(lambda y0: model(ts, y0))(y0s)


@pytest.mark.slow
def test_a_neural_ode_learns_a_limit_cycle():
    """The limit cycle of van der Pol, up to a hundredth of the variance."""

    def van_der_pol(t, y):
        return jnp.stack([y[1], (1 - y[0] ** 2) * y[1] - y[0]])

    ts, y0s = jnp.linspace(0.0, 2.0, 11), jax.random.uniform(KEY, (16, 2), minval=-2.0, maxval=2.0)
    truth = jax.vmap(lambda y0: nde.odeint(van_der_pol, y0, ts))(y0s)
    model = NeuralODE(nde.nn.VectorFieldMLP(2, width=32, depth=2, key=KEY))
    _, before, after = train(model, lambda m: jnp.mean((batched(m, ts, y0s) - truth) ** 2), 500)
    assert before > truth.var() / 4
    assert after < truth.var() / 100


@pytest.mark.slow
def test_an_augmented_flow_swaps_two_points_and_a_plain_one_cannot():
    """A flow on the line is increasing: the best it can do is to send both -1 and 1 to 0."""
    x = jnp.array([[-1.0], [1.0]])
    loss = lambda m: jnp.mean((jax.vmap(lambda y0: m.final(0.0, 1.0, y0))(x) + x) ** 2)
    augmented = AugmentedNeuralODE(nde.nn.VectorFieldMLP(2, width=16, depth=2, key=KEY), 1)
    plain = NeuralODE(nde.nn.VectorFieldMLP(1, width=16, depth=2, key=KEY))
    assert train(augmented, loss, 200)[2] < 0.01
    assert train(plain, loss, 200)[2] > 0.99


@pytest.mark.slow
def test_a_second_order_model_learns_from_positions_alone():
    """Those of an oscillator without its velocity, up to a twenty-fifth of the variance."""
    ts, x0s = jnp.linspace(0.0, 2.0, 11), jnp.array([[-1.0], [0.5], [1.0]])
    truth = x0s[:, None] * (jnp.cos(2 * ts) + jnp.sin(2 * ts) / 2)[None, :, None]
    field = nde.nn.VectorFieldMLP(2, width=16, depth=1, output_size=1, scale=4.0, key=KEY)
    model = SecondOrderNeuralODE(field, eqx.nn.Linear(1, 1, key=KEY))
    _, before, after = train(model, lambda m: jnp.mean((batched(m, ts, x0s) - truth) ** 2), 600)
    assert before > truth.var() / 2
    assert after < truth.var() / 25


@pytest.mark.slow
def test_a_hybrid_learns_the_missing_dynamics():
    """The decay is known up to its rate, and a cosine is missing; the sum of both parts is the vector field."""
    ts, y0s = jnp.linspace(0.0, 2.0, 11), jnp.linspace(-1.5, 1.5, 7)[:, None]
    truth = jax.vmap(lambda y0: nde.odeint(lambda t, y: -0.5 * y + jnp.cos(3 * y), y0, ts))(y0s)
    network = nde.nn.scaled_last_layer(nde.nn.VectorFieldMLP(1, width=16, depth=2, key=KEY))
    model = HybridODE(decay, network, jnp.array(0.1))

    def loss(m):
        ys = batched(m, ts, y0s)
        return jnp.mean((ys - truth) ** 2) + 1e-5 * jnp.mean(jax.vmap(lambda y: m.penalty(ts, y))(ys))

    model, before, after = train(model, loss, 600)
    assert before > 0.1
    assert after < 1e-3
    states = jnp.linspace(-0.8, 0.8, 5)[:, None]
    field = jax.vmap(lambda y: model.vector_field(0.0, y))(states)
    np.testing.assert_allclose(field, -0.5 * states + jnp.cos(3 * states), atol=0.2)
