"""Brownian paths: additive, exact in distribution, the same wherever they are evaluated."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import nde
from nde.paths.brownian.base import seed_from
from nde.paths.brownian.increment import parts_of
from nde.paths.brownian.memory import Memory, attempt_step

KEY = jax.random.key(5)
SAMPLES = 20_000


def tree(key=KEY, shape=(), t0=0.0, t1=1.0, levy_area=nde.BrownianIncrement) -> nde.VirtualBrownianTree:
    return nde.VirtualBrownianTree(t0, t1, 1e-3, shape, key, levy_area=levy_area)


def parts(path: nde.VirtualBrownianTree, t0, t1) -> jax.Array:
    found = path.evaluate(t0, t1, use_levy=True)
    return jnp.stack([found.W, found.H, found.K])


@pytest.mark.parametrize("times", [(0.0, 0.37, 1.0), (0.2, 0.5, 0.7), (0.1, 0.3, 0.30001), (0.6, 0.9, 0.3)])
def test_increments_add_up(times):
    path = tree(shape=(50,))
    s, t, u = times
    np.testing.assert_allclose(path.evaluate(s, t) + path.evaluate(t, u), path.evaluate(s, u), atol=2e-6)


def test_backward_is_the_negative():
    path = tree(shape=(5,))
    np.testing.assert_array_equal(path.evaluate(0.7, 0.2), -path.evaluate(0.2, 0.7))
    np.testing.assert_array_equal(path.evaluate(0.4), path.evaluate(0.0, 0.4))
    np.testing.assert_array_equal(path.evaluate(0.4, 0.4), np.zeros(5))


def test_the_same_under_jit_and_vmap():
    path = tree(shape=(3,), levy_area=nde.SpaceTimeTimeLevyArea)
    plain = [parts(path, 0.1, t) for t in (0.2, 0.5, 0.93)]
    together = jax.jit(jax.vmap(lambda t: parts(path, 0.1, t)))(jnp.asarray([0.2, 0.5, 0.93]))
    np.testing.assert_allclose(together, plain, atol=1e-6)


def test_pytrees_of_any_dtype():
    with jax.enable_x64(True):
        shape = {"a": jax.ShapeDtypeStruct((2,), jnp.float32), "b": jax.ShapeDtypeStruct((), jnp.float64)}
        found = tree(shape=shape).evaluate(0.0, 0.5)
        assert (found["a"].dtype, found["b"].dtype) == (jnp.float32, jnp.float64)
        assert len(np.unique(np.concatenate([found["a"], found["b"][None]]))) == 3


def test_joint_law_of_increments_and_areas():
    """Over two neighbouring intervals, divided by standard deviations: independent, normal."""

    def sample(key):
        path = tree(key, levy_area=nde.SpaceTimeTimeLevyArea)
        return jnp.concatenate([parts(path, 0.15, 0.4), parts(path, 0.4, 0.81)])

    values = np.asarray(jax.jit(jax.vmap(sample))(jax.random.split(KEY, SAMPLES)))
    lengths = np.repeat([0.25, 0.41], 3) * np.tile([1, 1 / 12, 1 / 720], 2)
    standard = values / np.sqrt(lengths)
    np.testing.assert_allclose(standard.T @ standard / SAMPLES, np.eye(6), atol=5 / np.sqrt(SAMPLES))
    for column in standard.T:
        assert stats.kstest(column, "norm").pvalue > 1e-4


@pytest.mark.parametrize(("start", "step"), [(0.0, 1e-8), (1e6, 0.125)], ids=["1e-8", "at 1e6"])
def test_tiny_neighbouring_increments_are_independent(start: float, step: float):
    """In float32: spans far below the interval, and at times where numbers are far apart."""
    end = start + 1.0 if start == 0 else start + 64.0
    times = jnp.float32(start) + jnp.float32(step) * jnp.arange(3, dtype=jnp.float32)

    def sample(key):
        path = tree(key, t0=start, t1=end)
        return jnp.stack([path.evaluate(times[0], times[1]), path.evaluate(times[1], times[2])])

    values = np.asarray(jax.jit(jax.vmap(sample))(jax.random.split(KEY, SAMPLES)), np.float64)
    variance = values.var(axis=0) / step
    np.testing.assert_allclose(variance, 1, atol=0.06)
    assert abs(np.corrcoef(values.T)[0, 1]) < 5 / np.sqrt(SAMPLES)


STORY = [(0.0, 1.0, False), (0.0, 0.4, True), (0.4, 0.3, False), (0.4, 0.1, True), (0.5, 0.2, True), (0.7, 0.3, True)]
"""Steps that are asked for (start, length), and whether they are accepted; none steps over an end seen before."""


def remembered(key, count: int = 2):
    """The increments over all steps of the story."""
    motion = nde.BrownianMotion((), key, levy_area=(nde.BrownianIncrement, nde.SpaceTimeLevyArea)[count - 1])
    path_state = motion.begin(jnp.asarray(0.0), may_reject=True)
    found = []
    for start, length, accepted in STORY:
        drive, after = motion.prepare(jnp.asarray(start), jnp.asarray(length), (), frozenset(), path_state)
        found.append(jnp.stack([drive.W, *([drive.H] if count == 2 else [])]))
        path_state = motion.commit(jnp.asarray(accepted), path_state, after)
    return jnp.stack(found), path_state


def test_later_steps_agree_with_what_rejected_steps_saw():
    found, path_state = remembered(KEY)
    W = found[:, 0]
    np.testing.assert_allclose(W[1] + W[3] + W[4] + W[5], W[0], atol=1e-6)
    np.testing.assert_allclose(W[3] + W[4], W[2], atol=1e-6)
    assert path_state.height == 0


def test_accepted_increments_are_independent_whatever_was_rejected():
    values = np.asarray(jax.jit(jax.vmap(lambda key: remembered(key)[0]))(jax.random.split(KEY, SAMPLES)))
    taken = values[:, [i for i, (_, _, accepted) in enumerate(STORY) if accepted]]
    lengths = np.array([h for _, h, accepted in STORY if accepted])
    standard = taken / np.sqrt(lengths[:, None] * np.array([1, 1 / 12]))
    standard = standard.reshape(SAMPLES, -1)
    np.testing.assert_allclose(standard.T @ standard / SAMPLES, np.eye(8), atol=5 / np.sqrt(SAMPLES))


def test_a_memory_that_is_full_leaves_no_room():
    zero = (jnp.zeros(()),)
    memory = Memory.empty(jnp.asarray(0.0), zero)
    for depth in range(70):
        step = attempt_step(memory, jnp.asarray(0.0), jnp.asarray(0.9**depth), zero, zero)
        memory = step.commit(jnp.asarray(False))
        assert memory.max_step(jnp.asarray(0.0)) <= np.float32(0.9**depth) * 1.001
    assert memory.max_step(jnp.asarray(0.0)) == 0


def test_a_brownian_motion_has_no_values_outside_of_a_solve():
    with pytest.raises(ValueError, match="VirtualBrownianTree"):
        nde.BrownianMotion((), KEY).evaluate(0.0, 1.0)


def test_unsafe_increments_depend_on_both_times():
    path = nde.UnsafeBrownianPath((1000,), KEY)
    a, b = path.evaluate(0.0, 0.5), path.evaluate(0.0, 0.25)
    assert np.abs(np.corrcoef(a, b)[0, 1]) < 0.2
    np.testing.assert_array_equal(a, path.evaluate(0.0, 0.5))
    np.testing.assert_allclose(a.var(), 0.5, rtol=0.2)
    with pytest.raises(ValueError, match="two"):
        path.evaluate(0.5)
    with pytest.raises(ValueError, match="never rejected"):
        path.begin(0.0, may_reject=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: seed_from(3.0), r"expected `jax.random.key"),
        (lambda: nde.BrownianMotion(jax.ShapeDtypeStruct((), jnp.int32), KEY), "floating or complex dtype"),
        (lambda: parts_of("H"), "SpaceTimeLevyArea"),
    ],
)
def test_misuse(make, message):
    with pytest.raises(TypeError, match=message):
        make()
