"""Record loss, learning rate and metrics of each training step."""

from collections import deque
from collections.abc import Callable

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float, Int

from nde.data.plural import pluralize
from nde.train.step import StepOutput

_NAMES = ("loss", "rate", "validation")
_IN_FLIGHT = 16
"""The number of steps that the host may be ahead of the device."""
_MAX_SKIPPED = 20
"""The number of consecutive steps with a non-finite gradient that ends training."""


class TrainingError(RuntimeError):
    """Raised when training cannot continue because losses or gradients are not finite.

    Example:
        ```python
        from nde.train import TrainingError

        assert issubclass(TrainingError, RuntimeError)
        ```
    """


class History(eqx.Module):
    """The history of a training run, with one row for each step.

    Attributes:
        step: The number of the step, from 1.
        loss: The loss of the step's batch, before the update.
        rate: The learning rate; `nan` if the optimizer's state does not hold one.
        validation: The metric on the validation data after the step; `nan` if it was not evaluated.
        metrics: The metrics that the loss returned, by name.

    Example:
        ```python
        import jax, jax.numpy as jnp
        from nde.train import fit

        found = fit(jnp.zeros(2), lambda w, x, key: jnp.mean((w - x) ** 2), jnp.ones(2), steps=5, key=jax.random.key(0))
        print(found.history.step, found.history.loss)
        ```
    """

    step: Int[np.ndarray, " steps"]
    loss: Float[np.ndarray, " steps"]
    rate: Float[np.ndarray, " steps"]
    validation: Float[np.ndarray, " steps"]
    metrics: dict[str, Float[np.ndarray, " steps"]]


Row = dict[str, float]
"""The numbers of one step by name; `validation` only if the step was validated."""


class Recorder:
    """Collects the outputs of steps without waiting for the device, and passes them on in order.

    Args:
        on_row: Called for each step once its numbers have arrived.

    Attributes:
        skipped: The number of skipped steps.
    """

    def __init__(self, on_row: Callable[[Row], None]) -> None:
        self._on_row = on_row
        self._pending: deque[tuple[StepOutput, float | None]] = deque()
        self._rows: list[Row] = []
        self.skipped = 0

    def record(self, output: StepOutput, validation: float | None) -> None:
        """Add the output of a step, and process the outputs that have arrived by now."""
        self._pending.append((output, validation))
        while self._pending and (len(self._pending) > _IN_FLIGHT or _is_ready(self._pending[0][0])):
            self._process_one()

    def flush(self) -> None:
        """Wait for all outputs and process them."""
        while self._pending:
            self._process_one()

    def columns(self) -> dict[str, Float[np.ndarray, " steps"]]:
        """Return the processed steps as columns, with `nan` for missing entries."""
        last = self._rows[-1] if self._rows else {}
        names = [*_NAMES, *(name for name in last if name not in {*_NAMES, "step"})]
        return {name: np.array([row.get(name, np.nan) for row in self._rows], np.float64) for name in names}

    def restore(self, columns: dict[str, Float[np.ndarray, " steps"]], skipped: int) -> None:
        """Continue from the steps of a checkpoint."""
        rows = [
            dict(zip(columns, row, strict=True)) for row in zip(*(c.tolist() for c in columns.values()), strict=True)
        ]
        self._rows = [{"step": number, **row} for number, row in enumerate(rows, 1)]
        self.skipped = skipped

    def history(self) -> History:
        """Return the history of the processed steps."""
        columns = self.columns()
        loss, rate, validation = (columns.pop(name) for name in _NAMES)
        return History(np.arange(1, len(loss) + 1), loss, rate, validation, metrics=columns)

    def _process_one(self) -> None:
        output, validation = self._pending.popleft()
        loss, skipped, consecutive, *rate = np.asarray(output.numbers, np.float64).tolist()
        row = {"step": len(self._rows) + 1, "loss": loss, "rate": rate[0] if rate else np.nan}
        row |= {name: float(value) for name, value in jax.device_get(output.metrics).items()} if output.metrics else {}
        row |= {} if validation is None else {"validation": validation}
        self._rows.append(row)
        self.skipped = int(skipped)
        self._check(row, int(consecutive))
        self._on_row(row)

    def _check(self, row: Row, consecutive: int) -> None:
        if consecutive and len(self._rows) == 1:
            what = f"the loss is {row['loss']}" if not np.isfinite(row["loss"]) else "the gradient is not finite"
            raise TrainingError(
                f"At the first step, {what}. Check for missing values (nan) that the loss does not mask, logarithms or "
                "square roots of zero, and failed solves. To find the cause, call `loss(model, batch, key)` yourself "
                "and set `jax.debug_nans(True)`."
            )
        if consecutive >= _MAX_SKIPPED:
            raise TrainingError(
                f"The gradients of {pluralize(consecutive, 'step')} in a row, up to step {len(self._rows)}, were not "
                "finite. Try a lower learning rate, gradient clipping, or a bounded loss."
            )


def _is_ready(output: StepOutput) -> bool:
    return output.numbers.is_ready()  # pyright: ignore[reportAttributeAccessIssue] (of arrays, not of tracers)
