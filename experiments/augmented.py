"""What a neural ODE cannot learn without extra dimensions: x to -x, and concentric spheres.

Source: Dupont, Doucet and Teh, *Augmented neural ODEs* (2019), doi:10.48550/arXiv.1904.01681.
"""

import json
import re
import time
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PRNGKeyArray
from sklearn.isotonic import IsotonicRegression

import nde
from experiments.augmented_picture import picture
from experiments.augmented_tasks import TASKS, Task, Trained
from nde.models import AugmentedNeuralODE

SEEDS = 3
STEPS = 600
RATE = 1e-2
POINTS = 96
JUDGED = 500
WIDTH = 32
TOLERANCE = 1e-4
SHARP = 1e-6
"""The tolerance for evaluating a trained model: the errors of a coarse solve let trajectories cross."""


def run(folder: Path, quick: bool) -> None:
    """Train all models, and write the table, the numbers and the plot."""
    start, steps = time.process_time(), 20 if quick else STEPS
    results = []
    for task in TASKS:
        for augmented_size in (0, 1):
            results.append(trained(task, augmented_size, steps))
            print(line(results[-1]), flush=True)
    (folder / "augmented.md").write_text(table(results, steps, time.process_time() - start), encoding="utf-8")
    (folder / "augmented.json").write_text(json.dumps([numbers(r) for r in results], indent=1), encoding="utf-8")
    picture(results).savefig(folder / "augmented.png")


def made(task: Task, augmented_size: int, key: PRNGKeyArray) -> AugmentedNeuralODE:
    """A neural ODE, with a linear readout if the task has one."""
    first, second = jax.random.split(key)
    size = task.size + augmented_size
    return AugmentedNeuralODE(
        nde.nn.VectorFieldMLP(size, width=WIDTH, depth=2, time=True, key=first),
        augmented_size,
        projection=eqx.nn.Linear(size, 1, key=second) if task.reads else None,
        stepsize_controller=nde.PIDController(rtol=TOLERANCE, atol=TOLERANCE),
    )


def trained(task: Task, augmented_size: int, steps: int) -> Trained:
    """Train each seed with its own weights and points; all are evaluated on the same points."""
    keys = jax.random.split(jax.random.key(0), SEEDS)
    models, losses = zip(*(_learned(task, augmented_size, steps, key) for key in keys), strict=True)
    x, wanted = task.draw(jax.random.key(1), JUDGED)
    values = [np.asarray(_solved(model, x, jnp.asarray(SHARP))[0]) for model in models]
    evaluations = [6 * float(_solved(model, x, jnp.asarray(TOLERANCE))[1]) + 2 for model in models]
    return Trained(
        task=task,
        augmented_size=augmented_size,
        losses=np.asarray(losses),
        errors=np.array([np.mean((value - wanted) ** 2) for value in values]),
        accuracy=np.array([np.mean(value * wanted > 0) for value in values]),
        evaluations=np.array(evaluations),
        bound=least(task, np.asarray(x), np.asarray(wanted)),
        model=models[0],
    )


def _learned(task: Task, augmented_size: int, steps: int, key: PRNGKeyArray) -> tuple[AugmentedNeuralODE, list[float]]:
    """Train with Adam on all points at once; the learning rate decays to zero."""
    for_points, for_weights = jax.random.split(key)
    model, points = made(task, augmented_size, for_weights), task.draw(for_points, POINTS)
    state, losses = _optimizer(0.0).init(eqx.filter(model, eqx.is_inexact_array)), []
    for rate in RATE * (1 + np.cos(np.pi * np.arange(steps) / steps)) / 2:
        model, state, loss = _step(model, state, points, jnp.asarray(rate))
        losses.append(loss)
    return model, np.asarray(losses).tolist()


def _optimizer(rate: float | Array) -> optax.GradientTransformation:
    return optax.adam(rate)


@eqx.filter_jit
def _step(
    model: AugmentedNeuralODE, state: optax.OptState, points: tuple[Array, Array], rate: Array
) -> tuple[AugmentedNeuralODE, optax.OptState, Array]:
    x, wanted = points
    loss = lambda m: jnp.mean((jax.vmap(lambda x0: m.final(0.0, 1.0, x0))(x) - wanted) ** 2)
    value, grads = eqx.filter_value_and_grad(loss)(model)
    updates, state = _optimizer(rate).update(grads, state)
    return eqx.apply_updates(model, updates), state, value


@eqx.filter_jit
def _solved(model: AugmentedNeuralODE, x: Float[Array, "points size"], tolerance: Array) -> tuple[Array, Array]:
    """Values at a tolerance, and the mean number of steps."""
    controller = nde.PIDController(rtol=tolerance, atol=tolerance)
    read = model.projection or (lambda y: y[: x.shape[1]])

    def one(x0: Float[Array, " size"]) -> tuple[Array, Array]:
        term, y0 = nde.ODETerm(model.vector_field), jnp.append(x0, jnp.zeros(model.augmented_size))
        solution = nde.diffeqsolve(term, model.solver, 0.0, 1.0, None, y0, stepsize_controller=controller)
        return read(solution.ys[0]), solution.stats["num_steps"]

    values, steps = jax.vmap(one)(x)
    return values, steps.mean()


def least(task: Task, x: Float[np.ndarray, "points size"], wanted: Float[np.ndarray, "points 1"]) -> float | None:
    """The least mean squared error of a monotone function, which any one-dimensional flow is.

    The function is increasing if the state is the value; a linear readout may reverse it.
    """
    if task.size > 1:
        return None
    ways = (True, False) if task.reads else (True,)
    fits = (IsotonicRegression(increasing=way).fit_transform(x[:, 0], wanted[:, 0]) for way in ways)
    return float(min(np.mean((fit - wanted[:, 0]) ** 2) for fit in fits))


def numbers(result: Trained) -> dict[str, object]:
    """The numbers to save from a result."""
    return {
        "task": result.task.name,
        "augmented": result.augmented_size,
        "bound": result.bound,
        "errors": result.errors.tolist(),
        "accuracy": result.accuracy.tolist(),
        "evaluations": result.evaluations.tolist(),
        "losses": np.round(result.losses[:, ::10], 5).tolist(),
    }


def line(result: Trained) -> str:
    """A row of the table: means over the seeds, and the worst and best error."""
    kind = f"augmented by {result.augmented_size}" if result.augmented_size else "plain"
    bound = "—" if result.augmented_size or result.bound is None else f"{result.bound:.3f}"
    accuracy = f"{100 * result.accuracy.mean():.1f}%" if result.task.reads else "—"
    errors = f"{result.errors.mean():.4f} | {result.errors.min():.4f} – {result.errors.max():.4f}"
    return f"| {result.task.name} | {kind} | {errors} | {bound} | {accuracy} | {result.evaluations.mean():.0f} |"


def table(results: list[Trained], steps: int, seconds: float) -> str:
    """The whole table with a note on how it was made."""
    head = "| task | flow | mean square | of seeds | bound | accuracy | evaluations |"
    return f"""# Augmented neural ODEs

`python -m experiments augmented`: {SEEDS} seeds, {steps} steps of Adam on {POINTS} points, judged on {JUDGED} others by
a solve of tolerance {SHARP:g}; {seconds:.0f} s of
processor time in all.

{head}
{re.sub("[^|]+", " --- ", head)}
{chr(10).join(line(result) for result in results)}

The bound is the least mean square that any flow without augmentation can have on these points. On the line a flow is
monotone, so it is that of isotonic regression; for x ↦ −x that is the best constant. In two dimensions the error has no
such bound, but the accuracy is not 100% everywhere: a half-plane that holds the image of the shell also holds that of
the ball, which the shell encloses. A plain flow tears the shell open where no point is, and pays with evaluations.

![Trajectories, features and losses](augmented.png)
"""
