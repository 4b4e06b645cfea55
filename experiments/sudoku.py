"""Sudoku learned from examples: a layer that solves a quadratic program, beside a multilayer perceptron.

Source of the task: Amos and Kolter, *OptNet: Differentiable Optimization as a Layer in Neural Networks* (2017),
doi:10.48550/arXiv.1703.00443.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jaxtyping import Array, Float

import nde
from experiments.sudoku_data import Puzzles, large_puzzles, rules, small_grids, small_puzzles, solved

Model = Callable[[Array], Array]
Loss = Callable[[Any, Array, Array], Array]

SMALL, LARGE = "4×4, five clues", "9×9, forty clues"
LAYER, RULES, NETWORK = "OptNet", "OptNet, rules given", "MLP"
DIAGONAL, TOLERANCE = 0.1, 1e-6
TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)
"""Of the solver, for which gradients are compared with differences."""
_COLORS = {LAYER: "#0b6e99", RULES: "#8a8a8a", NETWORK: "#d1741f"}


class Task(NamedTuple):
    """Puzzles of one size.

    Attributes:
        size: How many numbers there are.
        train: Puzzles to train on.
        test: Puzzles of other grids.
        equalities: How many constraints the layer learns: as many as the rules have.
        batch: Puzzles of an update.
        rate: Learning rate of the layer.
        seconds: How long a model is trained.
    """

    size: int
    train: Puzzles
    test: Puzzles
    equalities: int
    batch: int
    rate: float
    seconds: float


def small_task(quick: bool) -> Task:
    """Puzzles with one solution; held-out ones are of grids that no puzzle of the training is of."""
    random = np.random.default_rng(0)
    grids = random.permutation(small_grids())
    train, test = (small_puzzles(count, 5, some, random) for count, some in ((300, grids[:230]), (256, grids[230:])))
    return Task(4, train, test, 40, 64, 0.02, 2 if quick else 150)


def large_task(quick: bool) -> Task:
    """Puzzles of random grids."""
    random = np.random.default_rng(1)
    counts = (16, 4) if quick else (300, 64)
    train, test = (large_puzzles(count, 40, random) for count in counts)
    return Task(9, train, test, 249, 16, 0.01, 1 if quick else 300)


def layer_of(task: Task, tol: float = TOLERANCE) -> nde.implicit.OptNet:
    """The layer before training."""
    return nde.implicit.OptNet(
        task.size**3,
        equalities=task.equalities,
        lower=0.0,
        diagonal=DIAGONAL,
        tol=tol,
        throw=False,
        key=jax.random.key(0),
    )


def layer_with_rules(task: Task) -> nde.implicit.OptNet:
    """The layer with the rules of the game as its constraints, which a grid of equal shares fulfills."""
    share = jnp.full(task.size**3, -jnp.log(task.size))
    return eqx.tree_at(
        lambda layer: (layer.A, layer.free_point), layer_of(task), (jnp.asarray(rules(task.size)), share)
    )


def network_of(task: Task) -> eqx.nn.MLP:
    """Two hidden layers."""
    numbers = task.size**3
    return eqx.nn.MLP(numbers, numbers, width_size=max(256, numbers), depth=2, key=jax.random.key(1))


def squares(model: Model, clues: Array, solutions: Array) -> Array:
    """The sum of squared errors of a puzzle."""
    return jnp.sum((jax.vmap(model)(clues) - solutions) ** 2) / len(clues)


def cross_entropy(size: int) -> Loss:
    """The cross-entropy of a cell."""

    def loss(model: Model, clues: Array, solutions: Array) -> Array:
        by_cell = (-1, size)
        return jnp.mean(
            optax.softmax_cross_entropy(jax.vmap(model)(clues).reshape(by_cell), solutions.reshape(by_cell))
        )

    return loss


def run(folder: Path, quick: bool) -> None:
    """Train, compare gradients, and write the table, the numbers and the plot."""
    with jax.enable_x64(True):
        tasks = {SMALL: small_task(quick), LARGE: large_task(quick)}
        found = {
            "tasks": {name: compare(task) for name, task in tasks.items()},
            "gradients": gradient_errors(tasks[SMALL]),
        }
    (folder / "sudoku.json").write_text(json.dumps(found) + "\n", encoding="utf-8")
    (folder / "sudoku.md").write_text(table(found), encoding="utf-8")
    picture(found, folder / "sudoku.png")


def compare(task: Task) -> dict[str, list[dict[str, float]]]:
    """For each model, how many held-out puzzles it solves after how much training."""
    found = {
        LAYER: train(task, layer_of(task), squares, optax.adam(task.rate)),
        NETWORK: train(task, network_of(task), cross_entropy(task.size), optax.adamw(1e-3, weight_decay=1e-2)),
    }
    given = {"seconds": 0.0, "processor": 0.0, "updates": 0, "solved": share_solved(layer_with_rules(task), task)}
    return found | {RULES: [given]}


def train(task: Task, model: Any, loss: Loss, optimizer: optax.GradientTransformation) -> list[dict[str, float]]:
    """Train for a time, and evaluate some times in between.

    Times include compiling and exclude evaluating.
    """
    random, state = np.random.default_rng(2), optimizer.init(eqx.filter(model, eqx.is_inexact_array))

    @eqx.filter_jit
    def update(model: Any, state: Any, clues: Array, solutions: Array) -> tuple[Any, Any]:
        slope = eqx.filter_grad(loss)(model, clues, solutions)
        change, state = optimizer.update(slope, state, eqx.filter(model, eqx.is_inexact_array))
        return eqx.apply_updates(model, change), state

    spent, processor, updates, log = 0.0, 0.0, 0, []
    due = iter(task.seconds * np.geomspace(0.1, 1, 8))
    next_due = next(due)
    while spent < task.seconds:
        start, start_processor = time.perf_counter(), time.process_time()
        some = random.choice(len(task.train.clues), task.batch, replace=False)
        model, state = jax.block_until_ready(update(model, state, task.train.clues[some], task.train.solutions[some]))
        spent += time.perf_counter() - start
        processor += time.process_time() - start_processor
        updates += 1
        if spent >= next_due:
            next_due = next(due, np.inf)
            at = {"seconds": spent, "processor": processor, "updates": updates}
            log.append(at | {"solved": share_solved(model, task)})
    return log


def share_solved(model: Model, task: Task) -> float:
    """The share of held-out puzzles that a model solves."""
    answers = [_answers(model, some) for some in np.array_split(task.test.clues, 4)]
    return float(np.mean(solved(np.concatenate(answers), task.test, task.size)))


@eqx.filter_jit
def _answers(model: Model, clues: Float[Array, "puzzles numbers"]) -> Float[Array, "puzzles numbers"]:
    return jax.vmap(model)(clues)


def gradient_errors(task: Task) -> list[float]:
    """The relative error of a directional derivative of the layer, for each tolerance of the solver.

    Differences are central ones with the tightest tolerance.
    """
    clues, solutions = (jnp.asarray(part[:4]) for part in (task.train.clues, task.train.solutions))
    random = np.random.default_rng(3)
    tight, rest = eqx.partition(layer_of(task, min(TOLERANCES) / 10), eqx.is_inexact_array)
    ahead = jax.tree.map(lambda x: jnp.asarray(random.normal(size=x.shape)), tight)

    @jax.jit
    def cost(step: Array) -> Array:
        moved = jax.tree.map(lambda x, dx: x + step * dx, tight, ahead)
        return squares(eqx.combine(moved, rest), clues, solutions)

    difference = (cost(1e-5) - cost(-1e-5)) / 2e-5

    def error(tol: float) -> float:
        slope = eqx.filter_jit(eqx.filter_grad(squares))(layer_of(task, tol), clues, solutions)
        along = sum(jnp.vdot(x, dx) for x, dx in zip(jax.tree.leaves(slope), jax.tree.leaves(ahead), strict=True))
        return float(abs(along - difference) / abs(difference))

    return [error(tol) for tol in TOLERANCES]


def table(found: dict[str, Any]) -> str:
    """What is solved, and how exact gradients are."""
    lines = [
        "| puzzles | model | solved | updates | seconds | processor seconds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, by_model in found["tasks"].items():
        for model, log in by_model.items():
            end = log[-1]
            times = f"{end['updates']:,} | {end['seconds']:.0f} | {end['processor']:.0f}" if end["updates"] else " | | "
            lines.append(f"| {name} | {model} | {end['solved']:.1%} | {times} |")
    first = next((at for at in found["tasks"][SMALL][LAYER] if at["solved"] >= 0.995), None)
    reached = (
        "It did not reach 99.5% of the 4×4 puzzles."
        if first is None
        else f"It solved {first['solved']:.1%} of the 4×4 puzzles after {first['seconds']:.0f} seconds of training "
        f"({first['processor']:.0f} processor seconds, {first['updates']:,} updates)."
    )
    errors = [f"| {tol:.0e} | {error:.1e} |" for tol, error in zip(TOLERANCES, found["gradients"], strict=True)]
    return f"""# Sudoku learned from examples

`python -m experiments sudoku`. A layer `OptNet` learns the rules from puzzles and their solutions: the clues are its
input, the numbers of each cell its output, and nothing tells it what a row, a column or a block is. It has as many
learned equalities as the rules have, a diagonal `P` and a lower bound of zero, and is trained on squared errors by
Adam in double precision. The MLP has two hidden layers (256 wide, for 9×9 729) and is trained on cross-entropy. There
are 300 puzzles to train on; held-out puzzles are of other grids. 4×4 puzzles have one solution. An answer counts if it
keeps all rules and clues.

{chr(10).join(lines)}

{reached} Times include compiling, and not the evaluations; the machine did other work as well. With the rules given,
nothing is trained: so far the linear relaxation of the rules reaches.

![Held-out puzzles solved](sudoku.png)

The derivative of the layer's loss on four puzzles along a random direction of all parameters, beside differences with
a solver tolerance of {min(TOLERANCES) / 10:.0e}:

| tolerance of the solver | relative error |
| --- | --- |
{chr(10).join(errors)}
"""


def picture(found: dict[str, Any], path: Path) -> None:
    """Solved puzzles by training time, and errors of gradients by tolerance."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    for axis, (name, by_model) in zip(axes, found["tasks"].items(), strict=False):
        for model in (LAYER, NETWORK):
            log = by_model[model]
            axis.plot(
                [at["seconds"] for at in log],
                [100 * at["solved"] for at in log],
                "o-",
                color=_COLORS[model],
                markersize=4,
                label=model,
            )
        axis.axhline(100 * by_model[RULES][0]["solved"], color=_COLORS[RULES], linestyle="--", label=RULES)
        axis.set(title=name, xlabel="seconds of training", ylabel="held-out puzzles solved (%)", ylim=(-3, 103))
        axis.legend(fontsize=7)
    axes[2].loglog(TOLERANCES, found["gradients"], "o-", color=_COLORS[LAYER], markersize=4)
    axes[2].set(title="gradient of the layer", xlabel="tolerance of the solver", ylabel="relative error")
    figure.savefig(path, dpi=150)
    plt.close(figure)
