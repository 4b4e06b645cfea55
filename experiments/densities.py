"""Densities in the plane by continuous normalizing flows: test log-likelihood, and how many steps regularizers save.

Source: Grathwohl, Chen, Bettencourt, Sutskever and Duvenaud, *FFJORD* (2019), doi:10.48550/arXiv.1810.01367; Finlay,
Jacobsen, Nurbekyan and Oberman, *How to train your neural ODE* (2020), doi:10.48550/arXiv.2002.02798.
"""

import itertools
import json
import re
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity

import nde
from experiments.laws_of_points import LAWS
from nde.data import ArrayLoader
from nde.estimators import FlowDensity
from nde.models import ContinuousFlow, ExactTrace, FlowLikelihood, HutchinsonTrace
from nde.plot import Density, plot_density
from nde.train import adam, fit

POINTS = 10_000
"""The number of training points, and of test points."""
FLOW = {"width": 96, "depth": 4, "learning_rate": 2e-2}
STEPS_OF = {"two moons": 12_000, "eight Gaussians": 12_000, "pinwheel": 24_000, "checkerboard": 24_000}
BANDWIDTHS = np.geomspace(0.03, 0.3, 11)
SPAN, SIDE = 6.0, 241
"""The half-width of the grid, and the number of points per side."""
ALLOWED = 0.05
"""How many nats a flow's log-likelihood may be below that of the kernel density estimate."""

COMPARED = ("checkerboard", "eight Gaussians")
"""The distributions for the regularizer experiment."""
WEIGHTS = {"FFJORD": 0.0, "RNODE, 0.01": 0.01, "RNODE, 0.03": 0.03, "RNODE, 0.1": 0.1}
"""The weights of the kinetic energy and of the Jacobian norm."""
TRAINING, JUDGING = 1e-3, (1e-3, 1e-5, 1e-6)
"""Tolerances of Dopri5, relative and absolute."""
STEPS = 8000
RATE = 1e-2
BATCH = 256


def run(folder: Path, quick: bool) -> None:
    """Train what is missing in the folder, and write the table, the numbers and the plot."""
    path = folder / "densities.json"
    told: dict[str, Any] = {"laws": {}, "solves": {}}
    if path.exists() and not quick:
        told = json.loads(path.read_text(encoding="utf-8"))
    for name in LAWS:
        if name not in told["laws"]:
            told["laws"][name] = learned(name, quick)
            _keep(path, told, name, told["laws"][name])
    for method, name in itertools.product(WEIGHTS, COMPARED):
        if name not in told["solves"].setdefault(method, {}):
            told["solves"][method][name] = solved(name, method, quick)
            _keep(path, told, method, told["solves"][method][name])
    (folder / "densities.md").write_text(table(told), encoding="utf-8")
    plot_density([density_of(name, told["laws"][name]) for name in LAWS]).savefig(folder / "densities.png")


def _keep(path: Path, told: dict[str, Any], what: str, found: dict[str, Any]) -> None:
    """Write the results so far, and print the new one."""
    path.write_text(json.dumps(told) + "\n", encoding="utf-8")
    print(what, {name: value for name, value in found.items() if not isinstance(value, list)}, flush=True)


def parts(name: str) -> tuple[Float[np.ndarray, "points 2"], Float[np.ndarray, "points 2"]]:
    """Training points and test points."""
    random = np.random.default_rng(0)
    return LAWS[name](POINTS, random), LAWS[name](POINTS, random)


def learned(name: str, quick: bool) -> dict[str, Any]:
    """A flow and a kernel density estimate of one distribution: test scores, and the flow's density and samples."""
    train, test = parts(name)
    kernels = GridSearchCV(KernelDensity(rtol=1e-4), {"bandwidth": BANDWIDTHS[::5] if quick else BANDWIDTHS}, cv=3)
    kernels.fit(train[::10] if quick else train)
    begun = time.perf_counter()
    steps = 200 if quick else STEPS_OF[name]
    flow = FlowDensity(**FLOW, max_iter=steps, random_state=0, progress=False).fit(train)
    seconds = time.perf_counter() - begun
    axis = np.linspace(-SPAN, SPAN, 41 if quick else SIDE)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    values = np.exp(flow.score_samples(grid.reshape(-1, 2))).reshape(grid.shape[:2])
    return {
        "flow": flow.score(test),
        "kernels": float(kernels.score(test)) / len(test),
        "bandwidth": float(kernels.best_params_["bandwidth"]),
        "integral": float(np.trapezoid(np.trapezoid(values, axis), axis)),
        "seconds": round(seconds),
        "density": np.round(values[:: 1 if quick else 2, :: 1 if quick else 2], 4).tolist(),
        "draws": np.round(flow.sample(400, random_state=1), 3).tolist(),
    }


def density_of(name: str, found: dict[str, Any]) -> Density:
    """The plot data of a distribution: the flow's density, and its samples."""
    axis = np.linspace(-SPAN, SPAN, len(found["density"]))
    return Density(name, axis, axis, np.array(found["density"]), np.array(found["draws"]))


def solved(name: str, method: str, quick: bool) -> dict[str, Any]:
    """Train once by likelihood with Hutchinson's trace, and count the flow's evaluations at several tolerances."""
    train, test = parts(name)
    center, scale = train.mean(axis=0), train.std(axis=0)
    steps = 5 if quick else STEPS
    first, second = jax.random.split(jax.random.key(0))
    flow = ContinuousFlow(
        2, trace=HutchinsonTrace(), solver=nde.Dopri5(), stepsize_controller=_controller(TRAINING), key=first
    )
    found = fit(
        flow,
        FlowLikelihood(kinetic=WEIGHTS[method], jacobian=WEIGHTS[method]),
        ArrayLoader(((train - center) / scale).astype(np.float32), BATCH),
        adam(RATE, steps=steps),
        steps=steps,
        average=0.99,
        key=second,
        progress=False,
    )
    x = jnp.asarray((test - center) / scale, jnp.float32)
    exact = eqx.tree_at(lambda f: f.trace, found.model, ExactTrace())
    return {
        "flow": float(_judged(exact, x, jnp.asarray(min(JUDGING)))[1]) - float(np.log(scale).sum()),
        "evaluations": {f"{each:g}": 6 * int(_judged(found.model, x, jnp.asarray(each))[0]) + 2 for each in JUDGING},
        "seconds": round(found.seconds),
        "steps": np.round(found.history.metrics["steps"][::10], 2).tolist(),
    }


def _controller(tolerance: float | Array) -> nde.PIDController:
    return nde.PIDController(rtol=tolerance, atol=tolerance)


@eqx.filter_jit
def _judged(flow: ContinuousFlow, x: Float[Array, "points 2"], tolerance: Array) -> tuple[Array, Array]:
    """Steps of one solve of all test points, and their mean log-density."""
    flow = eqx.tree_at(lambda f: f.stepsize_controller, flow, _controller(tolerance))
    found = flow.encode_together(x, keys=jax.random.split(jax.random.key(0), len(x)))
    return found.steps, found.log_prob.mean()


def table(told: dict[str, Any]) -> str:
    """Both tables, and how they were made."""
    laws = ["| law | steps | flow | kernels | difference | bandwidth | integral |"]
    laws.append(re.sub("[^|]+", " --- ", laws[0]))
    for name, each in ((name, told["laws"][name]) for name in LAWS if name in told["laws"]):
        difference = each["flow"] - each["kernels"]
        scores = f"{each['flow']:.3f} | {each['kernels']:.3f} | {difference:+.3f}"
        laws.append(f"| {name} | {STEPS_OF[name]:,} | {scores} | {each['bandwidth']:.3f} | {each['integral']:.4f} |")
    solves = ["| trained by | law | log-density | " + " | ".join(f"{each:g}" for each in JUDGING) + " |"]
    solves.append(re.sub("[^|]+", " --- ", solves[0]))
    for name, method in itertools.product(COMPARED, WEIGHTS):
        each = told["solves"][method][name]
        counts = " | ".join(f"{count}" for count in each["evaluations"].values())
        solves.append(f"| {method} | {name} | {each['flow']:.3f} | {counts} |")
    return f"""# Densities in the plane

`python -m experiments densities`. All log-densities are means over {POINTS:,} test points, in nats.

## As likely as kernels

`FlowDensity` with {FLOW["depth"]} layers of width {FLOW["width"]}, trained by flow matching on {POINTS:,} points, of
which a tenth are held out, beside scikit-learn's `KernelDensity` of the same points with the best of
{len(BANDWIDTHS)} bandwidths by cross-validation. Wanted is a difference of at least −{ALLOWED}, and an integral, here
by the trapezoidal rule on {SIDE} × {SIDE} points, within 1% of 1.

{chr(10).join(laws)}

![The densities, and draws of the flows](densities.png)

## How often a vector field is evaluated

`FlowLikelihood` without regularizers (FFJORD), and with kinetic energy and Jacobian norm, both of the weight that is
given (RNODE): {STEPS:,} steps of {BATCH} points through Dopri5 at the tolerance {TRAINING:g}, with Hutchinson's trace,
one seed each. The log-density is by the exact trace; in the last columns are the evaluations of one
solve of all test points, from the data to the normal law with Hutchinson's trace, by its relative and absolute
tolerance.

{chr(10).join(solves)}

Wanted is at most half of FFJORD's evaluations at equal likelihood. The share of them that the best flow needs which is
at least as likely: {verdict(told["solves"])}
"""


def verdict(solves: dict[str, dict[str, Any]]) -> str:
    """By distribution and tolerance, the least share of FFJORD's evaluations for a flow that is at least as likely."""
    said = []
    for name in COMPARED:
        plain, *others = (solves[method][name] for method in WEIGHTS)
        equal = [each["evaluations"] for each in others if each["flow"] >= plain["flow"]]
        if not equal:
            said.append(f"{name}, none is as likely")
            continue
        shares = {at: min(each[at] for each in equal) / count for at, count in plain["evaluations"].items()}
        said.append(f"{name}, " + ", ".join(f"{share:.2f} at {at}" for at, share in shares.items()))
    return "; ".join(said) + "."
