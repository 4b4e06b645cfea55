"""The PID controller: its limits, and its formula against an independent one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import RK45

import nde

pytestmark = pytest.mark.usefixtures("x64")


def field(t, y, args):
    return jnp.stack([y[1], 5 * (1 - y[0] ** 2) * y[1] - y[0]])


def ends(dt0=0.01, t1=8.0, **options) -> np.ndarray:
    """The times between which steps were accepted."""
    options = {"rtol": 1e-5, "atol": 1e-5, **options}
    sol = nde.diffeqsolve(
        nde.ODETerm(field),
        nde.Dopri5(),
        0.0,
        t1,
        dt0,
        jnp.asarray([2.0, 0.0]),
        saveat=nde.SaveAt(t0=True, steps=True),
        stepsize_controller=nde.PIDController(**options),
        max_steps=2000,
    )
    return np.asarray(sol.ts[np.isfinite(sol.ts)])


def ends_in_numpy(p: float, i: float, d: float, safety: float, least: float, most: float, order: int) -> np.ndarray:
    """The same by Söderlind's formula, written out."""
    A, B, C, E, tol = RK45.A, RK45.B, RK45.C, RK45.E, 1e-5

    def f(y):
        return np.array([y[1], 5 * (1 - y[0] ** 2) * y[1] - y[0]])

    t, y, h, found, last, before = 0.0, np.array([2.0, 0.0]), 0.01, [0.0], 1.0, 1.0
    while t < 8.0:
        h = min(h, 8.0 - t)
        k = [f(y)]
        for a in A[1:]:
            k.append(f(y + h * (a[: len(k)] @ k)))
        new = y + h * (B @ k)
        k.append(f(new))
        size = np.sqrt(np.mean((h * (E @ k) / (tol + tol * np.maximum(abs(y), abs(new)))) ** 2))
        factor = safety * size ** (-(p + i + d) / order) * last ** ((p + 2 * d) / order) * before ** (-d / order)
        if size < 1:
            t, y = t + h, new
            found.append(t)
            last, before = size, last
            h *= np.clip(factor, 1.0, most)
        else:
            h *= np.clip(factor, least, safety)
    assert len(C) == 6
    return np.array(found)


COEFFICIENTS = {
    "I": (0.0, 1.0, 0.0, 0.9, 0.2, 10.0, 5),
    "PI": (0.4, 0.3, 0.0, 0.9, 0.2, 10.0, 5),
    "PID": (0.2, 0.4, 0.1, 0.8, 0.3, 4.0, 5),
    "order": (0.0, 0.7, 0.0, 0.9, 0.2, 10.0, 4),
}


@pytest.mark.parametrize("numbers", COEFFICIENTS.values(), ids=COEFFICIENTS)
def test_steps_follow_the_formula(numbers):
    p, i, d, safety, least, most, order = numbers
    ours = ends(pcoeff=p, icoeff=i, dcoeff=d, safety=safety, factormin=least, factormax=most, error_order=float(order))
    theirs = ends_in_numpy(*numbers)
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_no_step_is_longer_than_dtmax():
    free, limited = np.diff(ends()), np.diff(ends(dtmax=0.05))
    assert free.max() > 0.05
    assert limited.max() <= 0.05 * (1 + 1e-12)


def test_no_step_but_the_last_is_shorter_than_dtmin():
    free, limited = np.diff(ends()), np.diff(ends(dtmin=0.04))
    assert free[1:-1].min() < 0.04
    assert limited[:-1].min() >= 0.04 * (1 - 1e-12)


def test_below_dtmin_it_stops_if_that_is_not_forced():
    with pytest.raises(nde.SolveError, match="`dtmin`"):
        ends(dtmin=0.04, force_dtmin=False)


def test_a_stricter_norm_takes_more_steps():
    assert len(ends(norm=nde.max_norm)) > len(ends())


def test_without_dt0_the_first_step_keeps_the_tolerance():
    steps = ends(dt0=None)
    first = steps[1]
    assert 1e-4 < first < 0.5
    assert len(steps) <= len(ends()) + 5


def test_a_state_of_no_arrays_with_a_controller_that_remembers():
    controller = nde.PIDController(rtol=1e-3, atol=1e-6, pcoeff=0.3, icoeff=0.3, dcoeff=0.1)
    t0, t1, dt0 = (jnp.asarray(t, jnp.float32) for t in (0.0, 1.0, 0.1))
    term = nde.ODETerm(lambda t, y, args: y)
    sol = nde.diffeqsolve(term, nde.Tsit5(), t0, t1, dt0, {}, stepsize_controller=controller)
    assert sol.ys == {}
    assert sol.ts.dtype == jnp.float32


NUMBERS = ["pcoeff", "icoeff", "dcoeff", "dtmin", "dtmax", "factormin", "factormax", "safety", "error_order"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"dtmin": -1.0}, "dtmin"),
        ({"dtmax": 0.0}, "dtmax"),
        ({"dtmin": 0.2, "dtmax": 0.1}, "dtmin"),
        ({"factormin": 1.5}, "factormin"),
        ({"factormax": 0.5}, "factormax"),
        ({"safety": 2.0}, "safety"),
        *(({name: float("nan")}, name) for name in NUMBERS),
        ({"pcoeff": float("inf")}, "pcoeff"),
        ({"icoeff": -1.0}, "icoeff"),
        ({"dcoeff": float("-inf")}, "dcoeff"),
        ({"dtmin": float("inf")}, "dtmin"),
        ({"error_order": 0}, "error_order"),
        ({"error_order": -1}, "error_order"),
        ({"error_order": np.float64(0)}, "error_order"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(options, named):
    with pytest.raises(ValueError, match=f"`{named}="):
        nde.PIDController(rtol=1e-3, atol=1e-6, **options)


@pytest.mark.usefixtures("as_users_call_it")
@pytest.mark.parametrize("value", [True, np.True_])
@pytest.mark.parametrize("name", NUMBERS)
def test_truth_values_are_no_settings(name: str, value):
    with pytest.raises(TypeError, match=f"`{name}=True`; expected"):
        nde.PIDController(rtol=1e-3, atol=1e-6, **{name: value})


@pytest.mark.parametrize(("value", "error"), [(True, TypeError), (float("inf"), ValueError)])
@pytest.mark.parametrize("name", ["rtol", "atol"])
def test_tolerances_are_finite_numbers(name: str, value, error):
    with pytest.raises(error, match=f"{value}` in `{name}`; expected"):
        nde.PIDController(**{"rtol": 1e-3, "atol": 1e-3, name: {"a": 1e-3, "b": value}})


def test_predictive_coefficients_and_traced_settings_are_taken():
    """H0321 of Söderlind has a negative derivative coefficient."""
    settings = {"pcoeff": 1.0, "icoeff": 1.0, "dcoeff": -0.75, "dtmax": float("inf"), "error_order": 5}
    assert nde.PIDController(rtol=1e-3, atol=0, **settings).dcoeff == -0.75
    made = jax.jit(lambda x: nde.PIDController(rtol=x, atol=x, pcoeff=x, error_order=x).error_order)(-jnp.inf)
    assert made == -jnp.inf
