"""Every model learns what an untrained one, and one without an equilibrium, cannot do."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.models import ForwardBackward, ImageDEQ, MonotoneDEQ, SequenceDEQ, VectorDEQ
from tests.models.equilibrium.made import accuracy, bars, delayed, quadrants, trained
from tests.solve.conftest import as_users_call_it

__all__ = ["as_users_call_it"]

KEY = jax.random.key(0)


@pytest.mark.parametrize("kind", [VectorDEQ, MonotoneDEQ])
def test_vectors(kind: Any):
    model = kind(2, 16, 2, key=KEY)
    after = trained(model, quadrants(128, seed=0), steps=150)
    assert accuracy(model, quadrants(256, seed=1)) < 0.75
    assert accuracy(after, quadrants(256, seed=1)) > 0.93


def test_images():
    model = ImageDEQ(1, 4, 2, pool=1, key=KEY)
    after = trained(model, bars(64, seed=0), steps=60, rate=3e-2)
    assert accuracy(model, bars(128, seed=1)) < 0.7
    assert accuracy(after, bars(128, seed=1)) > 0.9


def test_sequences_remember_for_longer_than_a_kernel_sees():
    """Two convolutions of three taps see four steps back; the sign of five steps ago needs more."""
    model = SequenceDEQ(1, 12, 2, key=KEY)
    after = trained(model, delayed(24, seed=0), steps=120, rate=3e-2, first=5)
    assert accuracy(model, delayed(32, seed=1), first=5) < 0.6
    assert accuracy(after, delayed(32, seed=1), first=5) > 0.95


def test_sequences_are_causal():
    model, x = SequenceDEQ(1, 6, 2, rtol=1e-6, key=KEY), jnp.ones((8, 1))
    ys, changed = model(x), model(x.at[5:].set(-1.0))
    np.testing.assert_allclose(ys[:5], changed[:5], atol=1e-4)
    assert float(jnp.abs(ys[5:] - changed[5:]).max()) > 1e-2


def test_dropout_with_a_key_only():
    model, xs = VectorDEQ(2, 40, 1, dropout=0.5, key=KEY), jnp.ones((300, 2))
    plain, dropped = model(xs, batched=True), model(xs, key=KEY, batched=True)
    np.testing.assert_array_equal(plain, jnp.broadcast_to(plain[:1], plain.shape))
    assert float(jnp.std(dropped)) > 0
    np.testing.assert_allclose(jnp.mean(dropped), plain[0, 0], atol=4 * float(jnp.std(dropped)) / 300**0.5)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: VectorDEQ(2, 3, 1, key=KEY)(jnp.ones(4)), r"shape \(4,\).*input_size=2.*shape \(2,\)"),
        (lambda: VectorDEQ(2, 3, 1, key=KEY)(jnp.ones((5, 2))), "Pass `batched=True`"),
        (lambda: MonotoneDEQ(2, 3, 1, key=KEY)(jnp.ones(4)), "`MonotoneDEQ` got an input of shape"),
        (lambda: SequenceDEQ(2, 3, 1, key=KEY)(jnp.ones((5, 1))), r"shape \(time, 2\)"),
        (lambda: ImageDEQ(1, 3, 1, key=KEY)(jnp.ones((4, 4))), r"channels=1.*shape \(1, height, width\)"),
        (lambda: ImageDEQ(1, 3, 1, kernel_size=2, key=KEY), "expected an odd number"),
        (lambda: SequenceDEQ(2, 3, 1, dilation=0, key=KEY), "dilation=0"),
        (lambda: MonotoneDEQ(2, 3, 1, margin=0.0, key=KEY), "margin=0.0"),
    ],
)
def test_wrong_sizes(make: Any, match: str):
    with pytest.raises(ValueError, match=match):
        make()


@pytest.mark.usefixtures("as_users_call_it")
def test_a_splitting_that_is_none():
    with pytest.raises(TypeError, match="as `splitting`"):
        MonotoneDEQ(2, 3, 1, splitting=ForwardBackward, key=KEY)  # pyright: ignore[reportArgumentType]
