"""The parts of Equinox and JAX in use that carry no promise: which they are, and that they do what we need.

An upgrade that changes one fails here, with its name.
"""

import ast
from pathlib import Path

import equinox.internal as eqxi
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.core import ShapedArray, Tracer, eval_jaxpr
from jax.experimental import multihost_utils
from jax.experimental.jet import jet
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal, Primitive, Var, get_opaque_trace_state
from jax.interpreters import ad, batching, mlir

SOURCE = Path(__file__).parents[2] / "src" / "nde"
UNPROMISED = (
    "equinox.internal",
    "equinox._",
    "jax.core",
    "jax.custom_derivatives",
    "jax.experimental",
    "jax.extend",
    "jax.interpreters",
    "jax._src",
    "lineax._",
)
IN_USE = {
    "equinox.internal.nondifferentiable",
    "equinox.internal.nondifferentiable_backward",
    "equinox.internal.unvmap_any",
    "equinox.internal.unvmap_max",
    "jax.core.ShapedArray",
    "jax.core.Tracer",
    "jax.core.eval_jaxpr",
    "jax.custom_derivatives.CustomVJPPrimal",
    "jax.custom_derivatives.SymbolicZero",
    "jax.experimental.jet.jet",
    "jax.experimental.multihost_utils.broadcast_one_to_all",
    "jax.extend.core.ClosedJaxpr",
    "jax.extend.core.Jaxpr",
    "jax.extend.core.JaxprEqn",
    "jax.extend.core.Literal",
    "jax.extend.core.Primitive",
    "jax.extend.core.Var",
    "jax.extend.core.get_opaque_trace_state",
    "jax.interpreters.ad.Zero",
    "jax.interpreters.ad.deflinear2",
    "jax.interpreters.ad.primitive_jvps",
    "jax.interpreters.batching.fancy_primitive_batchers",
    "jax.interpreters.batching.primitive_batchers",
    "jax.interpreters.mlir.LoweringRuleContext",
    "jax.interpreters.mlir.core_call_lowering",
    "jax.interpreters.mlir.lower_fun",
    "jax.interpreters.mlir.register_lowering",
}
"""Each is used in a test below. To use another, write a test of what is needed of it, and name it here."""
ALONG = jnp.array([0.0, 2.0, 1.0])


def names_in(source: str) -> set[str]:
    """The full names of what a module takes from places without a promise."""
    tree = ast.parse(source)
    aliases = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    } | {
        alias.asname: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.asname
    }
    private = {alias: name for alias, name in aliases.items() if name.startswith(UNPROMISED)}
    attributes = {
        f"{private[node.value.id]}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in private
    }
    dotted = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    modules = {name.rpartition(".")[0] for name in attributes}
    whole = {name for name in dotted if not any(other.startswith(f"{name}.") for other in dotted)}
    return {*(set(private.values()) - modules), *attributes, *(name for name in whole if name.startswith(UNPROMISED))}


def test_names_are_found_however_they_are_imported():
    source = (
        "from jax.interpreters import ad, mlir as m\nimport equinox.internal as eqxi\nfrom jax.core import Tracer\n"
    )
    used = "ad.Zero, m.lower_fun(Tracer), eqxi.unvmap_any, jax.extend.core.Var, jax.numpy.sin"
    assert names_in(f"{source}{used}") == {
        "jax.interpreters.ad.Zero",
        "jax.interpreters.mlir.lower_fun",
        "equinox.internal.unvmap_any",
        "jax.core.Tracer",
        "jax.extend.core.Var",
    }


def test_no_other_part_is_in_use():
    used = {name for path in SOURCE.rglob("*.py") for name in names_in(path.read_text(encoding="utf-8"))}
    assert used == IN_USE


def test_unvmap_reduces_over_all_lanes():
    assert jax.vmap(lambda x: jnp.where(eqxi.unvmap_any(x > 1.5), 1.0, 0.0))(ALONG).tolist() == [1.0] * 3
    assert jax.vmap(lambda x: x - eqxi.unvmap_max(x))(ALONG).tolist() == [-2.0, 0.0, -1.0]


def test_nondifferentiable_is_the_identity_that_refuses_derivatives():
    gate = lambda x: eqxi.nondifferentiable(x, msg="no derivative here")
    assert gate(jnp.array(2.0)) == 2.0
    for differentiated in (jax.grad(gate), lambda x: jax.jvp(gate, (x,), (x,))):
        with pytest.raises(RuntimeError, match="no derivative here"):
            differentiated(jnp.array(2.0))


def test_nondifferentiable_backward_refuses_reverse_mode_alone():
    gate = lambda x: eqxi.nondifferentiable_backward(x, msg="no reverse mode here")
    assert jax.jvp(gate, (jnp.array(2.0),), (jnp.array(3.0),)) == (2.0, 3.0)
    with pytest.raises(RuntimeError, match="no reverse mode here"):
        jax.grad(gate)(jnp.array(2.0))


def test_the_trace_state_tells_whether_jax_traces():
    outside = get_opaque_trace_state()
    states = []

    def noted(x):
        states.append(get_opaque_trace_state())
        assert isinstance(x, Tracer)
        return x

    jax.jit(noted)(1.0)
    jax.vmap(noted)(ALONG)
    jax.grad(noted)(1.0)
    assert get_opaque_trace_state() == outside
    assert len(states) == 3
    assert all(state != outside for state in states)


def test_a_primitive_of_our_own():
    """Evaluated, compiled, batched, differentiated forward and back."""
    triple = Primitive("triple_of_a_test")
    triple.def_impl(lambda x: 3 * x)
    triple.def_abstract_eval(lambda x: ShapedArray(x.shape, x.dtype))
    batching.primitive_batchers[triple] = lambda xs, axes: (triple.bind(*xs), axes[0])
    ad.deflinear2(triple, lambda cotangent, x: [triple.bind(cotangent)])
    mlir.register_lowering(triple, mlir.lower_fun(lambda x: 3 * x, multiple_results=False))
    assert triple.bind(2.0) == 6.0
    assert jax.jit(jax.vmap(triple.bind))(ALONG).tolist() == [0.0, 6.0, 3.0]
    assert jax.grad(triple.bind)(2.0) == 3.0
    assert jax.jvp(triple.bind, (2.0,), (1.0,)) == (6.0, 3.0)


def test_a_primitive_that_holds_a_program():
    """It has many results, a lowering that calls the program, and is told the axis of a `jax.vmap` and zeros."""
    told = {}
    program = jax.make_jaxpr(lambda x, y: (x * y, x))(1.0, 1.0)
    both = Primitive("both_of_a_test")
    both.multiple_results = True
    both.def_impl(lambda *xs, program: eval_jaxpr(program.jaxpr, program.consts, *xs))
    both.def_effectful_abstract_eval(lambda *avals, program: (program.out_avals, program.effects))

    def lowered(context: mlir.LoweringRuleContext, *values, program):
        told["shapes"] = [aval.shape for aval in context.avals_in]
        told["export"] = context.module_context.lowering_parameters.for_export
        return mlir.core_call_lowering(context, *values, name="both", call_jaxpr=program)

    def batched(axis, values, axes, *, program):
        told["axis"] = (axis.size, axis.name, axis.spmd_name)
        return [values[0] * values[1], values[0]], [0, axes[0]]

    def differentiated(primals, tangents, *, program):
        told["zeros"] = [isinstance(tangent, ad.Zero) for tangent in tangents]
        results = both.bind(*primals, program=program)
        return results, [tangents[0] * primals[1], ad.Zero(jax.typeof(results[1]).to_tangent_aval())]

    mlir.register_lowering(both, lowered)
    batching.fancy_primitive_batchers[both] = batched
    ad.primitive_jvps[both] = differentiated
    run = lambda x, y: both.bind(x, y, program=program)
    assert jax.jit(run)(2.0, 3.0) == [6.0, 2.0]
    assert told["shapes"] == [(), ()]
    assert told["export"] is False
    assert jax.vmap(run, axis_name="lanes")(ALONG, ALONG)[0].tolist() == [0.0, 4.0, 1.0]
    assert told["axis"] == (3, "lanes", None)
    assert jax.grad(lambda x: run(x, 3.0)[0])(2.0) == 3.0
    assert told["zeros"] == [False, True]
    jax.export.export(jax.jit(run))(2.0, 3.0)
    assert told["export"] is True


def test_an_axis_without_a_name_has_a_mark_of_the_class_object():
    told = []
    noted = Primitive("noted_by_a_test")
    noted.def_impl(lambda x: x)

    def batched(axis, values, axes):
        told.append(type(axis.name))
        return values[0], axes[0]

    batching.fancy_primitive_batchers[noted] = batched
    jax.vmap(noted.bind)(ALONG)
    assert told == [object]


def test_programs_read_as_before():
    """Equations, variables, literals, and where each control flow has its programs."""

    def fn(x):
        x = jax.jit(jnp.sin)(x) * 2.0
        x = jax.lax.cond(x > 0, jnp.cos, jnp.sin, x)
        return jax.lax.scan(lambda x, _: (x + 1.0, None), x, None, length=3)[0]

    closed = jax.make_jaxpr(fn)(1.0)
    assert isinstance(closed, ClosedJaxpr)
    assert isinstance(closed.jaxpr, Jaxpr)
    assert all(isinstance(eqn, JaxprEqn) for eqn in closed.jaxpr.eqns)
    assert all(isinstance(v, Var) for v in closed.jaxpr.invars)
    by_name = {eqn.primitive.name: eqn for eqn in closed.jaxpr.eqns}
    jitted = by_name.get("jit") or by_name["pjit"]
    assert isinstance(jitted.params["jaxpr"], ClosedJaxpr)
    factor = by_name["mul"].invars[1]
    assert isinstance(factor, Literal)
    assert factor.val == 2.0
    assert len(by_name["cond"].params["branches"]) == 2
    assert by_name["scan"].params["length"] == 3
    loop = jax.make_jaxpr(lambda x: jax.lax.while_loop(lambda s: s < 5.0, lambda s: s + x, x))(1.0).jaxpr.eqns[0]
    assert loop.primitive.name == "while"
    assert (loop.params["cond_nconsts"], loop.params["body_nconsts"]) == (0, 1)
    assert [eqn.primitive.name for eqn in loop.params["cond_jaxpr"].jaxpr.eqns] == ["lt"]
    assert [eqn.primitive.name for eqn in loop.params["body_jaxpr"].jaxpr.eqns] == ["add"]
    assert np.allclose(eval_jaxpr(closed.jaxpr, closed.consts, 1.0)[0], fn(1.0))


def test_a_rule_of_reverse_mode_is_told_what_is_perturbed_and_what_is_zero():
    from jax.custom_derivatives import CustomVJPPrimal, SymbolicZero

    told = []

    @jax.custom_vjp
    def product(x, y):
        return x * y, x

    def forward(x, y):
        told.extend([isinstance(x, CustomVJPPrimal), x.perturbed, y.perturbed])
        return (x.value * y.value, x.value), y.value

    def backward(y, cotangents):
        told.append(isinstance(cotangents[1], SymbolicZero))
        return cotangents[0] * y, None

    product.defvjp(forward, backward, symbolic_zeros=True)
    assert jax.grad(lambda x: product(x, 3.0)[0])(2.0) == 3.0
    assert told == [True, True, False, True]


def test_jet_has_higher_derivatives():
    _, terms = jet(jnp.sin, (0.5,), ((1.0, 0.0),))
    assert np.allclose(terms, [np.cos(0.5), -np.sin(0.5)])


def test_one_process_agrees_with_itself():
    assert bool(multihost_utils.broadcast_one_to_all(np.asarray(True))) is True
