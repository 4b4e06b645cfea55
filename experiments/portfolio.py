"""Portfolios from predicted returns: a model trained on returns, and one trained on what its portfolios earn.

Sources: Elmachtoub and Grigas, *Smart "Predict, then Optimize"* (2022), doi:10.1287/mnsc.2020.3922, of which the data
are; Donti, Amos and Kolter, *Task-based End-to-end Model Learning in Stochastic Optimization* (2017),
doi:10.48550/arXiv.1703.04529.
"""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jaxtyping import Array, Float

import nde

ASSETS, FEATURES, FACTORS = 8, 5, 4
TRAIN, VALIDATION, TEST = 500, 150, 2000
DEGREES = (1, 2, 4, 8)
"""Returns are polynomials of this degree in an index of the features; models are linear."""
SEEDS, UPDATES, EVERY, BATCH, RATE = 5, 300, 20, 100, 0.01
AVERSION = 2.0
NOISE = 0.2
PREDICT, DECIDE = "predict, then optimize", "through the program"
_COLORS = {PREDICT: "#8a8a8a", DECIDE: "#0b6e99"}

Weights = Float[Array, "features_and_one assets"]


class Market(NamedTuple):
    """Features with the returns that follow them, and what is expected of the returns.

    Attributes:
        features: With a last column of ones.
        returns: What was earned.
        expected: What is earned on average.
    """

    features: Float[np.ndarray, "days features_and_one"]
    returns: Float[np.ndarray, "days assets"]
    expected: Float[np.ndarray, "days assets"]


class World(NamedTuple):
    """Two draws of one market, and the covariance of returns, which is known."""

    train: Market
    test: Market
    risk: Float[np.ndarray, "assets assets"]


def world_of(degree: int, seed: int) -> World:
    """A market whose expected returns are a polynomial of an index of features, with noise from common factors.

    Expected returns have mean zero and unit variance for every degree.
    """
    random = np.random.default_rng([degree, seed])
    chosen = random.binomial(1, 0.5, size=(FEATURES, ASSETS)).astype(float)
    loadings = NOISE * random.uniform(-1, 1, size=(FACTORS, ASSETS))

    def expected(features: np.ndarray) -> np.ndarray:
        return (features @ chosen / FEATURES**0.5 + 3) ** degree

    scale = expected(random.normal(size=(100_000, FEATURES)))
    center, spread = scale.mean(axis=0), np.maximum(scale.std(axis=0), 1e-12)

    def market(days: int) -> Market:
        features = random.normal(size=(days, FEATURES))
        mean = (expected(features) - center) / spread
        noise = random.normal(size=(days, FACTORS)) @ loadings + NOISE * random.normal(size=(days, ASSETS))
        return Market(np.column_stack([features, np.ones(days)]), mean + noise, mean)

    risk = loadings.T @ loadings + NOISE**2 * np.eye(ASSETS)
    return World(market(TRAIN), market(TEST), risk)


def portfolio(predicted: Float[Array, " assets"], risk: Float[Array, "assets assets"]) -> Float[Array, " assets"]:
    """The shares with the best predicted return less risk; they are not negative and sum to one."""
    total, one = jnp.ones((1, ASSETS)), jnp.ones(1)
    return nde.implicit.quadratic_program(AVERSION * risk, -predicted, total, one, lower=0.0, tol=1e-7).value


def utility(shares: Array, returns: Array, risk: Array) -> Array:
    """Return less risk."""
    return returns @ shares - AVERSION / 2 * shares @ risk @ shares


@jax.jit
def utilities(weights: Weights, features: Array, returns: Array, risk: Array) -> Array:
    """What the portfolios of a linear model are worth."""
    shares = jax.vmap(lambda predicted: portfolio(predicted, risk))(features @ weights)
    return jax.vmap(lambda x, r: utility(x, r, risk))(shares, returns)


@jax.jit
def best_utilities(returns: Array, risk: Array) -> Array:
    """What portfolios are worth that are chosen knowing these returns."""
    return jax.vmap(lambda r: utility(portfolio(r, risk), r, risk))(returns)


def least_squares(market: Market) -> np.ndarray:
    """The linear model with the least squared error."""
    return np.linalg.lstsq(market.features, market.returns, rcond=None)[0]


@functools.cache
def _trainer(updates: int) -> tuple[optax.GradientTransformation, Callable[..., tuple[Any, Any]]]:
    """Adam, and an update by what portfolios are worth, compiled once for all markets."""
    optimizer = optax.adam(optax.cosine_decay_schedule(RATE, updates))

    @jax.jit
    def update(weights: Any, state: Any, features: Array, returns: Array, risk: Array) -> tuple[Any, Any]:
        slope = jax.grad(lambda w: -jnp.mean(utilities(w, features, returns, risk)))(weights)
        change, state = optimizer.update(slope, state)
        return optax.apply_updates(weights, change), state

    return optimizer, update


def decision_focused(world: World, seed: int, updates: int) -> Weights:
    """The linear model whose portfolios were worth most, by Adam from the one with the least squared error.

    How many updates are made, perhaps none, is chosen by days that a first training leaves out.
    """
    left_out = _days(world.train, slice(TRAIN - VALIDATION, None))
    courses = _courses(_days(world.train, slice(TRAIN - VALIDATION)), world.risk, seed, updates)
    worth = [
        float(jnp.mean(utilities(weights, left_out.features, left_out.returns, world.risk))) for weights in courses
    ]
    return _courses(world.train, world.risk, seed, updates)[int(np.argmax(worth))]


def _days(market: Market, days: slice) -> Market:
    return Market(*(part[days] for part in market))


def _courses(market: Market, risk: np.ndarray, seed: int, updates: int) -> list[Weights]:
    """The weights at the start, and after every so many updates."""
    optimizer, update = _trainer(updates)
    random, weights = np.random.default_rng(seed), jnp.asarray(least_squares(market))
    state, courses = optimizer.init(weights), [weights]
    for step in range(1, updates + 1):
        some = random.choice(len(market.returns), BATCH, replace=False)
        weights, state = update(weights, state, market.features[some], market.returns[some], jnp.asarray(risk))
        courses += [weights] if step % EVERY == 0 else []
    return courses


def regret(weights: Weights, world: World) -> float:
    """How much less portfolios are worth on held-out days than those that know the expected returns, relative to it."""
    expected, risk = jnp.asarray(world.test.expected), jnp.asarray(world.risk)
    best = float(jnp.mean(best_utilities(expected, risk)))
    return (best - float(jnp.mean(utilities(weights, world.test.features, expected, risk)))) / best


def error(weights: Weights, world: World) -> float:
    """The root mean square error of predicted returns on held-out days."""
    return float(np.sqrt(np.mean((world.test.features @ np.asarray(weights) - world.test.expected) ** 2)))


def run(folder: Path, quick: bool) -> None:
    """Train on every market, and write the table, the numbers and the plot."""
    degrees, seeds, updates = (DEGREES[::3], 1, 20) if quick else (DEGREES, SEEDS, UPDATES)
    with jax.enable_x64(True):
        found = {str(degree): [compare(degree, seed, updates) for seed in range(seeds)] for degree in degrees}
    (folder / "portfolio.json").write_text(json.dumps(found) + "\n", encoding="utf-8")
    (folder / "portfolio.md").write_text(table(found), encoding="utf-8")
    picture(found, folder / "portfolio.png")


def compare(degree: int, seed: int, updates: int) -> dict[str, dict[str, float]]:
    """Regret and error of both models in one market."""
    world = world_of(degree, seed)
    models = {PREDICT: jnp.asarray(least_squares(world.train)), DECIDE: decision_focused(world, seed, updates)}
    return {name: {"regret": regret(w, world), "error": error(w, world)} for name, w in models.items()}


def table(found: dict[str, Any]) -> str:
    """Regrets and errors."""
    lines = [
        "| degree | regret, predict | regret, program | markets where the program is better | error, predict | "
        "error, program |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for degree, markets in found.items():
        mean = lambda name, what, markets=markets: np.mean([market[name][what] for market in markets])
        better = sum(market[DECIDE]["regret"] < market[PREDICT]["regret"] for market in markets)
        lines.append(
            f"| {degree} | {mean(PREDICT, 'regret'):.2%} | {mean(DECIDE, 'regret'):.2%} | {better} of {len(markets)} | "
            f"{mean(PREDICT, 'error'):.2f} | {mean(DECIDE, 'error'):.2f} |"
        )
    return f"""# Portfolios from predicted returns

`python -m experiments portfolio`. Returns of {ASSETS} assets follow {FEATURES} features by a polynomial, with noise
of known covariance. A linear model predicts them, and a quadratic program makes a portfolio of the prediction: shares
that are not negative, sum to one, and have the best predicted return less risk. *Predict, then optimize* fits the
model by least squares; *through the program* continues from there and maximizes what the portfolios of the {TRAIN}
days of the training were worth, with as many updates, perhaps none, as suit {VALIDATION} of these days that a first
training leaves out. Regret is what portfolios are worth less on average than those that know the expected
returns, relative to these, on {TEST:,} held-out days; errors are root mean squares of predicted returns, whose standard
deviation is one. From a degree of two on no linear model is right.

{chr(10).join(lines)}

![Regret and error by degree](portfolio.png)
"""


def picture(found: dict[str, Any], path: Path) -> None:
    """Regret and error by degree; a dot for each market."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
    degrees = [int(degree) for degree in found]
    panels: tuple[tuple[str, str, Callable[[float], float]], ...] = (
        ("regret", "regret (%)", lambda x: 100 * x),
        ("error", "error of predictions", lambda x: x),
    )
    for axis, (what, label, shown) in zip(axes, panels, strict=True):
        for name in (PREDICT, DECIDE):
            values = [[shown(market[name][what]) for market in markets] for markets in found.values()]
            axis.plot(degrees, np.mean(values, axis=1), "-", color=_COLORS[name], label=name)
            for degree, some in zip(degrees, values, strict=True):
                axis.plot([degree] * len(some), some, "o", color=_COLORS[name], markersize=3)
        axis.set(xlabel="degree of the returns in the features", ylabel=label, ylim=(0, None))
    axes[0].legend(fontsize=8)
    figure.savefig(path, dpi=150)
    plt.close(figure)
