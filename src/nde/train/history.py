"""What a training told, step by step."""

from collections import deque
from collections.abc import Callable

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float, Int

from nde.train.step import Told

_NAMES = ("loss", "rate", "validation")
_IN_FLIGHT = 16
"""How many steps the host may be ahead of the device."""
_MOST_SKIPPED = 20
"""How many gradients in a row may be not finite."""


class TrainingError(RuntimeError):
    """A training that cannot go on: its loss or gradients are not finite.

    Example:
        ```python
        from nde.train import TrainingError

        assert issubclass(TrainingError, RuntimeError)
        ```
    """


class History(eqx.Module):
    """The course of a training, a row for each step.

    Attributes:
        step: From 1.
        loss: Of the step's batch, before the step.
        rate: The learning rate; `nan` if the optimizer's state tells none.
        validation: The metric on the validation data after the step; `nan` where there was none.
        metrics: What the loss told beside.

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
"""What one step told, by name; `validation` only if there was one."""


class Ledger:
    """Takes what steps tell without waiting for the device, and hands it on in order.

    Args:
        told: Called for each step, when its numbers have come.

    Attributes:
        skipped: How many steps were passed over.
    """

    def __init__(self, told: Callable[[Row], None]) -> None:
        self._told = told
        self._waiting: deque[tuple[Told, float | None]] = deque()
        self._rows: list[Row] = []
        self.skipped = 0

    def put(self, told: Told, validation: float | None) -> None:
        """Takes what a step tells, and settles what has come by now."""
        self._waiting.append((told, validation))
        while self._waiting and (len(self._waiting) > _IN_FLIGHT or _has_come(self._waiting[0][0])):
            self._settle_one()

    def settle(self) -> None:
        """Waits for all."""
        while self._waiting:
            self._settle_one()

    def columns(self) -> dict[str, Float[np.ndarray, " steps"]]:
        """All steps that are settled; `nan` where one did not tell."""
        last = self._rows[-1] if self._rows else {}
        names = [*_NAMES, *(name for name in last if name not in {*_NAMES, "step"})]
        return {name: np.array([row.get(name, np.nan) for row in self._rows], np.float64) for name in names}

    def restore(self, columns: dict[str, Float[np.ndarray, " steps"]], skipped: int) -> None:
        """Goes on from these steps."""
        rows = [
            dict(zip(columns, row, strict=True)) for row in zip(*(c.tolist() for c in columns.values()), strict=True)
        ]
        self._rows = [{"step": number, **row} for number, row in enumerate(rows, 1)]
        self.skipped = skipped

    def history(self) -> History:
        """All steps that are settled."""
        columns = self.columns()
        loss, rate, validation = (columns.pop(name) for name in _NAMES)
        return History(np.arange(1, len(loss) + 1), loss, rate, validation, metrics=columns)

    def _settle_one(self) -> None:
        told, validation = self._waiting.popleft()
        loss, skipped, in_a_row, *rate = np.asarray(told.numbers, np.float64).tolist()
        row = {"step": len(self._rows) + 1, "loss": loss, "rate": rate[0] if rate else np.nan}
        row |= {name: float(value) for name, value in jax.device_get(told.metrics).items()} if told.metrics else {}
        row |= {} if validation is None else {"validation": validation}
        self._rows.append(row)
        self.skipped = int(skipped)
        self._check(row, int(in_a_row))
        self._told(row)

    def _check(self, row: Row, in_a_row: int) -> None:
        if in_a_row and len(self._rows) == 1:
            what = f"the loss is {row['loss']}" if not np.isfinite(row["loss"]) else "the gradient is not finite"
            raise TrainingError(
                f"At the first step {what}. Look for gaps (nan) that the loss does not leave out, a logarithm or root "
                "of zero, or a solve that fails: `loss(model, batch, key)` and `jax.debug_nans(True)` tell."
            )
        if in_a_row >= _MOST_SKIPPED:
            raise TrainingError(
                f"The gradients of {in_a_row} steps in a row, up to step {len(self._rows)}, were not finite. Try a "
                "lower learning rate, gradient clipping, or a loss that bounds what it takes."
            )


def _has_come(told: Told) -> bool:
    return told.numbers.is_ready()  # pyright: ignore[reportAttributeAccessIssue] (of arrays, not of tracers)
