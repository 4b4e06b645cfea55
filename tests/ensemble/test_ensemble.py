"""Statistics of very many paths: the law of the equation, the paths themselves, failures, misuse."""

import re
from statistics import NormalDist
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde._ensemble.tally import Tally
from nde.integrate.progress import _DISPLAYS

KEY = jax.random.key(8)
TS = np.asarray([0.0, 0.25, 1.0])
PATHS = 20_000
CHANCES = np.asarray([0.01, 0.05, 0.25, 0.5, 0.75, 0.95])


def brownian_stock(key: Any) -> Any:
    """Geometric Brownian motion, solved in its logarithm, where Euler is exact; rise 0.1, volatility 0.4."""
    log = nde.sdeint(lambda t, y: 0.02 + 0 * y, lambda t, y: 0.4, 0.0, jnp.asarray(TS), key, dt0=0.125, throw=False)
    return {"log": log, "price": jnp.exp(log)}


def gaussian(key: Any) -> Any:
    return jax.random.normal(key, (3,)) * jnp.asarray([1.0, 10.0, 1e-3]) + 5.0


def z_scores(found: Any, known: Any, error: Any) -> np.ndarray:
    return (np.asarray(found, float) - known) / error


def test_the_law_of_geometric_brownian_motion() -> None:
    """Mean, variance and quantiles of the logarithm and of the price, to four standard errors."""
    found = nde.ensemble(brownian_stock, KEY, PATHS, chunk=6000, probabilities=CHANCES)
    assert (found.count, found.failed) == (PATHS, 0)
    t = TS[1:]
    mean, variance = 0.02 * t, 0.16 * t
    root = np.sqrt(PATHS)
    assert np.all(abs(z_scores(found.mean["log"][1:], mean, np.sqrt(variance) / root)) < 4)
    assert np.all(abs(z_scores(found.variance["log"][1:], variance, variance * np.sqrt(2) / root)) < 4)
    price = np.exp(0.1 * t)
    spread = price * np.sqrt(np.exp(variance) - 1)
    assert np.all(abs(z_scores(found.mean["price"][1:], price, spread / root)) < 4)
    np.testing.assert_allclose(found.std["price"][1:], spread, rtol=0.05)
    for chance, log, prices in zip(CHANCES, found.quantiles["log"], found.quantiles["price"], strict=True):
        z = NormalDist().inv_cdf(chance)
        error = np.sqrt(chance * (1 - chance) / PATHS) / NormalDist().pdf(z) * np.sqrt(variance)
        known = mean + z * np.sqrt(variance)
        assert np.all(abs(z_scores(log[1:], known, error)) < 4)
        assert np.all(abs(z_scores(prices[1:], np.exp(known), error * np.exp(known))) < 4)
    np.testing.assert_array_equal(found.quantiles["price"][:, 0], 1)
    np.testing.assert_array_equal(found.variance["price"][0], 0)


def test_the_law_of_an_ornstein_uhlenbeck_process() -> None:
    def path(key: Any) -> Any:
        motion = nde.BrownianMotion((), key, levy_area=nde.SpaceTimeLevyArea)
        noise = nde.ControlTerm(lambda t, y, args: jnp.asarray(0.8), motion)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -3 * y), noise)
        return nde.diffeqsolve(terms, nde.ShARK(), 0.0, 1.0, 1 / 16, 2.0, throw=False).ys

    found = nde.ensemble(path, KEY, PATHS, chunk=8000, probabilities=CHANCES)
    mean, variance = 2 * np.exp(-3), 0.64 / 6 * (1 - np.exp(-6))
    assert np.all(abs(z_scores(found.mean, mean, found.standard_error)) < 4)
    assert np.all(abs(z_scores(found.variance, variance, variance * np.sqrt(2 / PATHS))) < 4)
    z = np.asarray([NormalDist().inv_cdf(p) for p in CHANCES])
    error = np.sqrt(CHANCES * (1 - CHANCES) / PATHS) / np.asarray([NormalDist().pdf(x) for x in z]) * np.sqrt(variance)
    assert np.all(abs(z_scores(found.quantiles[:, 0], mean + z * np.sqrt(variance), error)) < 4)


@pytest.mark.parametrize("double", [False, True])
def test_statistics_are_those_of_the_paths(double: bool) -> None:
    """Beside NumPy on all paths, in double precision; each path is that of its own key."""
    with jax.enable_x64(double):
        options = {"probabilities": CHANCES, "chunk": 2048}
        kept = nde.ensemble(gaussian, KEY, 9000, keep=True, **options)
        found = nde.ensemble(gaussian, KEY, 9000, **options)
        alone = [gaussian(jax.random.fold_in(KEY, i)) for i in (0, 255, 2048, 8999)]
    assert found.paths is None
    assert kept.paths.dtype == found.mean.dtype == (np.float64 if double else np.float32)
    assert kept.paths.shape == (9000, 3)
    np.testing.assert_allclose(kept.paths[[0, 255, 2048, 8999]], alone, rtol=1e-6)
    paths = kept.paths.astype(float)
    spread = paths.std(axis=0)
    for ensemble in (kept, found):
        rounding = max(np.finfo(found.mean.dtype).eps, 1e-14)
        np.testing.assert_allclose(ensemble.mean, paths.mean(axis=0), rtol=2 * rounding)
        np.testing.assert_allclose(ensemble.variance, paths.var(axis=0, ddof=1), rtol=100 * rounding)
        np.testing.assert_array_equal(ensemble.minimum, paths.min(axis=0))
        np.testing.assert_array_equal(ensemble.maximum, paths.max(axis=0))
    quantiles = np.quantile(paths, CHANCES, axis=0)
    np.testing.assert_allclose(kept.quantiles, quantiles, rtol=1e-6)
    distance = np.hypot(1.2 * spread, abs(quantiles - np.median(paths[:256], axis=0)))
    apart = abs(np.asarray(found.quantiles) - quantiles)
    assert np.all(apart <= 0.005 * distance + 1e-6)
    assert np.any(apart > 1e-6)


def test_chunks_do_not_show() -> None:
    """Whatever the chunk, the same paths to the bit, the same quantiles, and moments to rounding."""
    one, two = (nde.ensemble(brownian_stock, KEY, 3000, chunk=chunk, keep=True) for chunk in (300, 1100))
    jax.tree.map(np.testing.assert_array_equal, one.paths, two.paths)
    three, four = (nde.ensemble(brownian_stock, KEY, 3000, chunk=chunk) for chunk in (300, 1100))
    jax.tree.map(np.testing.assert_array_equal, three.quantiles, four.quantiles)
    for other in (two, three, four):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7), one.mean, other.mean)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), one.variance, other.variance)


def test_paths_that_fail_are_counted_and_left_out() -> None:
    """One in ten has a rate that is no number: such a solve ends at its start, where the state is finite."""
    weight = jnp.asarray(1.0)

    def path(key: Any) -> nde.Solution:
        rate = weight * jnp.where(jax.random.bernoulli(key, 0.1), jnp.nan, jax.random.uniform(key) + 1)
        term = nde.ODETerm(lambda t, y, rate: -rate * y)
        return nde.diffeqsolve(term, nde.Euler(), 0.0, 1.0, 0.5, jnp.ones(2), rate, throw=False)

    kept = nde.ensemble(path, KEY, 2000, keep=True)
    found = nde.ensemble(path, KEY, 2000, chunk=600)
    fine = kept.paths[:, 0, 0] < 1
    assert np.isfinite(kept.paths).all()
    assert 100 < kept.failed == found.failed == (~fine).sum() < 300
    assert kept.count == found.count == fine.sum()
    np.testing.assert_allclose(found.mean, kept.paths[fine].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(kept.quantiles[2], np.median(kept.paths[fine], axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.quantiles, kept.quantiles, atol=2e-3)


def test_a_solve_that_explodes_is_counted() -> None:
    """`sdeint` gives no result, but its times that were not reached are infinite."""

    def path(key: Any) -> Any:
        return nde.sdeint(lambda t, y: y**3, lambda t, y: 3.0, 1.0, jnp.asarray(TS), key, dt0=0.01, throw=False)

    kept = nde.ensemble(path, KEY, 500, keep=True)
    fine = np.isfinite(kept.paths).all(axis=1)
    assert 0 < kept.count == fine.sum() < 500
    np.testing.assert_allclose(kept.mean, kept.paths[fine].astype(float).mean(axis=0), rtol=1e-4)


@pytest.mark.parametrize("chunk", [None, 300])
def test_where_all_paths_fail_nothing_is_known(chunk: int | None) -> None:
    found = nde.ensemble(lambda key: jnp.full(2, jnp.nan), KEY, 1000, chunk=chunk)
    assert (found.count, found.failed) == (0, 1000)
    for values in (found.mean, found.variance, found.std, found.minimum, found.maximum, found.quantiles):
        assert np.isnan(values).all()


def test_a_first_chunk_that_fails_is_passed_over() -> None:
    """The key of path `i` is known, so a path can fail by its number."""
    early = jax.vmap(lambda i: jax.random.key_data(jax.random.fold_in(KEY, i)))(jnp.arange(300))

    def path(key: Any) -> Any:
        fails = (jax.random.key_data(key)[None] == early).all(axis=1).any()
        return jnp.where(fails, jnp.inf, jax.random.normal(key))

    found = nde.ensemble(path, KEY, 1200, chunk=300)
    assert (found.failed, found.count) == (300, 900)
    np.testing.assert_allclose(found.mean, 0, atol=0.15)
    np.testing.assert_allclose(found.std, 1, atol=0.1)


def test_numbers_of_every_kind_have_statistics() -> None:
    def path(key: Any) -> Any:
        x = jax.random.normal(key)
        return {"half": x.astype(jnp.bfloat16), "sign": x > 0, "floor": jnp.floor(x).astype(jnp.int32)}

    found = nde.ensemble(path, KEY, 5000, chunk=2000)
    assert found.mean["half"].dtype == jnp.bfloat16
    assert found.mean["sign"].dtype == found.mean["floor"].dtype == jnp.float32
    np.testing.assert_allclose(found.mean["sign"], 0.5, atol=0.03)
    np.testing.assert_allclose(found.mean["floor"], -0.5, atol=0.06)


def test_arrays_of_a_module_are_inputs_of_the_program() -> None:
    """A partial with another array runs the same program; a captured array is part of it."""
    traced = 0

    def path(scale: Any, key: Any) -> Any:
        nonlocal traced
        traced += 1
        return scale * jax.random.normal(key, (2,))

    one = nde.ensemble(jax.tree_util.Partial(path, jnp.ones(())), KEY, 1000)
    before = traced
    two = nde.ensemble(jax.tree_util.Partial(path, 2 * jnp.ones(())), KEY, 1000)
    assert traced == before + 1  # to learn its shapes
    np.testing.assert_allclose(two.std, 2 * one.std, rtol=1e-6)
    scale = jnp.asarray(3.0)
    np.testing.assert_allclose(nde.ensemble(lambda key: path(scale, key), KEY, 1000).std, 3 * one.std, rtol=1e-6)


def test_a_meter_shows_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    nde.ensemble(gaussian, KEY, 4096, chunk=1024, progress_meter=nde.TextProgressMeter(minimum_increase=0.1))
    assert re.findall(r"([\d.]+)%", capsys.readouterr().out) == ["0.00", "25.00", "50.00", "75.00", "100.00"]


def test_an_interrupted_run_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    before = nde.ensemble(gaussian, KEY, 4096, chunk=1024)
    add = Tally.add

    def interrupted(self: Tally, first: int, *rest: Any) -> None:
        if first >= 2048:
            raise KeyboardInterrupt
        add(self, first, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Tally, "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            nde.ensemble(gaussian, KEY, 4096, chunk=1024, progress_meter=nde.TextProgressMeter())
    assert not _DISPLAYS._open
    after = nde.ensemble(gaussian, KEY, 4096, chunk=1024)
    jax.tree.map(np.testing.assert_array_equal, before, after)


MISUSE: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "no key": (gaussian, {"key": 3}, TypeError, "got 3 as `key`"),
    "several keys": (gaussian, {"key": jax.random.split(KEY, 3)}, TypeError, "expected a single key"),
    "no paths": (gaussian, {"paths": 0}, ValueError, "paths=0"),
    "too many": (gaussian, {"paths": 2**31}, ValueError, "from 1 to 2147483647"),
    "no chunk": (gaussian, {"chunk": 0}, ValueError, "chunk=0"),
    "no chance": (gaussian, {"probabilities": (0.5, 1.5)}, ValueError, "between 0 and 1"),
    "no accuracy": (gaussian, {"accuracy": 0.0}, ValueError, "accuracy=0.0"),
    "no devices": (gaussian, {"devices": []}, ValueError, "no `devices`"),
    "nothing": (lambda key: (), {}, TypeError, "no numbers"),
    "complex": (lambda key: jnp.ones(2, complex), {}, TypeError, "dtype complex64"),
    "an empty solution": (
        lambda key: nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -y), nde.Euler(), 0.0, 1.0, 0.5, 1.0, saveat=nde.SaveAt(dense=True)
        ),
        {},
        TypeError,
        "no numbers",
    ),
}


@pytest.mark.parametrize(("sample", "changed", "error", "message"), MISUSE.values(), ids=MISUSE)
def test_misuse(sample: Any, changed: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        nde.ensemble(sample, **{"key": KEY, "paths": 100, **changed})


@pytest.mark.parametrize("inside", [jax.jit, jax.grad, lambda f: lambda x: jax.vmap(f)(x[None])])
def test_inside_of_a_transformation_is_an_error(inside: Any) -> None:
    def mean(scale: Any) -> Any:
        return nde.ensemble(lambda key: scale * jax.random.normal(key), KEY, 100).mean

    with pytest.raises(TypeError, match=r"inside `jax.jit`"):
        inside(mean)(jnp.ones(()))


def test_a_failure_that_throws_ends_the_call() -> None:
    def path(key: Any) -> Any:
        return nde.sdeint(lambda t, y: -y, lambda t, y: 0.3, 1.0, jnp.asarray(TS), key, max_steps=4)

    with pytest.raises(RuntimeError, match="max_steps"):
        nde.ensemble(path, KEY, 100)
