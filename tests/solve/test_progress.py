"""Progress meters say how far a solve is, and change nothing of it."""

import itertools
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde


def solve(meter: nde.AbstractProgressMeter, rate=1.0):
    return nde.diffeqsolve(
        nde.ODETerm(lambda t, y, rate: -rate * y), nde.Heun(), 0.0, 2.0, 0.01, 1.0, rate, progress_meter=meter
    ).ys


@pytest.mark.parametrize("jit", [False, True])
def test_text(jit: bool, capsys: pytest.CaptureFixture[str]):
    run = (jax.jit if jit else lambda f: f)(lambda rate: solve(nde.TextProgressMeter(minimum_increase=0.2), rate))
    ys = jax.block_until_ready(run(1.0))
    jax.effects_barrier()
    shares = [float(x) for x in re.findall(r"([\d.]+) ?%", capsys.readouterr().out)]
    assert shares[0] == 0
    assert shares[-1] == 100
    assert all(low < high for low, high in itertools.pairwise(shares))
    assert 4 <= len(shares) <= 8
    np.testing.assert_allclose(ys[0], np.exp(-2), rtol=1e-4)


def test_tqdm(capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("tqdm")
    jax.block_until_ready(solve(nde.TqdmProgressMeter()))
    jax.effects_barrier()
    assert "100" in capsys.readouterr().err


def test_the_bar_is_refreshed_every_so_many_steps(capsys: pytest.CaptureFixture[str]):
    """At its start, after each five of 200 steps, and at its end."""
    pytest.importorskip("tqdm")
    jax.block_until_ready(solve(nde.TqdmProgressMeter(refresh_steps=5)))
    jax.effects_barrier()
    assert capsys.readouterr().err.count("\r") == 1 + 40 + 1


def test_a_batch_and_a_gradient_share_one_display(capsys: pytest.CaptureFixture[str]):
    meter = nde.TextProgressMeter(minimum_increase=0.5)
    slopes = jax.vmap(jax.grad(lambda rate: solve(meter, rate)[0]))(jnp.asarray([0.5, 1.0]))
    jax.block_until_ready(slopes)
    jax.effects_barrier()
    np.testing.assert_allclose(slopes, [-2 * np.exp(-1.0), -2 * np.exp(-2.0)], rtol=1e-3)
    assert capsys.readouterr().out.count("100") >= 1


@pytest.mark.parametrize(
    ("value", "error"), [(2, ValueError), (-0.1, ValueError), (float("nan"), ValueError), (True, TypeError)]
)
def test_the_growth_between_lines_is_a_share(value, error):
    with pytest.raises(error, match=rf"minimum_increase={value}`; expected a number in \[0, 1\]"):
        nde.TextProgressMeter(minimum_increase=value)


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (True, TypeError)])
def test_the_bar_is_refreshed_after_a_whole_number_of_steps(value, error):
    pytest.importorskip("tqdm")
    with pytest.raises(error, match=f"refresh_steps={value}`; expected"):
        nde.TqdmProgressMeter(refresh_steps=value)
