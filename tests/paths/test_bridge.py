"""Increments of neighbouring intervals: beside integrals of a finely sampled path, and by covariances."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde.paths.brownian.bridge import VARIANCES, join, reverse_where, split

SHARES = [0.5, 0.3, 0.01, 0.99]


def areas(times: np.ndarray, path: np.ndarray) -> tuple[float, float, float]:
    """`W`, `H` and `K` of a sampled path by their definitions."""
    h = times[-1] - times[0]
    bridge = path - path[0] - (times - times[0]) / h * (path[-1] - path[0])
    middle = (times[0] + times[-1]) / 2
    return path[-1] - path[0], np.trapezoid(bridge, times) / h, np.trapezoid(bridge * (middle - times), times) / h**2


@pytest.fixture
def sampled() -> tuple[np.ndarray, np.ndarray]:
    times = np.linspace(0.0, 2.0, 20_001)
    return times, np.cumsum(np.random.default_rng(0).normal(size=times.size)) * np.sqrt(times[1])


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_joined_parts_are_those_of_the_definition(share: float, count: int, sampled):
    times, path = sampled
    cut = round(share * (times.size - 1))
    first, second = areas(times[: cut + 1], path[: cut + 1]), areas(times[cut:], path[cut:])
    with jax.enable_x64(True):
        parts = join(
            jnp.asarray(times[cut]),
            tuple(map(jnp.asarray, first[:count])),
            jnp.asarray(times[-1] - times[cut]),
            tuple(map(jnp.asarray, second[:count])),
        )
    np.testing.assert_allclose(parts, areas(times, path)[:count], rtol=1e-6, atol=1e-6)


def test_parts_of_the_path_walked_backward(sampled):
    times, path = sampled
    backward = areas(times, path[::-1])
    np.testing.assert_allclose(
        reverse_where(jnp.asarray(True), tuple(map(jnp.asarray, areas(times, path)))), backward, rtol=1e-5
    )


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_pieces_join_to_the_whole(share: float, count: int):
    keys = jax.random.split(jax.random.key(1), 2 * count)
    whole = tuple(jax.random.normal(key, (4,)) for key in keys[:count])
    noise = tuple(jax.random.normal(key, (4,)) for key in keys[count:])
    h, a = jnp.asarray(0.7), jnp.asarray(share)
    first, second = split(h, whole, a, noise)
    for part, wanted in zip(join(h * a, first, h * (1 - a), second), whole, strict=True):
        np.testing.assert_allclose(part, wanted, atol=3e-6)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_pieces_are_independent_and_of_the_right_variance(share: float, count: int):
    """The covariance of all parts of both pieces, exactly: the map from independent numbers to them is linear."""
    h = 0.7
    deviations = np.sqrt(h * np.array(VARIANCES[:count]))

    def pieces(numbers):
        whole = tuple(d * x for d, x in zip(deviations, numbers[:count], strict=True))
        return jnp.stack([*sum(split(jnp.asarray(h), whole, jnp.asarray(share), tuple(numbers[count:])), ())])

    with jax.enable_x64(True):
        linear = np.asarray(jax.jacfwd(pieces)(jnp.zeros(2 * count)))
    variances = h * np.concatenate([share * np.array(VARIANCES[:count]), (1 - share) * np.array(VARIANCES[:count])])
    np.testing.assert_allclose(
        linear @ linear.T / np.sqrt(np.outer(variances, variances)), np.eye(2 * count), atol=1e-9
    )
