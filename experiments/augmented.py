"""What a neural ODE cannot learn without extra dimensions: x to -x, and concentric spheres.

Source: Dupont, Doucet and Teh, *Augmented neural ODEs* (2019), doi:10.48550/arXiv.1904.01681.
"""

import dataclasses
import json
import re
import time
from collections.abc import Callable
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
INNER, BETWEEN, OUTER = 0.5, 1.0, 1.5
"""The radius of the ball, and the two radii of the shell."""


@dataclasses.dataclass(frozen=True)
class Task:
    """Points and their target values.

    Attributes:
        name: Its name in the table.
        size: The dimension of a point.
        draw: Draws points and their target values.
        reads: Whether a learned linear map reads the value from the state; otherwise the state is the value.
    """

    name: str
    size: int
    draw: Callable[[PRNGKeyArray, int], tuple[Array, Array]]
    reads: bool


@dataclasses.dataclass(frozen=True)
class Trained:
    """One task learned by one type of model, with several seeds.

    Attributes:
        task: The task.
        augmented_size: The number of added dimensions.
        losses: The mean squared error in every step.
        errors: The mean squared error on test points, for each seed.
        accuracy: The share of test points with the right sign, for each seed.
        evaluations: The number of vector-field evaluations per point, for each seed.
        bound: The lower bound of the error for models without augmentation; unknown in two dimensions.
        model: The model of the first seed.
    """

    task: Task
    augmented_size: int
    losses: Float[np.ndarray, "seeds steps"]
    errors: Float[np.ndarray, " seeds"]
    accuracy: Float[np.ndarray, " seeds"]
    evaluations: Float[np.ndarray, " seeds"]
    bound: float | None
    model: AugmentedNeuralODE


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


def points_of_the_line(key: PRNGKeyArray, count: int) -> tuple[Array, Array]:
    """Evenly spaced points from -1 to 1, and their negatives."""
    del key
    x = jnp.linspace(-1.0, 1.0, count)[:, None]
    return x, -x


def spheres(size: int) -> Callable[[PRNGKeyArray, int], tuple[Array, Array]]:
    """Half the points in a ball, with target -1; half in a shell around it, with target 1."""

    def draw(key: PRNGKeyArray, count: int) -> tuple[Array, Array]:
        directions, radii = jax.random.split(key)
        inside = jnp.arange(count) < count // 2
        ways = jax.random.normal(directions, (count, size))
        share = jax.random.uniform(radii, (count,))
        low, high = jnp.where(inside, 0.0, BETWEEN), jnp.where(inside, INNER, OUTER)
        radius = (low**size + share * (high**size - low**size)) ** (1 / size)
        x = radius[:, None] * ways / jnp.linalg.norm(ways, axis=1, keepdims=True)
        return x, jnp.where(inside, -1.0, 1.0)[:, None]

    return draw


TASKS = (
    Task("x ↦ −x", 1, points_of_the_line, reads=False),
    Task("spheres in 1-D", 1, spheres(1), reads=True),
    Task("spheres in 2-D", 2, spheres(2), reads=True),
)


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
    accuracy = f"{100 * result.accuracy.mean():.1f} %" if result.task.reads else "—"
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
such bound, but the accuracy is not 100 % everywhere: a half-plane that holds the image of the shell also holds that of
the ball, which the shell encloses. A plain flow tears the shell open where no point is, and pays with evaluations.

![Trajectories, features and losses](augmented.png)
"""
