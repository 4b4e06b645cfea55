"""Models of time series: missing values, padding, static features, and that they learn."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import nde
from nde.data import Loader, pad
from nde.models import DeepEnsemble, NeuralCDE, NeuralRDE
from nde.train import adam, fit

KEY = jax.random.key(0)
TS = jnp.array([0.0, 0.1, 0.4, 0.5, 0.9, 1.0])
YS = jax.random.normal(jax.random.key(1), (6, 2))


def hermite(ts, xs):
    return nde.CubicInterpolation(ts, nde.backward_hermite_coefficients(ts, xs))


MAKERS = {
    "linear": lambda **more: NeuralCDE(2, 4, 3, key=KEY, **more),
    "no integrals": lambda **more: NeuralCDE(2, 4, 3, integrals=0, gated=True, key=KEY, **more),
    "hermite": lambda **more: NeuralCDE(2, 4, 3, path=hermite, key=KEY, **more),
    "windows": lambda **more: NeuralRDE(2, 4, 3, window=2, key=KEY, **more),
}


ALL = [pytest.param(make, marks=() if name == "linear" else pytest.mark.slow, id=name) for name, make in MAKERS.items()]


@pytest.mark.parametrize("make", ALL)
def test_padding_is_ignored(make):
    model = make()
    batch = pad(nde.TimeSeries.from_arrays([YS, np.zeros((6, 2))], [TS, TS]), length=10)
    expected = model(TS, YS, 6)
    np.testing.assert_allclose(model(batch.ts[0], batch.ys[0], batch.lengths[0], batch.static[0]), expected, atol=2e-6)


@pytest.mark.parametrize("make", ALL)
def test_missing_values_are_filled_and_gradients_are_finite(make):
    gappy = YS.at[:2, 0].set(jnp.nan).at[4:, 1].set(jnp.nan).at[3].set(jnp.nan)
    weights, static = eqx.partition(make(), eqx.is_inexact_array)

    def squares(weights, ys):
        return jnp.sum(eqx.combine(weights, static)(TS, ys) ** 2)

    value, gradients = jax.value_and_grad(squares, argnums=(0, 1))(weights, gappy)
    assert value > 0
    assert all(jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(gradients))
    nowhere = squares(weights, jnp.full_like(YS, jnp.nan))
    assert jnp.allclose(nowhere, squares(weights, jnp.zeros_like(YS)), atol=1e-5)


def test_it_agrees_with_cdeint():
    model = MAKERS["linear"]()
    path = nde.LinearInterpolation(TS, nde.with_integrals(8.0 * TS, YS))
    states = nde.cdeint(model.vector_field, path, model.initial(YS[0]), TS, rtol=1e-7, atol=1e-7)
    controller = nde.PIDController(rtol=1e-6, atol=1e-6)
    fine = NeuralCDE(2, 4, 3, solver=nde.Tsit5(), stepsize_controller=controller, key=KEY)
    np.testing.assert_allclose(fine(TS, YS), model.readout(states[-1]), atol=1e-4)
    np.testing.assert_allclose(fine.readings(TS, YS), jax.vmap(model.readout)(states), atol=1e-4)


def test_windows_of_one_row_and_order_one_give_a_neural_cde():
    rough = NeuralRDE(2, 4, 3, window=1, order=1, key=KEY)
    plain = NeuralCDE(2, 4, 3, integrals=0, key=KEY)
    np.testing.assert_allclose(rough(TS, YS), plain(TS, YS), atol=1e-6)


@pytest.mark.parametrize("make", [MAKERS["linear"], MAKERS["windows"]])
def test_static_features_and_a_single_row(make):
    model = make(static_size=1)
    one, other = (model(TS[:1], YS[:1], 1, jnp.array([x])) for x in (0.0, 1.0))
    assert jnp.all(jnp.isfinite(one))
    assert not jnp.allclose(one, other)


def test_solver_and_adjoint_are_used():
    fine = NeuralCDE(2, 4, 3, solver=nde.Tsit5(), key=KEY)
    rough = NeuralCDE(2, 4, 3, solver=nde.Euler(), adjoint=nde.DirectAdjoint(), key=KEY)
    assert not jnp.allclose(fine(TS, YS), rough(TS, YS), atol=1e-3)


def test_members_differ_and_agree_with_single_models():
    model = DeepEnsemble(lambda key: NeuralCDE(2, 4, 3, key=key), members=3, key=KEY)
    alone = [NeuralCDE(2, 4, 3, key=key)(TS, YS) for key in jax.random.split(KEY, 3)]
    np.testing.assert_allclose(model(TS, YS), jnp.stack(alone), atol=1e-5)
    assert not jnp.allclose(alone[0], alone[1], atol=1e-2)
    with pytest.raises(ValueError, match="members must be at least 1; got 0"):
        DeepEnsemble(lambda key: NeuralCDE(2, 4, 3, key=key), members=0, key=KEY)


def spins():
    """Points that rotate clockwise or counterclockwise, observed at irregular times."""
    random, values, times, targets = np.random.default_rng(0), [], [], []
    for place in range(160):
        ts = np.sort(random.uniform(0, 1, random.integers(5, 9)))
        angle = random.uniform(0, 6) + (1 if place % 2 else -1) * 5 * ts
        values.append(np.stack([ts, np.cos(angle), np.sin(angle)], axis=1))
        times.append(ts)
        targets.append(place % 2)
    return nde.TimeSeries.from_arrays(values, times, targets=targets)


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(NeuralCDE(3, 8, 1, key=KEY), id="rows"),
        pytest.param(NeuralRDE(3, 8, 1, window=2, key=KEY), id="windows", marks=pytest.mark.slow),
    ],
)
def test_it_learns_the_direction_of_rotation(model):
    panel = spins()

    def logits(model, batch):
        return jax.vmap(model)(batch.ts, batch.ys, batch.lengths, batch.static)[:, 0]

    def loss(model, batch, key):
        losses = optax.sigmoid_binary_cross_entropy(logits(model, batch), batch.targets)
        return jnp.sum(losses * batch.weights) / jnp.sum(batch.weights)

    def accuracy(model):
        batch = pad(panel[100:])
        return float(jnp.mean((logits(model, batch) > 0) == (batch.targets == 1)))

    found = fit(model, loss, Loader(panel[:100], 50), adam(1e-2, steps=150), steps=150, key=KEY, progress=False)
    assert accuracy(model) < 0.8
    assert accuracy(found.model) > 0.95
