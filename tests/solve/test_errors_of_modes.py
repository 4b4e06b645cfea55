"""Modes of differentiation that an adjoint does not have: refused in words, wherever the solve stands."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde


def final(adjoint):
    def run(y0):
        """Of a field that is neither cheap nor linear."""
        field = nde.ODETerm(lambda t, y, args: -(y**2) * jnp.mean(jnp.sin(args * jnp.ones(4000)) ** 2))
        return nde.diffeqsolve(field, nde.ReversibleHeun(), 0.0, 1.0, 0.25, y0, 0.5, adjoint=adjoint, max_steps=8).ys[0]

    return run


def cheap(y0):
    """Of a field whose gradient is carried forward along with the solve."""
    return nde.diffeqsolve(nde.ODETerm(lambda t, y, args: -(y**2)), nde.Heun(), 0.0, 1.0, 0.25, y0).ys[0]


REVERSE = {
    "RecursiveCheckpointAdjoint": final(nde.RecursiveCheckpointAdjoint()),
    "RecursiveCheckpointAdjoint, cheap": cheap,
    "ReversibleAdjoint": final(nde.ReversibleAdjoint()),
    "BacksolveAdjoint": final(nde.BacksolveAdjoint()),
    "InterpolatedAdjoint": final(nde.InterpolatedAdjoint()),
}
FORWARD = {
    "jvp": lambda f: jax.jvp(f, (1.0,), (1.0,)),
    "jvp of jit": lambda f: jax.jvp(jax.jit(f), (1.0,), (1.0,)),
    "jit of jvp": lambda f: jax.jit(lambda y: jax.jvp(f, (y,), (1.0,)))(1.0),
    "jacfwd": lambda f: jax.jacfwd(f)(1.0),
    "jacfwd of jit": lambda f: jax.jacfwd(jax.jit(f))(1.0),
    "linearize": lambda f: jax.linearize(f, 1.0)[1](1.0),
    "linearize of jit": lambda f: jax.linearize(jax.jit(f), 1.0)[1](1.0),
    "jvp of scan": lambda f: jax.jvp(lambda y: jax.lax.scan(lambda y, _: (f(y), None), y, length=2)[0], (1.0,), (1.0,)),
}


@pytest.mark.parametrize("way", FORWARD.values(), ids=FORWARD)
@pytest.mark.parametrize("name", REVERSE)
def test_forward_mode(name, way):
    with pytest.raises(TypeError, match=rf"`{name.split(',')[0]}`, which has reverse mode only\. Pass `adjoint=nde"):
        way(REVERSE[name])


TWICE = {
    "grad of grad": lambda f: jax.grad(jax.grad(f))(1.0),
    "jacrev of jit of grad": lambda f: jax.jacrev(jax.jit(jax.grad(f)))(1.0),
    "grad of the value beside a gradient": lambda f: jax.grad(lambda y: jax.value_and_grad(f)(y)[0])(1.0),
}


@pytest.mark.parametrize("way", TWICE.values(), ids=TWICE)
@pytest.mark.parametrize("name", REVERSE)
def test_reverse_over_reverse(name, way):
    with pytest.raises(RuntimeError, match=rf"`{name.split(',')[0]}`, which has it once\. For Hessians"):
        way(REVERSE[name])


@pytest.mark.parametrize("way", [lambda f: f, jax.jit], ids=["plain", "jit"])
def test_reverse_mode_of_forward_mode(way):
    with pytest.raises(RuntimeError, match=r"`ForwardMode`, which has forward mode only\. Leave out"):
        jax.grad(way(final(nde.ForwardMode())))(1.0)


@pytest.mark.parametrize("name", ["RecursiveCheckpointAdjoint", "ReversibleAdjoint"])
def test_a_gate_lets_through_what_there_is(name):
    """Gradients inside and outside `vmap` and `checkpoint`, and Hessians forward over reverse."""
    f, direct, y0 = REVERSE[name], final(nde.DirectAdjoint()), jnp.asarray([0.5, 1.0])
    wanted = jax.vmap(jax.grad(direct))(y0)
    np.testing.assert_allclose(jax.vmap(jax.grad(f))(y0), wanted, rtol=1e-4)
    np.testing.assert_allclose(jax.grad(lambda y: jnp.sum(jax.vmap(jax.checkpoint(f))(y)))(y0), wanted, rtol=1e-4)
    np.testing.assert_allclose(jax.hessian(jax.jit(f))(1.0), jax.hessian(direct)(1.0), rtol=1e-3)


def test_a_gate_lets_through_a_gradient_carried_forward():
    """`y1 = y0 / (1 + y0)`."""
    np.testing.assert_allclose(jax.grad(lambda y: jnp.sum(jax.vmap(cheap)(y)))(jnp.ones(2)), [0.25, 0.25], rtol=0.1)
    np.testing.assert_allclose(jax.hessian(cheap)(1.0), -0.25, rtol=0.1)


def test_of_a_state_at_rest_to_where_it_was_begun():
    def at_rest(y0):
        term = nde.ODETerm(lambda t, y, args: args["level"] - y)
        return nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.1, y0, {"level": 1.0}, adjoint=nde.ImplicitAdjoint()).ys[
            0
        ]

    assert jax.grad(at_rest)(1.0) == 0
    assert jax.jvp(at_rest, (1.0,), (1.0,))[1] == 0
