"""An example call of each public callable, of a number between 0.1 and 0.5 that changes values and no shapes."""

import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import nde
from nde import data, implicit, losses, metrics, models
from nde.models.normalizing.costs import kinetic_energy
from tests.models.made import lotka_volterra_table

Call = Callable[[float], Any]
KEY = jax.random.key(0)
TS = jnp.linspace(0.0, 1.0, 5)
QUICK: dict[str, Any] = {"solver": nde.Euler(), "stepsize_controller": nde.ConstantStepSize(), "dt0": 0.25}
TERM = nde.ODETerm(lambda t, y, args: -y)


def key(v: float) -> Any:
    return jax.random.key(int(1000 * v))


def series(v: float, channels: int = 2) -> Any:
    """Values at `TS`, with a gap."""
    return jnp.cos(v + jnp.outer(TS, jnp.arange(1.0, channels + 1))).at[2, 0].set(jnp.nan)


def walk(v: float, size: int = 2) -> Any:
    """A series without gaps."""
    return jnp.sin(v + jnp.outer(TS, jnp.arange(1.0, size + 1)))


def panel(v: float, count: int = 24) -> nde.TimeSeries:
    rng = np.random.default_rng(int(1000 * v))
    return nde.TimeSeries.from_arrays(rng.normal(size=(count, 6, 2)).cumsum(axis=1), np.linspace(0.0, 1.0, 6))


def batch(v: float) -> Any:
    return data.pad(panel(v, 4))


def table(v: float) -> data.Table:
    made = lotka_volterra_table(9)
    return data.Table("year", made.names, made.ts, made.ys * (1 + v))


def noisy(v: float) -> data.Table:
    made = lotka_volterra_table(9)
    return data.Table("t", made.names[:1], made.ts, made.ys[:, :1] + v)


def brownian(make: Callable[..., Any]) -> Call:
    """A path of shape `(2,)`, and its increments."""

    def call(v: float) -> Any:
        path = make(v)
        return path.evaluate(0.1 * v, v, use_levy=True)

    return call


def interpolated(path: Any, v: float) -> Any:
    return path.evaluate(v), path.evaluate(0.1, v), path.evaluate(v, left=False), path.derivative(v)


def grown(growing: nde.AbstractGrowingPath) -> Call:
    def call(v: float) -> Any:
        first = growing.init(0.1 * v, jnp.array([v]))
        piece, second = growing.grow(first, v, jnp.array([1.0]))
        return interpolated(piece, v), growing.grow(second, 1.0, jnp.array([v]))

    return call


@functools.cache
def dense() -> nde.DenseInterpolation:
    sol = nde.diffeqsolve(TERM, nde.Euler(), 0.0, 1.0, 0.25, 1.0, saveat=nde.SaveAt(dense=True))
    assert sol.interpolation is not None
    return sol.interpolation


def solution(v: float, **changes: Any) -> nde.Solution:
    saveat = nde.SaveAt(ts=jnp.array([v, 1.0]))
    return nde.diffeqsolve(TERM, nde.Tsit5(), 0.0, 1.0, 0.1, jnp.array([v, 1.0]), saveat=saveat, **changes)


def end(y0: Any, throw: bool = True) -> Any:
    return nde.diffeqsolve(TERM, nde.Euler(), 0.0, 1.0, 0.25, y0, throw=throw).ys[0]


def gradient(throw: bool) -> Call:
    return lambda v: jax.grad(lambda y0: end(y0, throw))(v)


def lanes(throw: bool) -> Call:
    return lambda v: jax.vmap(lambda y0: end(y0, throw))(jnp.array([v, 1.0]))


def linearly_implicit_euler(gamma: float) -> nde.RosenbrockTableau:
    """A Rosenbrock method of one stage."""
    return nde.RosenbrockTableau(
        gamma=gamma, alpha=[0.0], gamma_i=[gamma], a=[], c=[], m=[1 / gamma], interpolant=[[1 / gamma]]
    )


def corrected(solver: nde.Hyper, v: float) -> Any:
    return nde.diffeqsolve(TERM, solver, 0.0, 1.0, 0.25, jnp.array([v, 1.0])).ys


def _correct(t: Any, y: Any, args: Any, h: Any, stages: Any) -> Any:
    return 0.1 * stages[0]


def ornstein_uhlenbeck(v: float) -> Any:
    return nde.sdeint(_drift, _diffusion, v, TS, key(v))


def _drift(t: Any, y: Any) -> Any:
    return -y


def _diffusion(t: Any, y: Any) -> Any:
    return 0.3


def _prior(t: Any, y: Any, args: Any) -> Any:
    return -2.0 * y


def _matrix(t: Any, y: Any, args: Any = None) -> Any:
    return jnp.stack([jnp.tanh(y), 1 - y], axis=-1)


def _noise(t: Any, y: Any, args: Any) -> Any:
    return 0.1 * y


def _end_of(key: Any) -> Any:
    return jax.random.normal(key, (2,))


@functools.cache
def cde() -> nde.OnlineCDE:
    return nde.OnlineCDE(_matrix, nde.GrowingLinear(), nde.Euler())


def online(v: float) -> Any:
    state = cde().init(0.0, jnp.array([v, 1.0]), jnp.array([v]))
    return cde().update(state, v, jnp.array([1.0, v]))


SOLVES: dict[str, Call] = {
    "nde.diffeqsolve": solution,
    "nde.diffeqsolve, throw=False": lambda v: solution(v, throw=False),
    "nde.diffeqsolve, gradient": gradient(True),
    "nde.diffeqsolve, gradient, throw=False": gradient(False),
    "nde.diffeqsolve, vmap": lanes(True),
    "nde.diffeqsolve, vmap, throw=False": lanes(False),
    "nde.odeint": lambda v: nde.odeint(_drift, jnp.array([v]), TS),
    "nde.sdeint": ornstein_uhlenbeck,
    "nde.cdeint": lambda v: nde.cdeint(_matrix, nde.LinearInterpolation(TS, walk(v)), jnp.array([v]), TS),
    "nde.OnlineCDE": online,
}
"""Those that live in the solve."""

_LIN = nde.LinearInterpolation(TS, walk(0.2))
_PATHS: dict[str, Call] = {
    "nde.LinearInterpolation": lambda v: interpolated(nde.LinearInterpolation(TS, walk(v)), v),
    "nde.LinearInterpolation, vmap": lambda v: jax.vmap(_LIN.evaluate)(v + 0.1 * TS),
    "nde.LinearInterpolation, gradient": lambda v: jax.grad(lambda t: jnp.sum(_LIN.evaluate(t)))(v),
    "nde.CubicInterpolation": lambda v: interpolated(
        nde.CubicInterpolation(TS, nde.natural_cubic_coefficients(TS, series(v))), v
    ),
    "nde.TimePath": lambda v: interpolated(nde.TimePath(), v),
    "nde.DenseInterpolation": lambda v: interpolated(dense(), v),
    "nde.GrowingLinear": grown(nde.GrowingLinear()),
    "nde.GrowingHermite": grown(nde.GrowingHermite()),
    "nde.GrowingRectilinear": grown(nde.GrowingRectilinear()),
    "nde.VirtualBrownianTree": brownian(lambda v: nde.VirtualBrownianTree(0.0, 1.0 + v, 1e-3, (2,), key(v))),
    "nde.VirtualBrownianTree, vmap": lambda v: jax.vmap(nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), key(v)).evaluate)(
        v * TS
    ),
    "nde.BrownianInterval": brownian(
        lambda v: nde.BrownianInterval(0.0, 1.0, {"a": jax.ShapeDtypeStruct((2,), jnp.float32)}, key(v))
    ),
    "nde.SpaceTimeLevyArea": brownian(
        lambda v: nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), key(v), nde.SpaceTimeLevyArea)
    ),
    "nde.UnsafeBrownianPath": lambda v: nde.UnsafeBrownianPath((2,), key(v), nde.FosterLevyArea).evaluate(
        0.0, v, use_levy=True
    ),
    "nde.BrownianMotion": lambda v: nde.BrownianMotion((2,), key(v)),
    "nde.BrownianIncrement": lambda v: nde.BrownianIncrement(v, jnp.array(v)),
    "nde.SpaceTimeTimeLevyArea": lambda v: nde.SpaceTimeTimeLevyArea(v, v, v, v),
    "nde.DavieLevyArea": lambda v: nde.DavieLevyArea(v, v, v, jnp.array(v)),
    "nde.FosterLevyArea": lambda v: nde.FosterLevyArea(v, v, v, jnp.array(v)),
    "nde.FullLevyArea": lambda v: nde.FullLevyArea(v, v, v, jnp.array(v)),
    "nde.backward_hermite_coefficients": lambda v: nde.backward_hermite_coefficients(TS, series(v), deriv0=v),
    "nde.backward_hermite_coefficients, vmap": lambda v: jax.vmap(lambda y: nde.backward_hermite_coefficients(TS, y))(
        jnp.stack([series(v), walk(v)])
    ),
    "nde.linear_interpolation": lambda v: nde.linear_interpolation(TS, series(v), replace_nans_at_start=v),
    "nde.linear_interpolation, gradient": lambda v: jax.grad(
        lambda y: jnp.sum(nde.linear_interpolation(TS, y, fill_forward_nans_at_end=True))
    )(series(v)),
    "nde.natural_cubic_coefficients": lambda v: nde.natural_cubic_coefficients(TS, series(v)),
    "nde.rectilinear_interpolation": lambda v: nde.rectilinear_interpolation(TS, series(v)),
    "nde.with_integrals": lambda v: nde.with_integrals(TS, walk(v)),
}

_SIGNATURES: dict[str, Call] = {
    "nde.signatures.signature": lambda v: (
        nde.signature(walk(v), 3),
        nde.signature(walk(v), 3, stream=True),
    ),
    "nde.signatures.signature, gradient": lambda v: jax.grad(lambda x: jnp.sum(nde.signature(x, 3)))(walk(v)),
    "nde.signatures.signature_of_increments": lambda v: nde.signature_of_increments(walk(v), 2),
    "nde.signatures.signature_combine": lambda v: nde.signature_combine(v * jnp.ones(6), jnp.ones(6), 2),
    "nde.signatures.logsignature": lambda v: nde.logsignature(walk(v), 3),
    "nde.signatures.logsignature, vmap": lambda v: jax.vmap(lambda x: nde.logsignature(x, 2))(
        jnp.stack([walk(v), walk(0.0)])
    ),
    "nde.signatures.logsignature_of_increments": lambda v: nde.logsignature_of_increments(walk(v), 2, basis="words"),
    "nde.signatures.logsignature_windows": lambda v: interpolated(nde.logsignature_windows(TS, walk(v), 2, 2), v),
    "nde.signatures.tensor_exp": lambda v: nde.tensor_exp(v * jnp.ones(6), 2),
    "nde.signatures.tensor_log": lambda v: nde.tensor_log(v * jnp.ones(6), 2),
    "nde.signatures.LieBrackets": lambda v: nde.LieBrackets(_matrix, 2)(0.0, jnp.array([v, 1.0]), None),
    "nde.signatures.signature_dimension": lambda v: nde.signature_dimension(2, 3),
    "nde.signatures.logsignature_dimension": lambda v: nde.logsignature_dimension(2, 3),
    "nde.signatures.lyndon_words": lambda v: nde.lyndon_words(2, 3),
    "nde.signatures.lyndon_brackets": lambda v: nde.lyndon_brackets(2, 3),
}

_CONTROL = nde.ControlTerm(_noise, nde.BrownianMotion((), KEY))
_NOISY = nde.MultiTerm(TERM, _CONTROL)
_REST: dict[str, Call] = {
    "nde.rms_norm": lambda v: nde.rms_norm({"a": jnp.array([v, 1.0])}),
    "nde.max_norm": lambda v: nde.max_norm(jnp.array([v, 1.0])),
    "nde.is_event": lambda v: nde.is_event(nde.RESULTS.successful),
    "nde.is_okay": lambda v: nde.is_okay(nde.RESULTS.successful),
    "nde.is_successful": lambda v: nde.is_successful(nde.RESULTS.successful),
    "nde.steady_state": lambda v: nde.steady_state(rtol=v),
    "nde.ODETerm": lambda v: TERM.vf(v, jnp.array(v), None),
    "nde.ControlTerm": lambda v: _CONTROL.vf(v, jnp.array(v), None),
    "nde.ControlledODETerm": lambda v: nde.ControlTerm(_matrix, _LIN).to_ode().vf(v, jnp.array(v), None),
    "nde.MultiTerm": lambda v: _NOISY.vf(v, jnp.array(v), None),
    "nde.check_commutative": lambda v: nde.check_commutative(_NOISY, v, jnp.array(v)),
    "nde.ito_to_stratonovich": lambda v: nde.ito_to_stratonovich(_NOISY).vf(v, jnp.array(v), None),
    "nde.stratonovich_to_ito": lambda v: nde.stratonovich_to_ito(_NOISY).vf(v, jnp.array(v), None),
    "nde.with_logqp": lambda v: nde.with_logqp(_NOISY, _prior).vf(v, (jnp.array(v), jnp.zeros(())), None),
    "nde.PIDController": lambda v: nde.PIDController(rtol=v, atol=v),
    "nde.ClipStepSizeController": lambda v: nde.ClipStepSizeController(
        nde.PIDController(rtol=v, atol=v), jump_ts=jnp.array([v])
    ),
    "nde.StepTo": lambda v: nde.StepTo(ts=jnp.array([0.0, v, 1.0])),
    "nde.HalfSolver": lambda v: nde.HalfSolver(nde.Euler()),
    "nde.Hyper": lambda v: corrected(nde.Hyper(nde.Bosh3(), _correct), v),
    "nde.HyperEuler": lambda v: corrected(nde.HyperEuler(_correct), v),
    "nde.HyperHeun": lambda v: corrected(nde.HyperHeun(_correct), v),
    "nde.HyperMidpoint": lambda v: corrected(nde.HyperMidpoint(_correct, (0.2, 0.3)), v),
    "nde.Reversible": lambda v: nde.Reversible(nde.Tsit5()),
    "nde.ButcherTableau": lambda v: nde.ButcherTableau(c=[1.0], a_lower=[[1.0]], b_sol=[v, 1.0 - v]),
    "nde.Rosenbrock": lambda v: nde.Rosenbrock(linearly_implicit_euler(0.5), order=1),
    "nde.RosenbrockTableau": lambda v: linearly_implicit_euler(v),
    "nde.ExplicitRungeKutta": lambda v: nde.ExplicitRungeKutta(
        nde.ButcherTableau(c=[1.0], a_lower=[[1.0]], b_sol=[0.5, 0.5]), order=2
    ),
    "nde.SubSaveAt": lambda v: nde.SubSaveAt(ts=jnp.array([v])),
    "nde.SaveAt": lambda v: nde.SaveAt(ts=jnp.array([v])),
    "nde.ensemble": lambda v: nde.ensemble(_end_of, key(v), 300),
    "nde.TimeSeries": panel,
}

_FIELD = nde.nn.VectorFieldMLP(2, 4, 1, key=KEY)
_Y = jnp.array([0.3, 1.0])
_IMAGE = jnp.ones((1, 4, 4))
_SQUASH = nde.nn.ConcatSquashMLP(2, 4, 1, key=KEY)
_CONV = nde.nn.VectorFieldConv(1, 2, 1, key=KEY)
_MATRIX = nde.nn.MatrixMLP(2, 2, 4, 1, key=KEY)
_GRU = nde.nn.VectorFieldGRU(2, key=KEY)
_NN: dict[str, Call] = {
    "nde.nn.BoundedNorm": lambda v: nde.nn.BoundedNorm(v * jnp.eye(3)).value,
    "nde.nn.ConcatSquash": lambda v: nde.nn.ConcatSquash(2, 2, key=key(v))(v, _Y),
    "nde.nn.ConcatSquashMLP": lambda v: _SQUASH(v, v * _Y),
    "nde.nn.Gated": lambda v: nde.nn.Gated(_FIELD, _FIELD)(v, v * _Y),
    "nde.nn.MatrixMLP": lambda v: _MATRIX(v, v * _Y),
    "nde.nn.TimeConcatenated": lambda v: nde.nn.TimeConcatenated(jnp.tanh)(v, v * _Y),
    "nde.nn.VectorFieldConv": lambda v: _CONV(v, v * _IMAGE),
    "nde.nn.VectorFieldGRU": lambda v: _GRU(v, v * _Y),
    "nde.nn.CorrectionMLP": lambda v: nde.nn.CorrectionMLP(_Y, 1, 4, 1, key=key(v))(v, v * _Y, None, v, (_Y,)),
    "nde.nn.VectorFieldMLP": lambda v: nde.nn.VectorFieldMLP(2, 4, 1, key=key(v))(v, v * _Y),
    "nde.nn.bounded_norms": lambda v: nde.nn.bounded_norms(eqx.nn.Linear(2, 2, key=key(v))),
    "nde.nn.lipswish": lambda v: nde.nn.lipswish(v * _Y),
    "nde.nn.orthogonal_layers": lambda v: nde.nn.orthogonal_layers(_FIELD, key=key(v)),
    "nde.nn.scaled_last_layer": lambda v: nde.nn.scaled_last_layer(_FIELD, v),
    "nde.nn.softplus": lambda v: nde.nn.softplus(v * _Y),
    "nde.nn.with_values": lambda v: nde.nn.with_values(nde.nn.BoundedNorm(v * jnp.eye(3))),
}

_PAIRS = jax.random.normal(KEY, (2, 4, 5, 2)) / 3
_LOSSES: dict[str, Call] = {
    "nde.losses.LinearKernel": lambda v: losses.LinearKernel().increments(v * _PAIRS[0], _PAIRS[1]),
    "nde.losses.RBFKernel": lambda v: losses.RBFKernel(0.5).increments(v * _PAIRS[0], _PAIRS[1]),
    "nde.losses.signature_kernel": lambda v: losses.signature_kernel(v * _PAIRS[0], _PAIRS[1], refinement=1),
    "nde.losses.signature_mmd": lambda v: losses.signature_mmd(v * _PAIRS[0], _PAIRS[1]),
    "nde.losses.signature_mmd, gradient": lambda v: jax.grad(lambda x: losses.signature_mmd(x, _PAIRS[1]))(
        v * _PAIRS[0]
    ),
    "nde.losses.truncated_signature_kernel": lambda v: losses.truncated_signature_kernel(v * _PAIRS[0], _PAIRS[1]),
}

_FEW = metrics.Bootstrap(draws=20)
_METRICS: dict[str, Call] = {
    "nde.metrics.Bootstrap": lambda v: metrics.Bootstrap(draws=20),
    "nde.metrics.autocorrelation": lambda v: metrics.autocorrelation(panel(v), 2, bootstrap=_FEW),
    "nde.metrics.volatility_clustering": lambda v: metrics.volatility_clustering(panel(v), 2, bootstrap=_FEW),
    "nde.metrics.leverage": lambda v: metrics.leverage(panel(v), 2, bootstrap=_FEW),
    "nde.metrics.deviation": lambda v: metrics.deviation(panel(v), bootstrap=_FEW),
    "nde.metrics.kurtosis": lambda v: metrics.kurtosis(panel(v), bootstrap=_FEW),
    "nde.metrics.tail_index": lambda v: metrics.tail_index(panel(v), bootstrap=_FEW),
    "nde.metrics.marginal_distance": lambda v: metrics.marginal_distance(panel(v), panel(0.0), bootstrap=_FEW),
    "nde.metrics.feature_mmd": lambda v: metrics.feature_mmd(panel(v), panel(0.0), bootstrap=_FEW),
    "nde.metrics.signature_feature_mmd": lambda v: metrics.signature_feature_mmd(panel(v), panel(0.0), bootstrap=_FEW),
    "nde.metrics.series_features": lambda v: metrics.series_features(panel(v)),
    "nde.metrics.signature_features": lambda v: metrics.signature_features(panel(v)),
    "nde.metrics.real_against_fake": lambda v: metrics.real_against_fake(panel(v), panel(0.0), bootstrap=_FEW),
    "nde.metrics.train_on_synthetic": lambda v: metrics.train_on_synthetic(
        panel(v), panel(0.0), panel(0.1), bootstrap=_FEW
    ),
    "nde.metrics.compare_series": lambda v: metrics.compare_series(panel(v), panel(0.0), bootstrap=_FEW),
}


@functools.cache
def model(name: str) -> Any:
    """A small model of each kind."""
    flow = _FIELD
    made: dict[str, Callable[[], Any]] = {
        "NeuralODE": lambda: models.NeuralODE(flow, **QUICK),
        "AugmentedNeuralODE": lambda: models.AugmentedNeuralODE(
            nde.nn.VectorFieldMLP(3, 4, 1, key=KEY), augmented_size=1, **QUICK
        ),
        "SecondOrderNeuralODE": lambda: models.SecondOrderNeuralODE(
            nde.nn.VectorFieldMLP(4, 4, 1, output_size=2, key=KEY), **QUICK
        ),
        "HybridODE": lambda: models.HybridODE(lambda t, y, rate: -rate * y, flow, jnp.array(0.5), **QUICK),
        "NeuralCDE": lambda: models.NeuralCDE(2, 4, 1, width=4, solver=nde.Euler(), key=KEY),
        "NeuralRDE": lambda: models.NeuralRDE(2, 4, 1, window=2, width=4, solver=nde.Euler(), key=KEY),
        "GRUD": lambda: models.GRUD(2, 4, 1, key=KEY),
        "GRUDeltaT": lambda: models.GRUDeltaT(2, 4, 1, key=KEY),
        "ODERNN": lambda: models.ODERNN(2, 4, 1, width=4, solver=nde.Euler(), key=KEY),
        "GRUEncoder": lambda: models.GRUEncoder(2, 4, key=KEY),
        "ODERNNEncoder": lambda: models.ODERNNEncoder(2, 4, width=4, solver=nde.Euler(), key=KEY),
        "LatentODE": lambda: models.LatentODE(
            2,
            2,
            4,
            state_size=2,
            width=4,
            depth=1,
            solver=nde.Euler(),
            stepsize_controller=nde.StepTo(jnp.linspace(0.0, 1.0, 5)),
            key=KEY,
        ),
        "GRUContext": lambda: models.GRUContext(2, 4, 4, key=KEY),
        "CDEContext": lambda: models.CDEContext(2, 4, 4, width=4, key=KEY),
        "LatentSDE": lambda: models.LatentSDE(2, 2, 4, context_size=4, width=4, depth=1, key=KEY),
        "ContinuousFlow": lambda: models.ContinuousFlow(2, width=4, depth=1, solver=nde.Heun(), key=KEY),
        "SDEGAN": lambda: models.SDEGAN(2, 4, noise_size=2, width=4, solver=nde.Midpoint(), key=KEY),
        "NeuralSDEGenerator": lambda: models.NeuralSDEGenerator(2, 4, noise_size=2, width=4, key=KEY),
        "NeuralCDEDiscriminator": lambda: models.NeuralCDEDiscriminator(2, 4, width=4, key=KEY),
        "DeepEnsemble": lambda: models.DeepEnsemble(lambda key: models.GRUD(2, 4, 1, key=key), 2, key=KEY),
        **{each.__name__: functools.partial(each.from_table, table(0.0), key=KEY) for each in models.MODELS.values()},
        **{
            each.__name__: functools.partial(each.from_tables, [noisy(0.0)], key=KEY)
            for each in (*models.SDE_MODELS.values(), models.RandomWalk)
        },
    }
    return made[name]()


def ode(name: str) -> Call:
    return lambda v: (
        model(name).trajectory(TS + v),
        model(name).forecast(np.array([1900.0, 1900.0 + v])),
        model(name).vector_field(jnp.array(v), jnp.array([v, 1.0])),
        model(name).parameters(),
    )


def sde(name: str) -> Call:
    return lambda v: (
        model(name).fan([noisy(v)], [np.array([1921.0, 1922.0])], key=key(v), paths=4),
        model(name).ahead([noisy(v)], key=key(v), paths=4),
        model(name).drift(jnp.array([v])),
        model(name).diffusion(jnp.array([v])),
        model(name).parameters(),
    )


def of_series(name: str) -> Call:
    return lambda v: model(name)(TS, series(v), int(2 + 10 * v), jnp.zeros(0))


def of_rows(name: str) -> Call:
    return lambda v: model(name)(TS, series(v), int(2 + 10 * v))


def latent_ode(v: float) -> Any:
    made, rows = model("LatentODE"), (TS, series(v), 5)
    z = made.encode(*rows)
    return (
        made.states(z.sample(key(v)), v, TS + v),
        made.loss(*rows, key(v)),
        z.divergence(),
    )


def latent_sde(v: float) -> Any:
    made, rows = model("LatentSDE"), (TS, series(v), 5)
    return (
        made.posterior(*rows, TS + v, key=key(v)),
        made.bound(*rows, key(v)).elbo(),
    )


def flow(v: float) -> Any:
    made = model("ContinuousFlow")
    return (
        made.sample(key=key(v)),
        made.encode_together(v * jnp.ones((3, 2)), costs={"kinetic": kinetic_energy}),
    )


_FAST = frozenset(
    {
        "ComponentDiffusion",
        "ContextDrift",
        "ContinuousFlow",
        "ExactTrace",
        "FlowMatching",
        "GRUD",
        "GRUDeltaT",
        "GRUContext",
        "GRUEncoder",
        "GaussianLikelihood",
        "HutchinsonTrace",
        "LaplaceLikelihood",
        "LatentODE",
        "LatentSDE",
        "NeuralODE",
        "NeuralODE, vmap",
        "Posterior",
        "Scaling",
    }
)
_GAUSSIAN, _LAPLACE = models.GaussianLikelihood(2), models.LaplaceLikelihood(2)
_DRIFT = models.ContextDrift(2, 3, 2, 4, 1, key=KEY)
_EQUILIBRIA = {
    "VectorDEQ": (models.VectorDEQ(2, 4, 1, key=KEY), _Y),
    "MonotoneDEQ": (models.MonotoneDEQ(2, 4, 1, key=KEY), _Y),
    "SequenceDEQ": (models.SequenceDEQ(2, 4, 1, key=KEY), walk(0.2)),
    "ImageDEQ": (models.ImageDEQ(1, 2, 1, key=KEY), _IMAGE),
}


def equilibrium(name: str) -> Call:
    """The output of a model, of its batch of one, and its solution."""
    made, x = _EQUILIBRIA[name]
    return lambda v: (made(v * x), made(v * x[None], batched=True), made.solve(v * x).value)


_VECTOR = _EQUILIBRIA["VectorDEQ"][0]
_MODELS: dict[str, Call] = {
    **{f"nde.models.{name}": equilibrium(name) for name in _EQUILIBRIA},
    "nde.models.DEQ": lambda v: (_VECTOR.layer(v * jnp.ones(4)), _VECTOR.layer.solve(v * jnp.ones(4)).value),
    "nde.models.InjectedMap": lambda v: models.InjectedMap(jnp.sin, jnp.tanh)(v * _Y, _Y),
    "nde.models.jacobian_regularization": lambda v: models.jacobian_regularization(
        _VECTOR.step, v * jnp.ones(4), _Y, key=KEY
    ),
    "nde.models.spectral_radius": lambda v: models.spectral_radius(_VECTOR.step, v * jnp.ones(4), _Y, steps=4, key=KEY),
    "nde.models.NeuralODE": lambda v: (model("NeuralODE")(TS, v * _Y), model("NeuralODE").final(0.0, v, _Y)),
    "nde.models.NeuralODE, vmap": lambda v: jax.vmap(lambda y: model("NeuralODE")(TS, y))(v * jnp.ones((2, 2))),
    "nde.models.AugmentedNeuralODE": lambda v: (
        model("AugmentedNeuralODE")(TS, v * _Y),
        model("AugmentedNeuralODE").final(0.0, v, _Y),
        model("AugmentedNeuralODE").states(TS, v * _Y),
    ),
    "nde.models.SecondOrderNeuralODE": lambda v: (
        model("SecondOrderNeuralODE")(TS, v * _Y),
        model("SecondOrderNeuralODE").states(TS, v * _Y, _Y),
    ),
    "nde.models.HybridODE": lambda v: (
        model("HybridODE")(TS, v * _Y),
        model("HybridODE").final(0.0, v, _Y),
        model("HybridODE").penalty(TS, v * walk(v)),
        model("HybridODE").parts(v, v * _Y),
    ),
    "nde.models.NeuralCDE": lambda v: (of_series("NeuralCDE")(v), model("NeuralCDE").readings(TS, series(v))),
    "nde.models.NeuralRDE": of_series("NeuralRDE"),
    "nde.models.GRUD": of_series("GRUD"),
    "nde.models.GRUDeltaT": of_series("GRUDeltaT"),
    "nde.models.ODERNN": of_series("ODERNN"),
    "nde.models.GRUEncoder": of_rows("GRUEncoder"),
    "nde.models.ODERNNEncoder": of_rows("ODERNNEncoder"),
    "nde.models.GRUContext": of_rows("GRUContext"),
    "nde.models.CDEContext": of_rows("CDEContext"),
    "nde.models.LatentODE": lambda v: model("LatentODE").predict(TS, series(v), 5, TS + v),
    "nde.models.LatentODE, other methods": latent_ode,
    "nde.models.LatentSDE": lambda v: model("LatentSDE").sample(TS + v, key=key(v)),
    "nde.models.LatentSDE, other methods": latent_sde,
    "nde.models.ELBO": lambda v: models.ELBO()(model("LatentSDE"), batch(v), key(v)),
    "nde.models.ContextDrift": lambda v: _DRIFT(v * _Y, _DRIFT.embed(jnp.ones(3))),
    "nde.models.ComponentDiffusion": lambda v: models.ComponentDiffusion(2, 4, key=key(v))(v * _Y),
    "nde.models.GaussianLikelihood": lambda v: (_GAUSSIAN.log_density(v * _Y, _Y), _GAUSSIAN.sample(_Y, key(v))),
    "nde.models.LaplaceLikelihood": lambda v: (_LAPLACE.log_density(v * _Y, _Y), _LAPLACE.sample(_Y, key(v))),
    "nde.models.Posterior": lambda v: (
        models.Posterior(v * _Y, _Y).sample(key(v)),
        models.Posterior(v * _Y, _Y).divergence(),
    ),
    "nde.models.ContinuousFlow": lambda v: model("ContinuousFlow").log_prob(v * _Y),
    "nde.models.ContinuousFlow, other methods": flow,
    "nde.models.ContinuousFlow, vmap": lambda v: jax.vmap(model("ContinuousFlow").log_prob)(v * jnp.ones((2, 2))),
    "nde.models.ExactTrace": lambda v: models.ExactTrace().directions(v * _Y, None),
    "nde.models.HutchinsonTrace": lambda v: models.HutchinsonTrace().directions(_Y, key(v)),
    "nde.models.FlowLikelihood": lambda v: models.FlowLikelihood(kinetic=0.1)(
        model("ContinuousFlow"), v * jnp.ones((3, 2)), key(v)
    ),
    "nde.models.FlowMatching": lambda v: models.FlowMatching()(model("ContinuousFlow"), v * jnp.ones((3, 2)), key(v)),
    "nde.models.SDEGAN": lambda v: model("SDEGAN").sample(TS + v, key=key(v)),
    "nde.models.NeuralSDEGenerator": lambda v: model("NeuralSDEGenerator").sample(TS + v, key=key(v)),
    "nde.models.NeuralCDEDiscriminator": of_rows("NeuralCDEDiscriminator"),
    "nde.models.WassersteinLoss": lambda v: models.WassersteinLoss()(model("SDEGAN"), batch(v), key(v)),
    "nde.models.SignatureMMDLoss": lambda v: models.SignatureMMDLoss()(model("NeuralSDEGenerator"), batch(v), key(v)),
    "nde.models.DeepEnsemble": of_series("DeepEnsemble"),
    "nde.models.Scaling": lambda v: models.Scaling.of(table(v)).decode(walk(v)),
    **{f"nde.models.{each.__name__}": ode(each.__name__) for each in models.MODELS.values()},
    **{f"nde.models.{each.__name__}": sde(each.__name__) for each in (*models.SDE_MODELS.values(), models.RandomWalk)},
}

_LAYER = lambda z, x: jnp.tanh(0.5 * z + x)
_ZEROS = jnp.zeros(2)
_IMPLICIT: dict[str, Call] = {
    "nde.implicit.fixed_point": lambda v: implicit.fixed_point(_LAYER, _ZEROS, jnp.array([v, 1.0])).value,
    "nde.implicit.fixed_point, gradient": jax.grad(lambda v: implicit.fixed_point(_LAYER, _ZEROS, v).value.sum()),
    "nde.implicit.root": lambda v: implicit.root(_cube, 1.0, v).value,
    "nde.implicit.minimize": lambda v: implicit.minimize(_valley, _ZEROS, jnp.array([v, 1.0])).value,
    "nde.implicit.least_squares": lambda v: implicit.least_squares(_cube, jnp.ones(2), jnp.array([v, 1.0])).value,
    "nde.implicit.derivative_result": lambda v: implicit.derivative_result(_LAYER, _ZEROS, jnp.array([v, 1.0])),
    "nde.implicit.Bisection": lambda v: implicit.root(_cube, 0.5, v, solver=implicit.Bisection(0.0, 1.0)).value,
    "nde.implicit.LinearFixedPoint": lambda v: implicit.LinearFixedPoint(implicit.Anderson()),
    "nde.implicit.quadratic_program": lambda v: implicit.quadratic_program(
        jnp.ones(2), -jnp.array([v, 1.0]), lower=0.0
    ),
    "nde.implicit.quadratic_program, gradient": jax.grad(
        lambda v: implicit.quadratic_program(jnp.ones(2), jnp.stack([v, -1.0]), upper=0.5).value.sum()
    ),
    "nde.implicit.OptNet": lambda v: implicit.OptNet(2, equalities=1, lower=0.0, key=key(v))(jnp.array([v, 1.0])),
    "nde.implicit.argmin": lambda v: implicit.argmin(_valley, _ZEROS, jnp.array([v, 1.0]), inequalities=_first).value,
    "nde.implicit.argmin, gradient": jax.grad(
        lambda v: implicit.argmin(_valley, _ZEROS, v, inequalities=_first, lower=-1.0).value.sum()
    ),
    "nde.implicit.projection": lambda v: implicit.projection(jnp.array([v, 1.0]), implicit.Polytope(lower=0.0)),
    "nde.implicit.projection, simplex": lambda v: implicit.projection(jnp.array([v, 1.0]), implicit.Simplex()),
}


def _cube(x: Any, a: Any) -> Any:
    return x**3 - a


def _first(x: Any, a: Any) -> Any:
    return x[0] - 0.1


def _valley(x: Any, a: Any) -> Any:
    return jnp.sum((x - a) ** 2) + jnp.sum(x**4)


SLOW = frozenset(
    {
        "nde.metrics.compare_series",
        "nde.metrics.real_against_fake",
        *(name for name in _MODELS if name.split(".")[-1] not in _FAST),
    }
)
"""Those that take long to compile at the first call; what is not among them is made like them."""

CALLS: dict[str, Call] = {**_PATHS, **_SIGNATURES, **_REST, **_NN, **_IMPLICIT, **_LOSSES, **_METRICS, **_MODELS}
