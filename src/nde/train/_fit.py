"""Training a model by gradient descent."""

import contextlib
from collections.abc import Callable, Sequence, Sized
from pathlib import Path
from typing import Any, NoReturn

import equinox as eqx
import jax
import optax
from jaxtyping import PyTree

from nde.train.averaging import Average
from nde.train.batches import Batches, as_batches
from nde.train.checkpoint import Checkpoints
from nde.train.curriculum import Curriculum
from nde.train.devices import Placement
from nde.train.history import History, Ledger, Row
from nde.train.identity import identity_of
from nde.train.interrupt import deferred_interrupts
from nde.train.log import Log
from nde.train.optimizer import adam
from nde.train.progress import Progress, shown
from nde.train.run import Run
from nde.train.settings import Settings
from nde.train.step import Loss, Step
from nde.train.validation import Judge


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
    average: Average | None = None,
    curriculum: Curriculum | None = None,
    log: str | Path | None = None,
    log_every: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: float | None = 60.0,
    checkpoint_steps: int | None = None,
    progress: bool | Progress | None = None,
    devices: Sequence[Any] | None = None,
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
        average: The decay of an exponential moving average of the weights, say 0.99, or a `StochasticWeightAverage`; it
            is then judged and returned.
        curriculum: Which part of a batch a step sees; patience begins when it sees all. See `LengthCurriculum`.
        log: A file for JSON lines: versions and settings, then steps.
        log_every: How many steps between two lines; by default a thousandth of all.
        checkpoint: A folder for checkpoints. If it holds one of this training, it is gone on from, to the same end, bit
            by bit on the same devices; if it holds the end, that comes back at once; that of another is refused.
        checkpoint_every: How many seconds between two; `None` for none by time.
        checkpoint_steps: How many steps between two; by default none by steps. At the end there is always one.
        progress: Whether to show a bar, by default if standard error is a terminal; or a function told after each step
            how many are done, of how many, and the loss.
        devices: Among which each batch is divided by rows; by default all, of all processes of `jax.distributed`, but
            in a single process no more than divide the rows. Every process gives the same arguments.

    Returns:
        The model and its history.

    Raises:
        ValueError: If settings do not fit together, there are no data, devices do not divide the rows, or the
            checkpoint is of another training.
        TypeError: If the loss or metric is no real scalar.
        TrainingError: If losses or gradients are not finite.
        KeyboardInterrupt: As it comes, with a checkpoint written before.

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
    source, judged = as_batches(data, "data"), None if validation is None else as_batches(validation, "validation data")
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
    optimizer, first = optimizer or adam(steps=steps), next(source.at(source.state))
    placement = Placement(devices, first)
    step = Step(model, loss, optimizer, average=average, curriculum=curriculum, key=key, placement=placement)
    judge = Judge(step, metric or loss, judged, placement.batch, every=settings.validate_every, patience=patience)
    with contextlib.ExitStack() as stack:
        listeners: list[Callable[[Row], None]] = []
        run = Run(step, source, judge, Ledger(lambda row: _tell(listeners, row)), settings)
        saver = None
        if checkpoint is not None:
            identity = identity_of(model, optimizer, settings, key, first)
            saver = Checkpoints(Path(checkpoint), identity, seconds=checkpoint_every, steps=checkpoint_steps)
            stack.callback(saver.close)
        if saver is None or not saver.restore(run, placement.everywhere):
            run.begin()
        if jax.process_index() == 0:
            if log is not None:
                book = Log(
                    Path(log),
                    every=settings.log_every,
                    settings=settings.told(placement.devices),
                    done=run.done,
                    seconds=run.seconds,
                )
                stack.callback(book.close)
                listeners.append(book.put)
            listeners.append(stack.enter_context(shown(progress, steps, run.done)))
        reason = _descended(run, saver, checkpoint)
    return Fit(
        model=run.model(),
        history=run.history(),
        best_step=run.best_step,
        steps=run.done,
        skipped=run.skipped,
        seconds=run.seconds,
        reason=reason,
    )


def _descended(run: Run, saver: Checkpoints | None, folder: str | Path | None) -> str:
    """Makes steps until there is a reason not to, and keeps what is to be kept."""
    with deferred_interrupts() as interrupted:
        while run.reason is None:
            run.advance()
            if saver is not None and saver.due(run.done):
                saver.save(run)
            if interrupted():
                _stop(run, saver, folder)
        if saver is not None:
            saver.save(run)
        run.settle()
    return run.reason


def _stop(run: Run, saver: Checkpoints | None, folder: str | Path | None) -> NoReturn:
    """Saves what can be saved; of several processes each has an interrupt of its own, and none can save alone."""
    if saver is None:
        raise KeyboardInterrupt(f"Stopped at step {run.done}; nothing is kept. `checkpoint=FOLDER` would have.")
    if jax.process_count() == 1:
        saver.save(run)
    raise KeyboardInterrupt(f"Stopped at step {run.done}. To go on from '{folder}', call `fit` as before.")


def _tell(listeners: list[Callable[[Row], None]], row: Row) -> None:
    for listener in listeners:
        listener(row)


def _between_looks(given: int | None, source: Batches, steps: int) -> int:
    if given is not None:
        return given
    epoch = len(source) if isinstance(source, Sized) else 1
    return max(1, min(steps, max(epoch, steps // 100)))
