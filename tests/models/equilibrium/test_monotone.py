"""Monotone operator networks have one equilibrium, whatever their weights."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.implicit import Picard
from nde.models import ForwardBackward, MonotoneDEQ, PeacemanRachford
from tests.laws.precision import x64

__all__ = ["x64"]

SIZE, MARGIN = 6, 0.3
SPLITTINGS = {"forward-backward": ForwardBackward(), "Peaceman-Rachford": PeacemanRachford()}


def model(splitting: Any, **options: Any) -> MonotoneDEQ:
    """One with weights far from contracting."""
    made = MonotoneDEQ(
        2,
        SIZE,
        1,
        margin=MARGIN,
        splitting=splitting,
        solver=Picard(),
        max_steps=20_000,
        key=jax.random.key(0),
        **options,
    )
    return eqx.tree_at(lambda m: (m.layer.f.a, m.layer.f.b), made, replace_fn=lambda a: 3 * a)


def weight(made: MonotoneDEQ) -> np.ndarray:
    a, b = np.asarray(made.layer.f.a), np.asarray(made.layer.f.b)
    return (1 - MARGIN) * np.eye(SIZE) - a.T @ a + b - b.T


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("splitting", SPLITTINGS.values(), ids=SPLITTINGS)
def test_every_start_leads_to_the_one_equilibrium(splitting: Any):
    made, x = model(splitting, rtol=1e-12, atol=0.0), jnp.array([0.5, -2.0])
    w, u = weight(made), np.asarray(made.inject(x))
    assert np.linalg.norm(w, 2) > 2
    assert np.linalg.eigvalsh(np.eye(SIZE) - (w + w.T) / 2).min() >= MARGIN - 1e-12
    starts = 10 * jax.random.normal(jax.random.key(1), (4, SIZE))
    states = made.solve(jnp.broadcast_to(x[None], (4, 2)), starts, batched=True).value
    found = np.maximum(np.asarray(states), 0)
    np.testing.assert_allclose(found, np.broadcast_to(found[:1], found.shape), atol=1e-8)
    np.testing.assert_allclose(found[0], np.maximum(w @ found[0] + u, 0), atol=1e-8)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", SPLITTINGS)
def test_the_maps_contract_as_fast_as_is_said(name: str):
    made = model(SPLITTINGS[name])
    mapped = jax.jit(jax.vmap(made.layer.step, in_axes=(0, None)))
    alpha = float(made.layer.f.value.alpha)
    norm = np.linalg.norm(np.eye(SIZE) - weight(made), 2)
    bound = 1 / alpha if name == "Peaceman-Rachford" else np.sqrt(MARGIN / alpha)
    assert norm <= bound <= 1.2 * norm
    rate = np.sqrt(1 - MARGIN / bound) if name == "Peaceman-Rachford" else np.sqrt(1 - (MARGIN / bound) ** 2)
    pairs = 3 * jax.random.normal(jax.random.key(2), (2, 500, SIZE))
    before, after = pairs[0] - pairs[1], mapped(pairs[0], jnp.ones(SIZE)) - mapped(pairs[1], jnp.ones(SIZE))
    stretched = np.linalg.norm(after, axis=1) / np.linalg.norm(before, axis=1)
    assert stretched.max() <= rate
    assert stretched.max() > 0.1


@pytest.mark.usefixtures("x64")
def test_both_splittings_have_the_same_gradient():
    x = jnp.array([0.5, -2.0])

    def slope(splitting: Any) -> Any:
        made = model(splitting, rtol=1e-12, atol=0.0)
        weights, rest = eqx.partition(made, eqx.is_inexact_array)
        return jax.jit(jax.grad(lambda w: eqx.combine(w, rest)(x)[0]))(weights)

    ours, theirs = (jax.tree.leaves(slope(splitting)) for splitting in SPLITTINGS.values())
    assert len(ours) == 6
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7)
