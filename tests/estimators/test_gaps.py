"""Missing values and padding are `nan` only in data: with JAX's check for `nan` on, models and training run."""

from collections.abc import Callable, Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jaxtyping import Array

import nde
from nde.data import Batch, pad
from nde.estimators import LatentODEImputer
from nde.models import GRUD, ODERNN, LatentODE, NeuralCDE
from nde.models.latent.training import Cuts
from nde.train import fit
from tests.laws.compiling import quick_jit

NAN = float("nan")
KEY = jax.random.key(0)


@pytest.fixture(autouse=True)
def _no_nans() -> Iterator[None]:
    with jax.debug_nans(True):
        yield


def ragged() -> Batch:
    """A missing value within a series, and a shorter series."""
    return pad(nde.TimeSeries.from_arrays([[1.0, NAN, 3.0], [4.0, 2.0]], [[0.0, 0.2, 1.0], [0.0, 0.7]]))


def outputs(model: Any, batch: Batch) -> Array:
    return jax.vmap(model)(batch.ts, batch.ys, batch.lengths, batch.static)


def bounds(model: LatentODE, batch: Batch) -> Array:
    return jax.vmap(model.loss)(batch.ts, batch.ys, batch.lengths, jax.random.split(KEY, len(batch.ts)))


MODELS: dict[str, tuple[Callable[[], Any], Callable[[Any, Batch], Array]]] = {
    "decay": (lambda: GRUD(1, 4, 2, key=KEY), outputs),
    "recurrent": (lambda: ODERNN(1, 4, 2, key=KEY), outputs),
    "controlled": (lambda: NeuralCDE(1, 4, 2, key=KEY), outputs),
    "latent": (lambda: LatentODE(input_size=1, key=KEY), bounds),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model(name: str) -> None:
    make, run = MODELS[name]
    assert np.isfinite(run(make(), ragged())).all()


@pytest.mark.parametrize("name", ["decay", "controlled"])
def test_its_gradient(name: str) -> None:
    make, run = MODELS[name]
    batch, (weights, static) = ragged(), eqx.partition(make(), eqx.is_inexact_array)
    slope = quick_jit(jax.grad(lambda w: jnp.mean(run(eqx.combine(w, static), batch) ** 2)))(weights)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(slope))


def observed_error(level: Array, ys: Array, key: Any) -> Array:
    del key
    return jnp.mean(jnp.where(jnp.isnan(ys), 0.0, level - ys) ** 2)


@pytest.mark.parametrize("data", [np.array([1.0, NAN]), ragged().ys], ids=["of NumPy", "a batch"])
def test_a_training_with_an_optimizer_that_tells_no_rate(data: Any) -> None:
    found = fit(jnp.asarray(0.0), observed_error, data, optax.sgd(0.1), steps=3, key=KEY)
    assert np.isfinite(found.history.loss).all()
    assert np.isnan(found.history.rate).all()


def test_batches_from_which_a_latent_model_learns() -> None:
    batch = next(Cuts(ragged(), 2, steps=3, seed=0)).batch
    assert np.isnan(batch.ys).sum() == 2


@pytest.mark.slow
def test_a_latent_model_imputes_missing_values() -> None:
    waves = np.sin(0.5 * np.arange(8) + np.linspace(0.0, 6.0, 6)[:, None])
    waves[np.random.default_rng(0).random(waves.shape) < 0.3] = NAN
    filled = LatentODEImputer(max_iter=2, random_state=0).fit_transform(waves)
    assert np.isfinite(filled.ys).all()
