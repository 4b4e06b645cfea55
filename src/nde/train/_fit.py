"""Train a model by gradient descent."""

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
from nde.train.fingerprint import fingerprint_of
from nde.train.history import History, Recorder, Row
from nde.train.interrupt import deferred_interrupts
from nde.train.log import Log
from nde.train.optimizer import adam
from nde.train.progress import Progress, progress_listener
from nde.train.run import Run
from nde.train.settings import Settings
from nde.train.step import Loss, Step
from nde.train.validation import Validator


class Fit(eqx.Module):
    """The result of training: the model and its history.

    Attributes:
        model: The trained model, with the best weights on the validation data, or the last weights without validation
            data. With `average`, these are averaged weights.
        history: Loss, learning rate and validation metric of each step.
        best_step: The step after which the model had the returned weights.
        steps: The number of training steps.
        skipped: The number of steps skipped because their gradient was not finite.
        seconds: The time taken, in seconds, including compilation.
        reason: Why training ended.

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
    """Train a model by gradient descent.

    The training step is compiled once. The same arguments give the same result. A step whose gradient is not finite is
    skipped; if it is the first step, or the twentieth in a row, training ends with an error.

    Args:
        model: Any pytree. Its floating-point arrays are trained.
        loss: `loss(model, batch, key)`, which returns the mean over the batch, or a pair of it and a dictionary of
            scalar metrics for the history. The key depends only on the number of the step.
        data: An `nde.data.Loader` or `nde.data.ArrayLoader`, which is not advanced; or a single batch, any pytree of
            arrays, for full-batch training.
        optimizer: An Optax optimizer, by default `nde.train.adam(steps=steps)`.
        steps: The maximum number of training steps.
        key: A key of `jax.random`.
        validation: Validation data, of the same kinds as `data`. Each validation uses an epoch.
        metric: `metric(model, batch, key)`, evaluated on the validation data; lower is better. By default the loss.
        validate_every: Steps between two validations; by default an epoch, or a hundredth of `steps` if that is longer.
        patience: Early stopping: the number of validations without an improvement after which training ends. By
            default it never stops early.
        average: Average the weights: the decay of an exponential moving average, such as 0.99, or a
            `StochasticWeightAverage`. The average is then validated and returned.
        curriculum: What part of its batch a step sees, such as `LengthCurriculum`. Patience counts only once steps see
            whole batches.
        log: A file to log to as JSON lines: first versions and settings, then steps.
        log_every: Steps between two lines of the log, by default a thousandth of `steps`.
        checkpoint: A folder for checkpoints. If it holds a checkpoint of this run, training resumes from it and gives
            the same result, bit for bit on the same devices. If the run was finished, its result is returned at once. A
            checkpoint of a different run is an error.
        checkpoint_every: Seconds between two checkpoints; `None` for no limit.
        checkpoint_steps: Steps between two checkpoints; by default no limit. A checkpoint is always saved at the end.
        progress: Whether to show a progress bar, by default if standard error is a terminal; or a function
            `progress(done, steps, loss)`, called after each step.
        devices: Devices that share the rows of each batch. By default, in a single process, as many as divide the rows
            evenly; with `jax.distributed`, all devices of all processes. All processes pass the same arguments.

    Returns:
        The trained model and its history.

    Raises:
        ValueError: If arguments contradict each other, there are no data, the devices do not divide the rows evenly, or
            the checkpoint belongs to a different run.
        TypeError: If the loss or metric is not a real scalar.
        TrainingError: If losses or gradients are not finite.
        KeyboardInterrupt: On Ctrl-C, after a checkpoint has been saved.

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
    source = as_batches(data, "data")
    validation = None if validation is None else as_batches(validation, "validation data")
    settings = Settings.of(
        steps=steps,
        validated=validation is not None,
        validate_every=_validation_interval(validate_every, source, steps),
        patience=patience,
        average=average,
        curriculum=curriculum,
        log_every=log_every,
    )
    settings.check(metric=metric is not None, given_every=validate_every is not None)
    optimizer, first_batch = optimizer or adam(steps=steps), next(source.at(source.state))
    placement = Placement(devices, first_batch)
    step = Step(model, loss, optimizer, average=average, curriculum=curriculum, key=key, placement=placement)
    every = settings.validate_every
    validator = Validator(step, metric or loss, validation, placement.batch, every=every, patience=patience)
    with contextlib.ExitStack() as stack:
        listeners: list[Callable[[Row], None]] = []
        run = Run(step, source, validator, Recorder(lambda row: _notify(listeners, row)), settings)
        checkpoints = None
        if checkpoint is not None:
            fingerprint = fingerprint_of(model, optimizer, settings, key, first_batch)
            checkpoints = Checkpoints(Path(checkpoint), fingerprint, seconds=checkpoint_every, steps=checkpoint_steps)
            stack.callback(checkpoints.close)
        if checkpoints is None or not checkpoints.restore(run, placement.replicated):
            run.start()
        if jax.process_index() == 0:
            if log is not None:
                file = Log(
                    Path(log),
                    every=settings.log_every,
                    config=settings.to_config(placement.devices),
                    done=run.done,
                    seconds=run.seconds,
                )
                stack.callback(file.close)
                listeners.append(file.write)
            listeners.append(stack.enter_context(progress_listener(progress, steps, run.done)))
        reason = _train(run, checkpoints, checkpoint)
    return Fit(
        model=run.model(),
        history=run.history(),
        best_step=run.best_step,
        steps=run.done,
        skipped=run.skipped,
        seconds=run.seconds,
        reason=reason,
    )


def _train(run: Run, checkpoints: Checkpoints | None, folder: str | Path | None) -> str:
    """Make training steps until the run ends, saving checkpoints on the way, and return why it ended."""
    with deferred_interrupts() as interrupted:
        while run.reason is None:
            run.advance()
            if checkpoints is not None and checkpoints.due(run.done):
                checkpoints.save(run)
            if interrupted():
                _raise_interrupt(run, checkpoints, folder)
        if checkpoints is not None:
            checkpoints.save(run)
        run.flush()
    return run.reason


def _raise_interrupt(run: Run, checkpoints: Checkpoints | None, folder: str | Path | None) -> NoReturn:
    """Save a checkpoint if possible. With several processes each gets its own interrupt, and none can save alone."""
    if checkpoints is None:
        raise KeyboardInterrupt(
            f"Interrupted at step {run.done}; no checkpoint was saved. Pass `checkpoint=FOLDER` to be able to resume."
        )
    if jax.process_count() == 1:
        checkpoints.save(run)
    raise KeyboardInterrupt(f"Interrupted at step {run.done}. To resume from '{folder}', call `fit` as before.")


def _notify(listeners: list[Callable[[Row], None]], row: Row) -> None:
    for listener in listeners:
        listener(row)


def _validation_interval(given: int | None, source: Batches, steps: int) -> int:
    if given is not None:
        return given
    epoch = len(source) if isinstance(source, Sized) else 1
    return max(1, min(steps, max(epoch, steps // 100)))
