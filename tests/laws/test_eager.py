"""Calls outside `jax.jit` are compiled once for all with the same shapes."""

import gc
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import nde
from nde import losses, metrics, models, signatures
from nde.core.compiled import compiled
from tests.laws.eager_calls import CALLS, SLOW, SOLVES, TS, Call

FLOORS = {
    "nde": nde,
    "nde.implicit": nde.implicit,
    "nde.nn": nde.nn,
    "nde.losses": losses,
    "nde.metrics": metrics,
    "nde.models": models,
    "nde.signatures": signatures,
}

EXEMPT = {
    "nde.RESULTS": "an enumeration",
    "nde.SolveError": "an error",
    "nde.Solution": "made by a solve",
    "nde.OnlineState": "made by `OnlineCDE`",
    "nde.Ensemble": "made by `ensemble`",
    "nde.adjoint_rms_seminorm": "called by the controller of an adjoint solve, within its compiled program",
    "nde.citation": "reads docstrings and computes nothing",
    "nde.Citation": "made by `citation`",
    "nde.compiled_memory": "compiles its argument: that is what it is for",
    "nde.memory": "the former name of `compiled_memory`",
    "nde.nn": "a package, with entries of its own",
    "nde.signatures": "a package, with entries of its own",
    "nde.implicit.ConstrainedSolution": "made by `argmin`",
    "nde.implicit.IterativeSolution": "made by a solve",
    "nde.implicit.QuadraticSolution": "made by `quadratic_program`",
    "nde.metrics.Comparison": "made by `compare_series`",
    "nde.WeaklyDiagonalControlTerm": "a `ControlTerm` that warns",
    "nde.metrics.Discrimination": "made by `real_against_fake`",
    "nde.metrics.Distance": "made by other functions",
    "nde.metrics.Estimate": "made by other functions",
    "nde.metrics.Prediction": "made by `train_on_synthetic`",
    "nde.metrics.Score": "made by `compare_series`",
    "nde.metrics.Statistic": "made by `compare_series`",
    "nde.models.ELBOTerms": "made by `LatentSDE`",
    "nde.models.Encoded": "made by `ContinuousFlow`",
    "nde.models.MODELS": "a table, whose models have entries",
    "nde.models.SDE_MODELS": "a table, whose models have entries",
    "nde.models.HypersolverFit": "made by `fit_hypersolver`",
    "nde.models.HypersolverReport": "made by `fit_hypersolver`",
    "nde.models.SolverError": "made by `fit_hypersolver`",
    "nde.models.fit_hypersolver": "makes training steps of its own, as `nde.train.fit` does",
    "nde.models.StructuralFit": "made by `fit_structural`",
    "nde.models.fit_structural": "compiles the likelihood of its models, once for all steps of the fit",
    "nde.models.load_model": "reads files",
    "nde.models.save_model": "writes files",
}
"""Public names without a call of their own, and why.

Packages that are not looked at: `nde.train` and the `fit` of estimators, whose functions make a training step for a
loss, an optimizer and a data source of their own and compile it for each training, once for all of its steps; the
estimators' predictions, which call the models' methods; `nde.data` and `nde.plot`, which compute with NumPy.
"""


class Compilations:
    """How many programs JAX has compiled."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, event: str, seconds: float, **details: Any) -> None:
        self.count += event == "/jax/core/compile/backend_compile_duration"


@pytest.fixture(scope="module")
def compilations() -> Iterator[Compilations]:
    counter = Compilations()
    jax.monitoring.register_event_duration_secs_listener(counter)
    yield counter
    jax.monitoring.unregister_event_duration_listener(counter)


def _public() -> dict[str, Any]:
    return {f"{floor}.{name}": getattr(module, name) for floor, module in FLOORS.items() for name in module.__all__}


def _is_abstract(value: Any) -> bool:
    return inspect.isclass(value) and (inspect.isabstract(value) or value.__name__.startswith("Abstract"))


def _needs_nothing(value: Any) -> bool:
    """Whether it is a class whose instances are made without arguments."""
    if not inspect.isclass(value) or _is_abstract(value):
        return False
    parameters = inspect.signature(value).parameters.values()
    return all(p.default is not p.empty or p.kind in {p.VAR_POSITIONAL, p.VAR_KEYWORD} for p in parameters)


def _defaults() -> dict[str, Call]:
    """Classes without an entry that need no arguments: solvers, controllers, adjoints."""
    known = CALLS.keys() | SOLVES.keys() | EXEMPT.keys()
    found = {name: value for name, value in _public().items() if name not in known and _needs_nothing(value)}
    return {name: lambda v, make=make: make() for name, make in found.items()}


EVERY: dict[str, Call] = {**CALLS, **SOLVES, **_defaults()}


def _marked(name: str) -> Any:
    marks = [pytest.mark.slow] if name in SLOW else []
    return pytest.param(name, marks=marks)


def test_every_public_name_has_a_call():
    missing = {n for n, value in _public().items() if n not in EVERY and n not in EXEMPT and not _is_abstract(value)}
    assert not missing
    assert EXEMPT.keys() <= _public().keys()


@pytest.mark.parametrize("name", [_marked(name) for name in EVERY])
def test_a_second_call_compiles_nothing(name: str, compilations: Compilations):
    jax.block_until_ready(EVERY[name](0.2))
    before = compilations.count
    jax.block_until_ready(EVERY[name](0.3))
    assert compilations.count == before


@pytest.mark.parametrize(
    "name",
    [
        "nde.LinearInterpolation",
        "nde.LinearInterpolation, gradient",
        "nde.diffeqsolve",
        "nde.models.NeuralODE",
    ],
)
def test_three_hundred_calls_leave_nothing_behind(name: str, compilations: Compilations):
    """A compiled program holds about a megabyte; what is allowed here is a fiftieth of one a call."""
    for _ in range(20):
        jax.block_until_ready(EVERY[name](0.2))
    gc.collect()
    programs, memory, objects = compilations.count, _resident(), len(gc.get_objects())
    for number in range(300):
        jax.block_until_ready(EVERY[name](0.2 + number / 1000))
    gc.collect()
    assert compilations.count == programs
    assert _resident() - memory < 300 * 20_000
    assert len(gc.get_objects()) - objects < 300


def _resident() -> int:
    """Bytes that this process holds in memory; zero where there is no such account."""
    account = Path("/proc/self/statm")
    return int(account.read_text().split()[1]) * 4096 if account.exists() else 0


def test_numbers_are_traced_and_flags_are_not():
    traces = []

    @compiled(static=("count",))
    def powers(x: Any, count: int, shift: Any = 0, last: bool = False) -> Any:
        traces.append(count)
        found = [x**n + shift for n in range(count)]
        return found[-1] if last else found

    assert powers(2.0, 3) == [1.0, 2.0, 4.0]
    assert powers(3.0, count=3) == [1.0, 3.0, 9.0]
    assert powers(3.0, 3, 1) == [2.0, 4.0, 10.0]
    assert powers(3.0, 3, 2) == [3.0, 5.0, 11.0]
    assert powers(3.0, 3, shift=2, last=True) == 11.0
    assert traces == [3, 3, 3, 3]
    assert powers(3.0, 2) == [1.0, 3.0]
    assert traces == [3, 3, 3, 3, 2]


def test_times_that_are_whole_numbers_are_traced():
    traces = []

    def counted(t: Any, y: Any, args: Any) -> Any:
        traces.append(t)
        return -y

    term = nde.ODETerm(counted)

    def solve(t0: Any, t1: Any, dt0: Any) -> Any:
        return nde.diffeqsolve(term, nde.Euler(), t0, t1, dt0, jnp.ones(2)).ys

    solve(0.0, 4.0, 1.0)
    once = len(traces)
    assert jnp.array_equal(solve(0, 6, 2), solve(0.0, 6.0, 2.0))
    assert jnp.array_equal(solve(1, 7, 3), solve(1.0, 7.0, 3.0))
    assert len(traces) == once


def test_numbers_of_a_program_are_not_kept_for_calls_behind_it():
    @compiled()
    def scaled(x: Any, factor: float) -> Any:
        return x * factor

    with jax.checking_leaks():
        jax.jit(lambda x: scaled(x, 0.1234567))(TS)
        assert jnp.allclose(scaled(TS, 0.1234567), TS * 0.1234567)


def test_inside_of_jit_there_is_no_other():
    @compiled()
    def double(x: Any) -> Any:
        return 2 * x

    inside = jax.make_jaxpr(double)(TS)
    assert "jit" not in str(inside)
    outside = jax.vmap(double)(TS)
    assert jnp.array_equal(outside, 2 * TS)


def test_what_is_no_array_comes_back_as_it_is():
    @compiled()
    def with_name(path: nde.LinearInterpolation, name: str) -> Any:
        return path, name, jnp.tanh

    path, name, function = with_name(nde.LinearInterpolation(TS, TS), "tanh")
    assert isinstance(path, nde.LinearInterpolation)
    assert (name, function) == ("tanh", jnp.tanh)


def test_an_argument_without_a_hash_is_compiled_for_nothing():
    class Unhashable:
        __hash__ = None  # pyright: ignore[reportAssignmentType]

    given = Unhashable()
    assert compiled()(lambda x, other: (x + 1, other))(1.0, given) == (2.0, given)


def test_a_failed_solve_comes_with_its_own_error():
    model = models.NeuralODE(lambda t, y, args: y, nde.Euler(), nde.ConstantStepSize(), dt0=0.01, max_steps=5)
    with pytest.raises(nde.SolveError, match="maximum number of steps"):
        model(TS, jnp.ones(2))
