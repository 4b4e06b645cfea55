"""Complex Brownian motion: two independent real ones, divided by the root of two."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde

pytestmark = pytest.mark.usefixtures("x64")

SAMPLES = 4000
MOTIONS = {
    "tree": lambda shape, key, area: nde.VirtualBrownianTree(0.0, 2.0, 1e-2, shape, key, levy_area=area),
    "unsafe": lambda shape, key, area: nde.UnsafeBrownianPath(shape, key, levy_area=area),
}


def complex_scalar() -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((), jnp.complex128)


@pytest.mark.parametrize("name", MOTIONS)
def test_each_part_of_a_number_has_half_of_the_variance(name: str) -> None:
    """So the size has the variance of a real one, and the mean of the square is zero."""

    def increment(key):
        return MOTIONS[name](complex_scalar(), key, nde.SpaceTimeTimeLevyArea).evaluate(0.3, 1.5, use_levy=True)

    found = jax.vmap(increment)(jax.random.split(jax.random.key(1), SAMPLES))
    for part, variance in ((found.W, 1.2), (found.H, 1.2 / 12), (found.K, 1.2 / 720)):
        assert part.dtype == jnp.complex128
        np.testing.assert_allclose(np.var(part.real), variance / 2, rtol=0.1)
        np.testing.assert_allclose(np.var(part.imag), variance / 2, rtol=0.1)
        assert abs(np.mean(part**2)) < 0.1 * variance


def test_pieces_add_up() -> None:
    tree = MOTIONS["tree"](complex_scalar(), jax.random.key(0), nde.SpaceTimeLevyArea)
    whole, first, second = (tree.evaluate(*ends) for ends in ((0.25, 1.25), (0.25, 0.75), (0.75, 1.25)))
    np.testing.assert_allclose(whole, first + second, rtol=1e-12)


def test_real_and_complex_leaves_go_together() -> None:
    shape = {"a": jax.ShapeDtypeStruct((2,), jnp.float32), "b": jax.ShapeDtypeStruct((3,), jnp.complex64)}
    found = MOTIONS["tree"](shape, jax.random.key(0), nde.BrownianIncrement).evaluate(0.0, 1.0)
    assert jax.tree.map(lambda x: (x.shape, x.dtype), found) == {"a": ((2,), jnp.float32), "b": ((3,), jnp.complex64)}


SOLVERS = {
    "Heun": (nde.Heun(), nde.ConstantStepSize()),
    "EulerHeun": (nde.EulerHeun(), nde.ConstantStepSize()),
    "ShARK, adaptive": (nde.ShARK(), nde.PIDController(rtol=1e-2, atol=1e-2)),
}


@pytest.mark.parametrize(("solver", "controller"), SOLVERS.values(), ids=SOLVERS)
def test_an_oscillator_with_complex_noise(solver, controller) -> None:
    """`dz = (-1 + 2i) z dt + dW / 2` has mean `exp((-1 + 2i) t)` and variance `(1 - exp(-2 t)) / 8`."""

    def end(key):
        motion = nde.BrownianMotion(complex_scalar(), key, levy_area=nde.SpaceTimeLevyArea)
        noise = nde.ControlTerm(lambda t, z, args: jnp.asarray(0.5 + 0j), motion)
        terms = nde.MultiTerm(nde.ODETerm(lambda t, z, args: (-1 + 2j) * z), noise)
        return nde.diffeqsolve(terms, solver, 0.0, 1.0, 0.02, jnp.asarray(1 + 0j), stepsize_controller=controller).ys[0]

    ends = jax.jit(jax.vmap(end))(jax.random.split(jax.random.key(1), SAMPLES))
    mean = np.exp(-1 + 2j)
    np.testing.assert_allclose(np.mean(ends), mean, atol=0.03)
    np.testing.assert_allclose(np.mean(np.abs(ends - mean) ** 2), (1 - np.exp(-2)) / 8, rtol=0.1)


REFUSED = {
    "areas": lambda: nde.BrownianMotion(
        jax.ShapeDtypeStruct((2,), jnp.complex128), jax.random.key(0), levy_area=nde.FosterLevyArea
    ),
    "Milstein": lambda: nde.diffeqsolve(oscillator(), nde.ItoMilstein(), 0.0, 1.0, 0.1, 1 + 0j),
    "correction": lambda: nde.ito_to_stratonovich(oscillator()).vf(0.0, jnp.asarray(1 + 0j), None),
}


def oscillator() -> nde.MultiTerm:
    noise = nde.ControlTerm(lambda t, z, args: 0.5 * z, nde.BrownianMotion(complex_scalar(), jax.random.key(0)))
    return nde.MultiTerm(nde.ODETerm(lambda t, z, args: -z), noise)


@pytest.mark.parametrize("made", REFUSED.values(), ids=REFUSED)
def test_formulae_for_real_noise_refuse_it(made) -> None:
    with pytest.raises(TypeError, match="complex"):
        made()
