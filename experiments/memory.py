"""Memory of a training step with reversible Dopri5, and whether it trains equally well.

Source of the wrapped methods: McCallum and Foster, *Efficient, accurate and stable gradients for neural ODEs* (2024),
doi:10.48550/arXiv.2410.11648.
"""

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jaxtyping import Array

import nde
from experiments.adjoints import applied, perceptron
from experiments.laws_of_points import two_moons
from nde.data import load_japanese_vowels, pad
from nde.integrate.loop import Loop
from nde.integrate.outcome import Outcome, outcome_of, recorders_for
from nde.integrate.problem import Differentiable, Setup
from nde.models import ContinuousFlow, FlowLikelihood


class EverythingKept(nde.AbstractAdjoint):
    """Backpropagation through all operations of a solve on a known grid, by JAX's own rule for loops."""

    def solve(self, problem: Differentiable, setup: Setup) -> Outcome:
        """A loop as long as the grid."""
        setup = dataclasses.replace(setup, max_steps=setup.most_steps)
        loop = Loop(problem, setup, recorders_for(problem, setup, whole=True), _scan)
        return outcome_of(loop, *loop.run())


def _scan(going: Callable[[Any], Any], body: Callable[[Any], Any], carry: Any, most: int) -> Any:
    del going
    return jax.lax.scan(lambda c, _: (body(c), None), carry, length=most)[0]


class Way(NamedTuple):
    """A solver with an adjoint method."""

    solver: Any
    adjoint: Any


BACKPROPAGATED, CHECKPOINTED, TAKEN_BACK = (
    "all operations kept",
    "checkpoints (the default)",
    "wrapped, steps taken back",
)
WAYS = {
    BACKPROPAGATED: Way(nde.Dopri5(), EverythingKept()),
    CHECKPOINTED: Way(nde.Dopri5(), nde.RecursiveCheckpointAdjoint()),
    TAKEN_BACK: Way(nde.Reversible(nde.Dopri5()), nde.ReversibleAdjoint()),
}
TRAINED = (CHECKPOINTED, TAKEN_BACK)
"""The first has the same gradient as the second."""
STEPS = (32, 128, 512, 2048)
"""Steps of a solve for the memory table; the first is also used for training."""
SEEDS, UPDATES, EVERY = 3, 300, 10
"""Updates of the training, and over how many of them losses are averaged."""
_COLORS = {BACKPROPAGATED: "#8a8a8a", CHECKPOINTED: "#d1741f", TAKEN_BACK: "#0b6e99"}


class Task(NamedTuple):
    """A model to train.

    Attributes:
        draw: From a seed to weights, a function that draws a batch, and the held-out data.
        loss: From weights, a batch, a `Way` and a number of steps to a number; smaller is better.
        measure: The name of that number.
        rate: Adam's learning rate.
    """

    draw: Callable[[int], tuple[Any, Callable[[np.random.Generator], Any], Any]]
    loss: Callable[[Any, Any, Way, int], Array]
    measure: str
    rate: float


POINTS, HELD_POINTS = 128, 10_000


def _flow_of(way: Way, steps: int, seed: int = 0) -> ContinuousFlow:
    return ContinuousFlow(
        2,
        width=64,
        depth=2,
        solver=way.solver,
        stepsize_controller=nde.StepTo(jnp.linspace(1.0, 0.0, steps + 1)),
        adjoint=way.adjoint,
        max_steps=None,
        key=jax.random.key(seed),
    )


def _moons(seed: int) -> tuple[Any, Callable[[np.random.Generator], Any], Any]:
    held = two_moons(HELD_POINTS, np.random.default_rng(10_000 + seed)).astype(np.float32)
    fields = _flow_of(WAYS[CHECKPOINTED], STEPS[0], seed).fields
    return fields, lambda random: two_moons(POINTS, random).astype(np.float32), held


def _unlikelihood(weights: Any, batch: Array, way: Way, steps: int) -> Array:
    like = _flow_of(way, steps)
    flow = ContinuousFlow(
        2,
        fields=weights,
        solver=like.solver,
        stepsize_controller=like.stepsize_controller,
        adjoint=like.adjoint,
        max_steps=None,
    )
    return FlowLikelihood()(flow, batch, jax.random.key(0))[0]


SERIES, HIDDEN, SPEAKERS = 32, 32, 9


class Spoken(NamedTuple):
    """Series of equal length with time as their first channel, and their speakers."""

    xs: Array
    speakers: Array


def _spoken() -> tuple[Spoken, Spoken]:
    """Standardized series, padded with their last value; for training and testing."""
    train, test = load_japanese_vowels()
    center, scale = train.ys.mean(axis=0), train.ys.std(axis=0)

    def together(panel: Any) -> Spoken:
        ys = (np.asarray(pad(panel, 29).ys) - center) / scale
        last = np.asarray(pad(panel, 29).lengths) - 1
        rows = np.minimum(np.arange(29), last[:, None])
        held = np.take_along_axis(ys, rows[:, :, None], axis=1)
        clock = np.broadcast_to(np.linspace(0.0, 1.0, 29)[None, :, None], (len(panel), 29, 1))
        xs = np.concatenate([clock, held], axis=2).astype(np.float32)
        return Spoken(jnp.asarray(xs), jnp.asarray(np.asarray(panel.targets, int) - 1))

    return together(train), together(test)


def _speakers(seed: int) -> tuple[Any, Callable[[np.random.Generator], Any], Any]:
    train, test = _spoken()
    channels = train.xs.shape[2]
    sizes = ((channels, HIDDEN), (HIDDEN, 64, HIDDEN * channels), (HIDDEN, SPEAKERS))
    keys = jax.random.split(jax.random.key(seed), len(sizes))
    weights = [perceptron(key, size) for key, size in zip(keys, sizes, strict=True)]

    def batch(random: np.random.Generator) -> Spoken:
        chosen = random.choice(len(train.speakers), SERIES, replace=False)
        return Spoken(train.xs[chosen], train.speakers[chosen])

    return weights, batch, test


def _mistaken(weights: Any, batch: Spoken, way: Way, steps: int) -> Array:
    first, field, read = weights
    count, rows, channels = batch.xs.shape
    knots = jnp.linspace(0.0, 1.0, rows)
    path = nde.CubicInterpolation(knots, nde.backward_hermite_coefficients(knots, jnp.moveaxis(batch.xs, 0, 1)))

    def matrix(_: Any, y: Array, __: Any) -> Array:
        return jnp.tanh(applied(field, y)).reshape(count, HIDDEN, channels)

    term = nde.ControlTerm(matrix, path, lambda f, dx: jnp.einsum("bij,bj->bi", f, dx)).to_ode()
    grid = nde.StepTo(jnp.linspace(0.0, 1.0, steps + 1))
    y0 = applied(first, batch.xs[:, 0])
    sol = nde.diffeqsolve(term, way.solver, 0.0, 1.0, None, y0, stepsize_controller=grid, adjoint=way.adjoint)
    scores = applied(read, sol.ys[0])
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(scores, batch.speakers))


TASKS = {
    "continuous flow": Task(_moons, _unlikelihood, "nats for each point of two moons", 3e-3),
    "neural CDE": Task(_speakers, _mistaken, "cross-entropy of nine speakers", 3e-3),
}


def run(folder: Path, quick: bool) -> None:
    """Measure memory and train, and write the table, the numbers and the plot."""
    steps, seeds, updates = (STEPS[:2], 1, EVERY) if quick else (STEPS, SEEDS, UPDATES)
    told = {
        "steps": list(steps),
        "every": EVERY,
        "bytes": {name: weighed(task, steps) for name, task in TASKS.items()},
        "trained": {name: [trained(task, seed, updates) for seed in range(seeds)] for name, task in TASKS.items()},
    }
    (folder / "memory.json").write_text(json.dumps(told) + "\n", encoding="utf-8")
    (folder / "memory.md").write_text(table(told), encoding="utf-8")
    picture(told, folder / "memory.png")


def weighed(task: Task, steps: tuple[int, ...]) -> dict[str, list[int]]:
    """By method, the temporary bytes of a gradient for each number of steps."""
    weights, draw, _ = task.draw(0)
    batch = draw(np.random.default_rng(0))

    def slope(way: Way, count: int) -> Callable[[Any], Any]:
        return jax.grad(lambda weights: task.loss(weights, batch, way, count))

    return {name: [nde.compiled_memory(slope(way, count), weights) for count in steps] for name, way in WAYS.items()}


def trained(task: Task, seed: int, updates: int) -> dict[str, dict[str, Any]]:
    """By method, the training losses, the held-out loss, and the seconds per update.

    All methods use the same batches, and their updates are interleaved.
    """
    first, draw, held = task.draw(seed)
    optimizer = optax.adam(optax.cosine_decay_schedule(task.rate, updates))

    def stepper(way: Way) -> Callable[[Any, Any, Any], tuple[Any, Any, Array]]:
        def step(weights: Any, state: Any, batch: Any) -> tuple[Any, Any, Array]:
            loss, slope = jax.value_and_grad(lambda w: task.loss(w, batch, way, STEPS[0]))(weights)
            change, state = optimizer.update(slope, state)
            return optax.apply_updates(weights, change), state, loss

        return jax.jit(step)

    begun = (first, optimizer.init(first))
    steppers, reached = {name: stepper(WAYS[name]) for name in TRAINED}, dict.fromkeys(TRAINED, begun)
    losses: dict[str, list[float]] = {name: [] for name in TRAINED}
    seconds: dict[str, list[float]] = {name: [] for name in TRAINED}
    random = np.random.default_rng(seed)
    for _ in range(updates):
        batch = draw(random)
        for name in TRAINED:
            start = time.perf_counter()
            *moved, loss = jax.block_until_ready(steppers[name](*reached[name], batch))
            seconds[name].append(time.perf_counter() - start)
            reached[name] = tuple(moved)
            losses[name].append(float(loss))
    judges = {name: jax.jit(lambda w, n=name: task.loss(w, held, WAYS[n], STEPS[0])) for name in TRAINED}
    return {
        name: {
            "losses": [float(np.mean(losses[name][i : i + EVERY])) for i in range(0, updates, EVERY)],
            "held_out": float(judges[name](reached[name][0])),
            "seconds": float(np.median(seconds[name][1:])),
        }
        for name in TRAINED
    }


def table(told: dict[str, Any]) -> str:
    """Bytes, losses and times."""
    lines = ["| task | way | " + " | ".join(f"{count:,} steps" for count in told["steps"]) + " |"]
    lines.append("| --- | --- |" + " --- |" * len(told["steps"]))
    for task, by in told["bytes"].items():
        for way, row in by.items():
            lines.append(f"| {task} | {way} | " + " | ".join(f"{size / 1e6:,.2f}" for size in row) + " |")
    runs = ["| task | way | loss held out, each seed | time of an update |", "| --- | --- | --- | --- |"]
    for task, seeds in told["trained"].items():
        for way in TRAINED:
            held = ", ".join(f"{seed[way]['held_out']:.4f}" for seed in seeds)
            ratio = np.median([seed[way]["seconds"] / seed[CHECKPOINTED]["seconds"] for seed in seeds])
            runs.append(f"| {task}: {TASKS[task].measure} | {way} | {held} | {ratio:.2f} |")
    few, updates = told["steps"][0], told["every"] * len(told["trained"]["neural CDE"][0][CHECKPOINTED]["losses"])
    many, bytes_of = f"{told['steps'][-1]:,}", told["bytes"]
    factors = [
        ", ".join(f"{task} {by[BACKPROPAGATED][i] / by[TAKEN_BACK][i]:,.0f}" for task, by in bytes_of.items())
        for i in (0, -1)
    ]
    on_flow, on_cde = (by[CHECKPOINTED][-1] / by[TAKEN_BACK][-1] for by in bytes_of.values())
    return f"""# What a training step takes in memory when steps are taken back

`python -m experiments memory`, in float32. Dopri5 with constant steps: by backpropagation through all operations, by
the default, and wrapped (`Reversible(Dopri5())`) with `ReversibleAdjoint`. A continuous flow with two hidden layers of
64 on {POINTS} points of two moons; a neural CDE with a state of {HIDDEN} and a hidden layer of 64 along Hermite cubics
through {SERIES} series of JapaneseVowels.

Temporary megabytes of the gradient, by the compiler's account:

{chr(10).join(lines)}

Backpropagation takes as many times more than the wrapped method: at {few} steps {factors[0]};
at {many} steps {factors[1]}.

The default keeps states, not operations, and has most of that already: at {many} steps it takes {on_flow:.1f} times as
much as the wrapped method on the flow, and {on_cde:.0f} times on the neural CDE. What the pull-back of one step takes
is the floor of all ways, and twice as high for a wrapped step, which is two. So beside the default it pays to take
steps back where what is kept is large beside that, as here along data.

Trained with Adam over {updates} updates with {few} steps each, both ways from the same weights along the same batches,
taking turns; times relative to the default:

{chr(10).join(runs)}

A wrapped step evaluates the vector field twice as often, and is taken back before it is taken again. Losses during
training lie on each other. The neural CDE learns its series by heart; how well it then does on others differs from seed
to seed more than from way to way.

![Memory by steps, and losses during training](memory.png)
"""


def picture(told: dict[str, Any], path: Path) -> None:
    """Memory by number of steps, and losses during training."""
    figure, axes = plt.subplots(2, len(TASKS), figsize=(9, 6), layout="constrained")
    for (above, below), (task, by) in zip(axes.T, told["bytes"].items(), strict=True):
        for way, row in by.items():
            above.loglog(told["steps"], np.array(row) / 1e6, "o-", color=_COLORS[way], markersize=4, label=way)
        above.set(title=task, xlabel="steps of a solve", ylabel="memory of the gradient (MB)")
        for way, style in zip(TRAINED, ("-", "--"), strict=True):
            for seed, each in enumerate(told["trained"][task]):
                losses = each[way]["losses"]
                updates = told["every"] * (np.arange(len(losses)) + 0.5)
                label = way if seed == 0 else None
                below.plot(updates, losses, style, color=_COLORS[way], linewidth=1.2, label=label)
        below.set(xlabel="update", ylabel=TASKS[task].measure)
        below.legend(fontsize=7)
    axes[0, 0].legend(fontsize=7)
    figure.savefig(path, dpi=150)
    plt.close(figure)
