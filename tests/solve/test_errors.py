"""Arguments that are not what the front door wants: each is refused in words that name it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

DECAY = nde.ODETerm(lambda t, y, args: -y)
PID = nde.PIDController(rtol=1e-3, atol=1e-6)


pytestmark = pytest.mark.usefixtures("as_users_call_it")


def solve(terms=DECAY, solver=nde.Tsit5(), *, t0=0.0, t1=1.0, dt0=0.1, y0=1.0, **options):
    return nde.diffeqsolve(terms, solver, t0, t1, dt0, y0, **options)


INSTANCES = {
    "terms": (nde.ODETerm, None, DECAY.vector_field, (DECAY, DECAY)),
    "solver": (nde.Tsit5, None, "tsit5"),
    "stepsize_controller": (nde.PIDController, None, 0.1),
    "saveat": (nde.SaveAt, None, [0.0, 1.0]),
    "adjoint": (nde.DirectAdjoint, None, "direct"),
    "progress_meter": (nde.TextProgressMeter, None, True),
    "event": (nde.AbstractEvent, lambda *_: True),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in INSTANCES.items() for value in values])
@pytest.mark.parametrize("jit", [False, True])
def test_an_instance_is_wanted(name, value, jit):
    def final(y0):
        return solve(y0=y0, **{name: value}).ys

    with pytest.raises(TypeError, match=rf"`diffeqsolve` got .* as `{name}`; expected"):
        (jax.jit(final) if jit else final)(1.0)


TIMES = {
    "text": ("1", TypeError, "got `'1'` as"),
    "a class": (float, TypeError, "got the class float as"),
    "shape (1,)": (jnp.ones(1), ValueError, r"of shape \(1,\); expected a single number"),
    "a list": ([1.0], (TypeError, ValueError), "expected"),
    "complex": (1.0j, TypeError, "must be real"),
}


@pytest.mark.parametrize("name", ["t0", "t1", "dt0"])
@pytest.mark.parametrize(("value", "error", "message"), TIMES.values(), ids=TIMES)
def test_times_are_single_real_numbers(name, value, error, message):
    with pytest.raises(error, match=message):
        solve(**{name: value})


@pytest.mark.parametrize("name", ["t0", "t1"])
def test_both_ends_are_wanted(name):
    with pytest.raises(TypeError, match=f"got `None` as `{name}`"):
        solve(**{name: None})


def test_a_state_is_made_of_numbers():
    with pytest.raises(TypeError, match="Got `'one'` in the state `y0`"):
        solve(y0=(1.0, "one"))


@pytest.mark.parametrize("max_steps", [np.int64(100), np.int32(100), np.asarray(100), jnp.asarray(100)], ids=repr)
def test_integers_of_any_kind_bound_the_steps(max_steps):
    sol = solve(max_steps=max_steps, saveat=nde.SaveAt(steps=True))
    assert sol.ys.shape == (100,)
    assert sol.stats["max_steps"] == 100
    assert type(sol.stats["max_steps"]) is int


@pytest.mark.parametrize("max_steps", [100.0, "100", True, np.bool_(True), np.float64(100), jnp.ones(2, int)], ids=repr)
def test_other_things_do_not(max_steps):
    with pytest.raises(TypeError, match="as `max_steps`; expected an integer"):
        solve(max_steps=max_steps)


def test_a_bound_that_is_traced():
    with pytest.raises(TypeError, match="known before the solve is compiled"):
        jax.jit(lambda n: solve(max_steps=n).ys)(100)


@pytest.mark.parametrize("max_steps", [0, -3])
def test_a_bound_is_positive(max_steps):
    with pytest.raises(ValueError, match=f"`max_steps={max_steps}`; expected a positive number"):
        solve(max_steps=max_steps)


@pytest.mark.parametrize("every", [{"steps": 5}, {"subs": [nde.SubSaveAt(t1=True), nde.SubSaveAt(steps=5)]}])
def test_steps_of_which_none_would_be_saved(every):
    with pytest.raises(ValueError, match=r"`SaveAt\(steps=5\)` with `max_steps=4`: no step would ever be saved"):
        solve(max_steps=4, saveat=nde.SaveAt(**every))


SAVEAT = {
    "a single time": ({"ts": 0.5}, ValueError, r"shape \(\).*`ts=\[t\]`"),
    "a table of times": ({"ts": jnp.ones((2, 2))}, ValueError, r"shape \(2, 2\)"),
    "text as times": ({"ts": "ab"}, TypeError, "got `'ab'`"),
    "complex times": ({"ts": jnp.asarray([0.5j])}, TypeError, "must be real"),
    "half a step": ({"steps": 1.5}, TypeError, "got `1.5`.*whole number"),
    "negative steps": ({"steps": -1}, ValueError, "got -1"),
    "a number for a function": ({"t1": True, "fn": 3}, TypeError, "got `3`; expected a function"),
    "a time for a truth": ({"t1": 1.0}, TypeError, r"`SaveAt\(t1=\.\.\.\)` got `1\.0`; expected `True`"),
    "times for a truth": ({"dense": [0.5]}, TypeError, r"`SaveAt\(dense=\.\.\.\)` got a list"),
    "subs of another kind": ({"subs": [0.5]}, TypeError, "got `0.5`; expected"),
}


@pytest.mark.parametrize(("given", "error", "message"), SAVEAT.values(), ids=SAVEAT)
def test_what_to_save(given, error, message):
    with pytest.raises(error, match=message):
        nde.SaveAt(**given)


def test_states_of_an_earlier_solve():
    for name in ("solver_state", "controller_state"):
        with pytest.raises(TypeError, match=f"got `3` as `{name}`; expected `sol.{name}`"):
            solve(**{name: 3})
    with pytest.raises(TypeError, match="as `made_jump`"):
        solve(made_jump="yes")
    with pytest.raises(TypeError, match="as `throw`"):
        solve(throw=jnp.asarray(True))


@pytest.mark.parametrize("name", ["odeint", "cdeint", "sdeint"])
def test_the_one_line_doors_want_times(name):
    path = nde.LinearInterpolation(jnp.asarray([0.0, 1.0]), jnp.zeros((2, 1)))
    calls = {
        "odeint": lambda ts: nde.odeint(lambda t, y: -y, 1.0, ts),
        "cdeint": lambda ts: nde.cdeint(lambda t, y: -y[:, None], path, jnp.ones(1), ts),
        "sdeint": lambda ts: nde.sdeint(lambda t, y: -y, lambda t, y: 0.1, 1.0, ts, jax.random.key(0)),
    }
    with pytest.raises(TypeError, match=rf"`{name}` got `0\.5` as `ts`"):
        calls[name](0.5)
    with pytest.raises(ValueError, match=f"`{name}` got 1 times"):
        calls[name]([0.5])


CONTROLLERS = {
    "no tolerance": ({"atol": None}, ValueError, "`None` for a tolerance"),
    "text": ({"rtol": "1e-3"}, TypeError, "got `'1e-3'` in `rtol`"),
    "complex": ({"atol": 1j}, TypeError, "in `atol`"),
    "no norm": ({"norm": 2}, TypeError, "norm=2"),
    "many steps": ({"dtmin": jnp.ones(1)}, ValueError, r"`dtmin` of shape \(1,\)"),
    "text as a step": ({"dtmax": "1"}, TypeError, "dtmax='1'"),
    "text as a coefficient": ({"pcoeff": "a"}, TypeError, "pcoeff='a'"),
}


@pytest.mark.parametrize(("given", "error", "message"), CONTROLLERS.values(), ids=CONTROLLERS)
def test_settings_of_a_controller(given, error, message):
    with pytest.raises(error, match=message):
        solve(stepsize_controller=nde.PIDController(**{"rtol": 1e-3, "atol": 1e-6, **given}))


def test_a_class_to_be_clipped():
    with pytest.raises(TypeError, match="expected a controller such as"):
        nde.ClipStepSizeController(nde.PIDController, jump_ts=[0.5])


@pytest.mark.parametrize("save", [{"t1": True}, {"t0": True, "ts": [0.3, 0.6], "steps": 2, "t1": True}, {"ts": [0.5]}])
@pytest.mark.parametrize("costly", [False, True])
def test_a_save_function_may_return_nothing(save, costly):
    """Neither the whole nor a part; a costly field is saved by another recorder."""
    weights = jnp.ones((64, 64)) / 64

    def field(t, y, args):
        return -y * jnp.mean(weights @ weights) * 64 if costly else -y

    nothing = solve(nde.ODETerm(field), saveat=nde.SaveAt(fn=lambda t, y, args: None, **save))
    assert nothing.ys is None
    part = solve(nde.ODETerm(field), saveat=nde.SaveAt(fn=lambda t, y, args: {"y": y, "none": None}, **save))
    whole = solve(nde.ODETerm(field), saveat=nde.SaveAt(**save))
    assert part.ys["none"] is None
    np.testing.assert_array_equal(part.ys["y"], whole.ys)
    np.testing.assert_array_equal(nothing.ts, whole.ts)
