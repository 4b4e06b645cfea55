"""Training a model by gradient descent."""

import contextlib
import time
from collections.abc import Sized
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import optax
from jaxtyping import Array, PyTree

from nde.train.batches import Batches, as_batches
from nde.train.curriculum import Curriculum
from nde.train.history import History, Ledger, Row
from nde.train.log import Log
from nde.train.optimizer import adam
from nde.train.progress import Told, shown
from nde.train.settings import Settings
from nde.train.step import Loss, Step
from nde.train.validation import Judge, copied


class Fit(eqx.Module):
    """A trained model and how it came about.

    Attributes:
        model: With the best weights on the validation data, or the last without; their average, if one was asked for.
        history: Loss, learning rate and validation, step by step.
        best_step: After which step the model had these weights.
        steps: How many steps were made.
        skipped: How many of them were passed over, because their gradient was not finite.
        seconds: How long it took, compiling included.
        reason: Why it stopped.

    Example:
        See `fit`.
    """

    model: Any
    history: History
    best_step: int
    steps: int
    skipped: int
    seconds: float
    reason: str


def fit(
    model: Any,
    loss: Loss,
    data: Batches | PyTree[Any],
    optimizer: optax.GradientTransformation | None = None,
    *,
    steps: int,
    key: Any,
    validation: Batches | PyTree[Any] | None = None,
    metric: Loss | None = None,
    validate_every: int | None = None,
    patience: int | None = None,
    average: float | None = None,
    curriculum: Curriculum | None = None,
    log: str | Path | None = None,
    log_every: int | None = None,
    progress: bool | Told | None = None,
) -> Fit:
    """Trains a model: one compiled step, again and again.

    The same arguments give the same result. A step whose gradient is not finite is passed over; at the first step, or
    after twenty in a row, training ends with an error.

    Args:
        model: Any pytree; its floating-point arrays are learned.
        loss: `loss(model, batch, key)`, the mean over the batch; or that and a dictionary of scalars for the history.
            The key depends on the step's number only.
        data: An `nde.data.Loader` or `nde.data.ArrayLoader`, which stays where it is; or one batch, any pytree of
            arrays, that every step sees.
        optimizer: Of Optax; by default `nde.train.adam(steps=steps)`.
        steps: How many, at most.
        key: Of all that is random.
        validation: Like `data`: what the model is judged by, an epoch each time.
        metric: `metric(model, batch, key)`, lower is better; by default the loss.
        validate_every: How many steps between two looks; by default an epoch, or a hundredth of all if that is longer.
        patience: After how many looks without an improvement to stop; by default never.
        average: The decay of an exponential moving average of the weights, say 0.99, which is then judged and returned.
        curriculum: Which part of a batch a step sees; patience begins when it sees all. See `LengthCurriculum`.
        log: A file for JSON lines: versions and settings, then steps.
        log_every: How many steps between two lines; by default a thousandth of all.
        progress: Whether to show a bar, by default if standard error is a terminal; or a function told after each step
            how many are done, of how many, and the loss.

    Returns:
        The model and its history.

    Raises:
        ValueError: If settings do not fit together, or there are no data.
        TypeError: If the loss or metric is no real scalar.
        TrainingError: If losses or gradients are not finite.

    Example:
        ```python
        import equinox as eqx, jax, jax.numpy as jnp
        from nde.train import fit

        def loss(model, batch, key):
            x, y = batch
            return jnp.mean((jax.vmap(model)(x)[:, 0] - y) ** 2)

        x = jnp.linspace(-1.0, 1.0, 50)[:, None]
        model = eqx.nn.MLP(1, 1, 16, 2, key=jax.random.key(0))
        print(fit(model, loss, (x, x[:, 0] ** 2), steps=200, key=jax.random.key(1)).history.loss[-1])
        ```
    """
    begun = time.perf_counter()
    source = as_batches(data, "data")
    judged = None if validation is None else as_batches(validation, "validation data")
    settings = Settings.of(
        steps=steps,
        validated=judged is not None,
        validate_every=_between_looks(validate_every, source, steps),
        patience=patience,
        average=average,
        curriculum=curriculum,
        log_every=log_every,
    )
    settings.check(metric=metric is not None, given_every=validate_every is not None)
    step = Step(model, loss, optimizer or adam(steps=steps), average=average, curriculum=curriculum)
    draw, look = jax.random.split(key)
    judge = Judge(
        step,
        step.frozen,
        metric or loss,
        judged,
        lambda batch: batch,
        every=settings.validate_every,
        patience=patience,
        key=look,
    )
    with contextlib.ExitStack() as stack:
        tell = [stack.enter_context(shown(progress, steps))]
        if log is not None:
            book = Log(Path(log), every=settings.log_every, settings=settings.told(), done=0, seconds=0.0)
            stack.callback(book.close)
            tell.append(book.put)
        ledger = Ledger(lambda row: _tell_all(tell, row))
        leaves, reason = _descended(step, step.start(), source, judge, ledger, settings, draw)
    best, best_step = (
        (judge.best, judge.best_step) if judge.best is not None else (step.shown(leaves), len(ledger.rows))
    )
    return Fit(
        model=step.model(copied(best), step.frozen),
        history=ledger.history(),
        best_step=best_step,
        steps=len(ledger.rows),
        skipped=ledger.skipped,
        seconds=time.perf_counter() - begun,
        reason=reason,
    )


def _descended(
    step: Step, leaves: list[Array], source: Batches, judge: Judge, ledger: Ledger, settings: Settings, key: Any
) -> tuple[list[Array], str]:
    """The end of a descent, and why it is there."""
    steps = settings.steps
    for done in range(1, steps + 1):
        share = settings.share(done - 1)
        leaves, told = step(leaves, step.frozen, next(source), key, share)
        due = judge.due(done, steps)
        whole = share is None or share >= 1
        ledger.put(told, judge.look(done, step.shown(leaves), patient=whole) if due else None)
        if done == 1:
            ledger.settle()
        if judge.exhausted:
            ledger.settle()
            return leaves, f"no improvement in {judge.waited} validations since step {judge.best_step}"
    ledger.settle()
    return leaves, f"all {steps} steps were made"


def _tell_all(told: list[Any], row: Row) -> None:
    for each in told:
        each(row)


def _between_looks(given: int | None, source: Batches, steps: int) -> int:
    if given is not None:
        return given
    epoch = len(source) if isinstance(source, Sized) else 1
    return max(1, min(steps, max(epoch, steps // 100)))
