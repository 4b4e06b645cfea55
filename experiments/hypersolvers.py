"""Hypersolvers of flows of densities in the plane: the error and wall time of few evaluations beside classical solvers.

Source: Poli, Massaroli, Yamashita, Asama and Park, *Hypersolvers: toward fast continuous-depth models* (2020),
doi:10.48550/arXiv.2007.09601.
"""

import dataclasses
import json
import statistics
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import nde
from experiments.laws_of_points import LAWS
from nde.data import ArrayLoader
from nde.models import ContinuousFlow, FlowMatching, fit_hypersolver
from nde.plot import SolverErrors, plot_solver_errors
from nde.train import adam, fit

POINTS, DRAWN = 20_000, 2_000
"""Of the density, to train a flow with; of the normal distribution, to compare solvers on."""
TRAINING, BATCH, RATE = 4_000, 256, 5e-3
STEPS, RIVAL = 2, 6
"""Steps of HyperHeun and of Midpoint: 4 and 12 evaluations."""
ROUNDS = 301
ALLOWED = 30.0
"""Seconds of a fit."""


def run(folder: Path, quick: bool) -> None:
    """Train what is missing in the folder, and write the table, the numbers and the plot."""
    path = folder / "hypersolvers.json"
    found: dict[str, Any] = {}
    if path.exists() and not quick:
        found = json.loads(path.read_text(encoding="utf-8"))
    for name in LAWS:
        if name not in found:
            found[name] = compared(name, quick)
            path.write_text(json.dumps(found) + "\n", encoding="utf-8")
            print(name, {key: value for key, value in found[name].items() if key != "curves"}, flush=True)
    (folder / "hypersolvers.md").write_text(table(found), encoding="utf-8")
    curves = {name: [SolverErrors(**curve) for curve in each["curves"]] for name, each in found.items()}
    plot_solver_errors(curves).savefig(folder / "hypersolvers.png")


def compared(name: str, quick: bool) -> dict[str, Any]:
    """The flow of one density, its hypersolver, and the errors of both beside Midpoint."""
    flow = trained(name, 50 if quick else TRAINING)
    begun = time.process_time()
    options = {"residual_steps": 50, "trajectory_steps": 5} if quick else {}
    fitted = fit_hypersolver(flow, nde.Heun(), steps=STEPS, progress=False, key=jax.random.key(2), **options)
    used = time.process_time() - begun
    z = jax.random.normal(jax.random.key(3), (DRAWN, 2))
    exact = decoded(with_steps(flow, nde.Tsit5(), None, 1e-6), z)
    hyper, rival = fitted.model, with_steps(flow, nde.Midpoint(), RIVAL)
    return {
        "HyperHeun": errors(decoded(hyper, z), exact),
        "Midpoint": errors(decoded(rival, z), exact),
        "Heun": errors(decoded(with_steps(flow, nde.Heun(), STEPS), z), exact),
        "ratio of times": ratio_of_times(hyper, rival, z, 5 if quick else ROUNDS),
        "seconds": fitted.seconds,
        "processor seconds with report": used,
        "curves": [dataclasses.asdict(curve) for curve in fitted.report.curves()],
    }


def trained(name: str, steps: int) -> ContinuousFlow:
    """A flow of standardized points, by flow matching."""
    x = LAWS[name](POINTS, np.random.default_rng(0))
    x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)
    first, second = jax.random.split(jax.random.key(0))
    flow = ContinuousFlow(2, width=64, depth=3, key=first)
    loader, optimizer = ArrayLoader(x, BATCH), adam(RATE, steps=steps)
    return fit(flow, FlowMatching(), loader, optimizer, steps=steps, average=0.99, key=second, progress=False).model


def with_steps(
    flow: ContinuousFlow, solver: nde.AbstractSolver, steps: int | None, tolerance: float = 1e-6
) -> ContinuousFlow:
    """The flow with another solver, with so many steps; `None` for steps that keep a tolerance."""
    controller = nde.PIDController(rtol=tolerance, atol=tolerance) if steps is None else nde.ConstantStepSize()
    places = lambda f: (f.solver, f.stepsize_controller, f.dt0)
    return eqx.tree_at(
        places, flow, (solver, controller, None if steps is None else 1 / steps), is_leaf=lambda x: x is None
    )


@eqx.filter_jit
def decoded(flow: ContinuousFlow, z: Float[Array, "points 2"]) -> Float[Array, "points 2"]:
    """The points of the flow."""
    return jax.vmap(flow.decode)(z)


def errors(x: Float[Array, "points 2"], exact: Float[Array, "points 2"]) -> dict[str, float]:
    """The mean absolute and the root mean square error."""
    return {
        "mean absolute": float(jnp.mean(jnp.abs(x - exact))),
        "root mean square": float(jnp.sqrt(jnp.mean(jnp.sum((x - exact) ** 2, axis=1)))),
    }


def ratio_of_times(flow: ContinuousFlow, rival: ContinuousFlow, z: Float[Array, "points 2"], rounds: int) -> float:
    """The wall time of a flow over that of another, the median of so many in turns."""
    ratios = []
    for _ in range(rounds):
        seconds = []
        for each in (flow, rival):
            begun = time.perf_counter()
            jax.block_until_ready(decoded(each, z))
            seconds.append(time.perf_counter() - begun)
        ratios.append(seconds[0] / seconds[1])
    return statistics.median(ratios)


def table(found: dict[str, Any]) -> str:
    """The table, and how it was made."""
    rows = []
    for name, each in found.items():
        ours, rival, base = (each[method] for method in ("HyperHeun", "Midpoint", "Heun"))
        cells = [f"{each[key]:.1e}" for key in ("mean absolute", "root mean square") for each in (ours, rival, base)]
        rows.append(
            f"| {name} | {' | '.join(cells)} | {each['ratio of times']:.2f} | {each['seconds']:.0f} | "
            f"{each['processor seconds with report']:.0f} |"
        )
    return f"""# Hypersolvers of flows

`python -m experiments hypersolvers`. Flows of four densities in the plane (3 hidden layers of width 64, {TRAINING:,}
steps of flow matching), solved from {DRAWN:,} points of the normal distribution: HyperHeun in {STEPS} steps, a network
with 2 hidden layers of width 64, Midpoint in {RIVAL} and Heun in {STEPS}, beside Tsit5 at a tolerance of 1e-6. Errors
are the mean absolute error, and the root of the mean squared distance. Time is the wall time of HyperHeun over that of
Midpoint, the median of {ROUNDS} pairs. The last columns have the seconds of a fit with its reference solutions and
compilation, on a machine whose two cores were shared by about ten processes: wall time, and processor time, which
includes the comparison with classical solvers in the plot.

| density | HyperHeun, 4 evaluations: mean | Midpoint, 12 | Heun, 4 | HyperHeun: root mean square | Midpoint | Heun \
| time | fit, s | processor, s |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(rows)}

Wanted on each density: errors at most those of Midpoint, less time, and a fit of at most {ALLOWED:.0f} s.
{verdict(found)}

![Root mean square errors by evaluations and by wall time](hypersolvers.png)
"""


def verdict(found: dict[str, Any]) -> str:
    """On how many densities each is reached."""
    kinds = ("mean absolute", "root mean square")
    exact = sum(all(each["HyperHeun"][kind] <= each["Midpoint"][kind] for kind in kinds) for each in found.values())
    fast = sum(each["ratio of times"] < 1 for each in found.values())
    quick = sum(each["seconds"] <= ALLOWED for each in found.values())
    return f"Reached on {exact}, {fast} and {quick} of {len(found)} (the last by wall time)."
