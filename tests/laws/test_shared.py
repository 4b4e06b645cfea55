"""Gradients of a `jax.vmap` to what its lanes share: the sum over them, however `vmap` and derivatives are nested."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export
from jax.sharding import Mesh, PartitionSpec

import nde
from tests.laws.compiling import quick_jit

pytestmark = pytest.mark.usefixtures("x64")

SAMPLES = 3
WAYS = {
    "checkpoints": (nde.Tsit5(), nde.RecursiveCheckpointAdjoint()),
    "few checkpoints": (nde.Tsit5(), nde.RecursiveCheckpointAdjoint(checkpoints=3)),
    "reversible": (nde.Reversible(nde.Bosh3()), nde.ReversibleAdjoint()),
    "interpolated": (nde.Tsit5(), nde.InterpolatedAdjoint(max_steps=256)),
    "backsolve": (nde.Heun(), nde.BacksolveAdjoint()),
}
ADAPTIVE = nde.PIDController(rtol=1e-3, atol=1e-5)


def shared_values() -> dict[str, jax.Array]:
    """Weights, an argument and a time, 20 numbers: too many for forward sensitivities."""
    weights = jax.random.normal(jax.random.key(0), (6, 3))
    return {"weights": weights, "rate": jnp.asarray(0.7), "end": jnp.asarray(1.1)}


def own_values(samples: int = SAMPLES) -> dict[str, jax.Array]:
    """What each sample has for itself; the second is faster than the first, and so on."""
    y0 = jax.random.normal(jax.random.key(1), (samples, 3))
    speed = jnp.linspace(1.0, 5.0, samples)
    xs = jnp.cumsum(jax.random.normal(jax.random.key(2), (samples, 6, 2)), axis=1)
    return {"y0": y0, "speed": speed, "xs": xs, "seed": jnp.arange(samples)}


def squash(weights: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.tanh(weights @ y)


def ode(shared: Any, own: Any) -> nde.AbstractTerm:
    """Some of the weights are captured, some are arguments."""
    del own
    return nde.ODETerm(lambda t, y, args: -args[1] * y + args[0] * squash(shared["weights"], y)[:3] + jnp.sin(t))


def cde(shared: Any, own: Any) -> nde.AbstractTerm:
    path = nde.LinearInterpolation(jnp.linspace(0.0, 1.2, 6), own["xs"])

    def field(t: Any, y: jax.Array, args: Any) -> jax.Array:
        return args[0] * jnp.stack([squash(shared["weights"], y)[:3], args[1] * jnp.cos(y)], -1)

    return nde.ControlTerm(field, path).to_ode()


def sde(shared: Any, own: Any) -> nde.AbstractTerm:
    noise = nde.VirtualBrownianTree(0.0, 2.0, 1e-3, (), jax.random.fold_in(jax.random.key(3), own["seed"]))
    diffusion = nde.ControlTerm(lambda t, y, args: 0.3 * squash(shared["weights"], y)[3:], noise, lambda f, dw: f * dw)
    return nde.MultiTerm(ode(shared, own), diffusion)


def loss(
    way: str,
    make: Callable[[Any, Any], nde.AbstractTerm] = ode,
    controller: nde.AbstractStepSizeController = nde.ConstantStepSize(),
    saveat: Callable[[jax.Array], nde.SaveAt] = lambda end: nde.SaveAt(t1=True),
) -> Callable[[Any, Any], jax.Array]:
    """A loss of one sample: of what is shared and of its own."""
    solver, adjoint = WAYS[way]

    def of_sample(shared: Any, own: Any) -> jax.Array:
        sol = nde.diffeqsolve(
            make(shared, own),
            solver,
            0.0,
            shared["end"],
            None if controller.grid is not None else 0.1,
            own["y0"],
            args=(shared["rate"], own["speed"]),
            saveat=saveat(shared["end"]),
            stepsize_controller=controller,
            adjoint=adjoint,
            max_steps=256,
        )
        values = sol.interpolation.evaluate(0.5) if sol.ys is None else sol.ys
        return sum(jnp.sum(jnp.where(jnp.isfinite(y), y, 0.0) ** 2) for y in jax.tree.leaves(values))

    return of_sample


def total(of_sample: Callable[[Any, Any], jax.Array]) -> Callable[[Any, Any], jax.Array]:
    """The loss of a batch, as people write it."""
    return lambda shared, own: jnp.sum(jax.vmap(of_sample, in_axes=(None, 0))(shared, own))


def sample(own: Any, i: int) -> Any:
    return jax.tree.map(lambda x: x[i], own)


def slopes(of_sample: Callable[[Any, Any], jax.Array]) -> Callable[[Any, Any], Any]:
    """The gradient to what is shared and to the initial state."""

    def slopes(shared: Any, own: Any) -> Any:
        def of(shared: Any, y0: jax.Array) -> jax.Array:
            return of_sample(shared, {**own, "y0": y0})

        return jax.grad(of, argnums=(0, 1))(shared, own["y0"])

    return slopes


def one_by_one(of_sample: Callable[[Any, Any], jax.Array], shared: Any, own: Any) -> Any:
    """The gradients of all samples, one after the other."""
    alone = quick_jit(slopes(of_sample))
    samples = len(own["seed"])
    return jax.tree.map(lambda *x: jnp.stack(x), *(alone(shared, sample(own, i)) for i in range(samples)))


def assert_close(got: Any, wanted: Any, rtol: float = 1e-9) -> None:
    """To rounding, of the largest number of each array."""
    for g, w in zip(jax.tree.leaves(got), jax.tree.leaves(wanted), strict=True):
        assert g.shape == w.shape
        np.testing.assert_allclose(g, w, rtol=rtol, atol=rtol * np.abs(w).max())


def check(of_sample: Callable[[Any, Any], jax.Array], samples: int = SAMPLES, rtol: float = 1e-9) -> None:
    """Both nestings against a loop."""
    shared, own = shared_values(), own_values(samples)
    weights, states = one_by_one(of_sample, shared, own)
    assert_close(quick_jit(jax.vmap(slopes(of_sample), in_axes=(None, 0)))(shared, own), (weights, states), rtol)
    together = quick_jit(slopes(total(of_sample)))(shared, own)
    assert_close(together, (jax.tree.map(lambda x: x.sum(0), weights), states), rtol)


@pytest.mark.parametrize("way", WAYS)
def test_of_odes(way: str):
    """Each sample takes steps of its own."""
    check(loss(way, controller=ADAPTIVE))


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_of_odes_in_constant_steps(way: str):
    check(loss(way))


@pytest.mark.parametrize(
    ("way", "make"),
    [
        ("checkpoints", sde),
        ("reversible", cde),
        pytest.param("checkpoints", cde, marks=pytest.mark.slow),
        pytest.param("reversible", sde, marks=pytest.mark.slow),
        pytest.param("backsolve", cde, marks=pytest.mark.slow),
        pytest.param("backsolve", sde, marks=pytest.mark.slow),
    ],
)
def test_along_data_and_noise(way: str, make: Callable[[Any, Any], nde.AbstractTerm]):
    def of_sample(shared: Any, own: Any) -> jax.Array:
        end = jax.lax.stop_gradient(shared["end"])
        controller = nde.StepTo(jnp.linspace(0.0, 1.0, 12) * end) if make is cde else nde.ConstantStepSize()
        return loss(way, make, controller)({**shared, "end": end}, own)

    check(of_sample)


SAVED = {
    "times": lambda end: nde.SaveAt(ts=jnp.asarray([0.0, 0.25, 0.5, 1.0]) * end),
    "steps": lambda end: nde.SaveAt(steps=True, t0=True),
    "every other step": lambda end: nde.SaveAt(steps=2),
    "dense": lambda end: nde.SaveAt(dense=True),
    "parts": lambda end: nde.SaveAt(
        subs=[nde.SubSaveAt(t1=True), nde.SubSaveAt(ts=jnp.asarray([0.3]), fn=lambda t, y, args: args[0] * y[0])]
    ),
}


def all_but_some_slow(cases: dict[str, Any], quick: tuple[str, ...]) -> list[Any]:
    return [pytest.param(case, marks=() if case in quick else pytest.mark.slow) for case in cases]


@pytest.mark.parametrize("form", all_but_some_slow(SAVED, ("times", "steps", "parts")))
def test_of_everything_that_is_saved(form: str):
    check(loss("checkpoints", controller=ADAPTIVE, saveat=SAVED[form]))


@pytest.mark.slow
@pytest.mark.parametrize("form", SAVED)
def test_of_everything_that_is_saved_by_the_adjoint_equation(form: str):
    """Some samples have more steps than others, and the field is not for the infinite times behind the last."""
    check(loss("backsolve", controller=ADAPTIVE, saveat=SAVED[form]))


@pytest.mark.slow
def test_values_saved_inside_of_steps_taken_back():
    check(loss("reversible", saveat=SAVED["times"]))


def test_few_inputs_whose_derivatives_are_carried_along():
    """As far as one or the other is chosen: the state and the time alone are four numbers."""

    def of_sample(shared: Any, own: Any) -> jax.Array:
        constant = jax.lax.stop_gradient(shared["weights"])
        return loss("checkpoints")({**shared, "weights": constant}, own)

    check(of_sample)


def gradients_of(of_sample: Callable[[Any, Any], jax.Array]) -> tuple[Any, Any]:
    """To what is shared: of each member of an ensemble and each sample, one by one, and of both at once."""
    members = jax.tree.map(lambda x: jnp.stack([x, 0.8 * x]), shared_values())
    own = own_values()
    each = [one_by_one(of_sample, sample(members, m), own)[0] for m in range(2)]
    return members, jax.tree.map(lambda *x: jnp.stack(x), *each)


@pytest.mark.parametrize("way", ["checkpoints", pytest.param("backsolve", marks=pytest.mark.slow)])
def test_ensembles(way: str):
    """Weights differ outside and data inside, or the reverse."""
    of_sample, own = loss(way, controller=ADAPTIVE), own_values()
    members, each = gradients_of(of_sample)

    def data_inside(members: Any) -> jax.Array:
        return jnp.sum(jax.vmap(total(of_sample), in_axes=(0, None))(members, own))

    def data_outside(members: Any) -> jax.Array:
        of_members = lambda own: jnp.sum(jax.vmap(of_sample, in_axes=(0, None))(members, own))
        return jnp.sum(jax.vmap(of_members)(own))

    of_each_member = jax.vmap(jax.grad(total(of_sample)), in_axes=(0, None))
    wanted = jax.tree.map(lambda x: x.sum(1), each)
    assert_close(quick_jit(jax.grad(data_inside))(members), wanted)
    assert_close(quick_jit(jax.grad(data_outside))(members), wanted)
    assert_close(quick_jit(of_each_member)(members, own), wanted)


def test_three_levels_of_vmap():
    """All of the same weights, and some arrays that differ at one level alone."""
    of_sample, shared, own = loss("checkpoints"), shared_values(), own_values(2)

    def scaled(shared: Any, own: Any, scale: jax.Array, lift: jax.Array) -> jax.Array:
        return of_sample({**shared, "rate": shared["rate"] * scale}, {**own, "y0": own["y0"] + lift})

    scales, lifts = jnp.asarray([0.5, 1.0, 1.5]), jnp.asarray([0.0, 0.3])

    def of_all(shared: Any, scales: jax.Array, lifts: jax.Array) -> jax.Array:
        inner = jax.vmap(scaled, in_axes=(None, None, None, 0))
        middle = jax.vmap(inner, in_axes=(None, 0, None, None))
        outer = jax.vmap(middle, in_axes=(None, None, 0, None))
        return jnp.sum(outer(shared, own, scales, lifts))

    got = quick_jit(jax.grad(of_all, argnums=(0, 1, 2)))(shared, scales, lifts)
    alone = quick_jit(jax.grad(scaled, argnums=(0, 2, 3)))
    wanted = jax.tree.map(jnp.zeros_like, (shared, scales, lifts))
    for i in range(2):
        for s in range(3):
            for m in range(2):
                a, b, c = alone(shared, sample(own, i), scales[s], lifts[m])
                wanted = (jax.tree.map(jnp.add, wanted[0], a), wanted[1].at[s].add(b), wanted[2].at[m].add(c))
    assert_close(got, wanted)


@pytest.mark.parametrize("way", ["checkpoints", pytest.param("backsolve", marks=pytest.mark.slow)])
def test_hessians(way: str):
    """Forward over reverse, of the batch and of each sample."""
    of_sample, own = loss(way), own_values(2)

    def of_few(of: Callable[[Any, Any], jax.Array]) -> Callable[[jax.Array, Any], jax.Array]:
        shared = shared_values()
        spread = lambda x: {**shared, "weights": shared["weights"] + x[0], "rate": shared["rate"] * x[1]}
        return jax.jacfwd(jax.grad(lambda x, own: of(spread(x), own)))

    x = jnp.asarray([0.1, 1.2])
    alone = quick_jit(of_few(of_sample))
    each = jnp.stack([alone(x, sample(own, i)) for i in range(2)])
    assert_close(quick_jit(of_few(total(of_sample)))(x, own), each.sum(0))
    assert_close(quick_jit(jax.vmap(of_few(of_sample), in_axes=(None, 0)))(x, own), each)


def in_shards(of: Callable[[Any, Any], jax.Array]) -> Callable[[Any, Any], jax.Array]:
    mesh = Mesh(jax.devices()[:1], ("devices",))

    def part(shared: Any, own: Any) -> jax.Array:
        return jax.lax.psum(of(shared, own), "devices")

    specs = PartitionSpec(), PartitionSpec("devices")
    return jax.shard_map(part, mesh=mesh, in_specs=specs, out_specs=PartitionSpec(), check_vma=False)


AROUND = {
    "jit outside": lambda of: jax.jit(jax.grad(total(of))),
    "jit between": lambda of: jax.grad(jax.jit(total(of))),
    "jit inside": lambda of: jax.grad(total(jax.jit(of))),
    "nothing": lambda of: jax.grad(total(of)),
    "checkpoint": lambda of: jax.jit(jax.grad(total(jax.checkpoint(of)))),
    "checkpoint of the batch": lambda of: jax.jit(jax.grad(jax.checkpoint(total(of)))),
    "scan": lambda of: jax.jit(
        jax.grad(
            lambda shared, own: jax.lax.scan(
                lambda sum_, own: (sum_ + total(of)(shared, own), None), 0.0, jax.tree.map(lambda x: x[None], own)
            )[0]
        )
    ),
    "shard_map": lambda of: jax.jit(jax.grad(in_shards(total(of)))),
    "pmap": lambda of: (
        lambda shared, own: jax.tree.map(
            lambda x: x[0],
            jax.pmap(jax.grad(total(of)), in_axes=(None, 0))(shared, jax.tree.map(lambda x: x[None], own)),
        )
    ),
}


@functools.cache
def in_constant_steps() -> Any:
    """The gradients of all samples in the plainest case."""
    return one_by_one(loss("checkpoints"), shared_values(), own_values())


@pytest.mark.parametrize("around", all_but_some_slow(AROUND, ("jit between", "nothing", "checkpoint", "shard_map")))
def test_inside_of_other_transformations(around: str):
    got = AROUND[around](loss("checkpoints"))(shared_values(), own_values())
    assert_close(got, jax.tree.map(lambda x: x.sum(0), in_constant_steps()[0]))


def test_marks_of_differing_devices_are_refused_in_words():
    mesh = Mesh(jax.devices()[:1], ("devices",))
    spec = PartitionSpec("devices")
    captured = lambda y: nde.odeint(lambda t, x: -y * x, jnp.ones(2), jnp.linspace(0.0, 1.0, 3))
    for solve in (lambda y: nde.odeint(lambda t, y: -y, y, jnp.linspace(0.0, 1.0, 3)), captured):
        with pytest.raises(TypeError, match="check_vma=False"):
            jax.shard_map(solve, mesh=mesh, in_specs=spec, out_specs=spec)(jnp.ones(2))


@pytest.mark.parametrize("adjoint", [nde.ForwardMode(), nde.DirectAdjoint()], ids=["forward", "direct"])
def test_tangents_of_a_batch(adjoint: nde.AbstractAdjoint, monkeypatch: pytest.MonkeyPatch):
    """In forward mode, against reverse mode."""
    shared, own = shared_values(), own_values()
    weights, _ = in_constant_steps()
    monkeypatch.setitem(WAYS, "tangents", (nde.Tsit5(), adjoint))
    direction = jax.tree.map(lambda x: 0.5 * jnp.ones_like(x), shared)
    _, change = quick_jit(lambda shared: jax.jvp(lambda s: total(loss("tangents"))(s, own), (shared,), (direction,)))(
        shared
    )
    wanted = sum(jnp.sum(x * d) for x, d in zip(jax.tree.leaves(weights), map(jnp.asarray, (0.5,) * 3), strict=True))
    np.testing.assert_allclose(change, wanted, rtol=1e-9)


def test_export():
    def slopes(weights: jax.Array, y0: jax.Array) -> jax.Array:
        def final(y0: jax.Array) -> jax.Array:
            term = nde.ODETerm(lambda t, y, args: squash(args, y))
            return nde.diffeqsolve(term, nde.Heun(), 0.0, 1.0, 0.1, y0, args=weights, throw=False).ys

        return jnp.sum(jax.vmap(final)(y0))

    weights, y0 = jax.random.normal(jax.random.key(0), (5, 5)), jnp.ones((2, 5))
    program = export.export(jax.jit(jax.grad(slopes)))(weights, y0)
    np.testing.assert_allclose(program.call(weights, y0), jax.jit(jax.grad(slopes))(weights, y0), rtol=1e-12)


def test_lanes_that_share_everything_but_their_number():
    """What no lane has for itself is solved once, as it was."""
    of_sample, shared, own = loss("checkpoints"), shared_values(), sample(own_values(), 0)
    wanted = quick_jit(jax.grad(of_sample))(shared, own)
    thrice = lambda shared: jnp.sum(jax.vmap(lambda _: of_sample(shared, own))(jnp.arange(3)))
    assert_close(quick_jit(jax.grad(thrice))(shared), jax.tree.map(lambda x: 3 * x, wanted))


@pytest.mark.parametrize("way", ["checkpoints", "reversible", "backsolve"])
def test_memory_does_not_grow_with_lanes_times_weights(way: str):
    """The cotangent of weights is kept once, not for each lane."""
    solver, adjoint = WAYS[way]
    width = 100

    def final(weights: jax.Array, y0: jax.Array) -> jax.Array:
        term = nde.ODETerm(lambda t, y, args: squash(args, y))
        return nde.diffeqsolve(term, solver, 0.0, 1.0, 0.1, y0, args=weights, adjoint=adjoint, max_steps=16).ys

    def taken(lanes: int) -> int:
        slope = jax.grad(lambda weights, y0: jnp.sum(jax.vmap(final, in_axes=(None, 0))(weights, y0)))
        return nde.compiled_memory(slope, jnp.ones((width, width)), jnp.ones((lanes, width)))

    assert taken(128) - taken(64) < 0.5 * 64 * 8 * width**2


@pytest.mark.parametrize("adjoint", [nde.BacksolveAdjoint, nde.InterpolatedAdjoint])
def test_steps_back_that_are_rejected_as_infinite(adjoint: Any, monkeypatch: pytest.MonkeyPatch):
    """They add nothing to the sum, not even zero times a derivative that is none."""
    controller = nde.PIDController(rtol=1e-3, atol=1e-5, norm=nde.adjoint_rms_seminorm)
    monkeypatch.setitem(WAYS, "roots", (nde.Heun(), adjoint(stepsize_controller=controller, dt0=1.0)))

    def roots(shared: Any, own: Any) -> nde.AbstractTerm:
        del own
        return nde.ODETerm(lambda t, y, args: 3.0 * y + jnp.sqrt(y) + 0.1 * squash(shared["weights"], y)[3:])

    def of_sample(shared: Any, own: Any) -> jax.Array:
        return loss("roots", roots, ADAPTIVE)(shared, {**own, "y0": 1.0 + jnp.abs(own["y0"])})

    check(of_sample)


@pytest.mark.parametrize("way", ["checkpoints", "reversible"])
def test_lanes_that_see_each_other(way: str):
    """`y' = mean(y) - rate y`: the gradient of the batch to the rate, in which each lane acts on all."""
    solver, adjoint = WAYS[way]
    y0 = jnp.tile(jnp.asarray([[0.0], [1.0], [5.0]]), (1, 20))

    def final(rate: jax.Array, y0: jax.Array) -> jax.Array:
        term = nde.ODETerm(lambda t, y, args: jax.lax.pmean(y, "lanes") - args * y)
        return nde.diffeqsolve(term, solver, 0.0, 1.0, 0.02, y0, args=rate, adjoint=adjoint, max_steps=64).ys[0]

    lanes = jax.vmap(final, in_axes=(None, 0), axis_name="lanes")
    to_rate, to_y0 = quick_jit(jax.grad(lambda rate, y0: jnp.sum(lanes(rate, y0)), argnums=(0, 1)))(
        jnp.full(20, 2.0), y0
    )
    np.testing.assert_allclose(to_rate, -6.0 * np.exp(-1.0), rtol=1e-3)
    np.testing.assert_allclose(to_y0, np.exp(-1.0), rtol=1e-3)
