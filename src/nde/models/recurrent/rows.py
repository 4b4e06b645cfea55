"""The rows of a series, prepared for recurrent networks."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from nde.core.count import first_of


class Rows(eqx.Module):
    """The rows of a series without `nan`.

    Missing values are zero, the mean of normalized data, and time stops in the padding.

    Attributes:
        ts: Times; the padding repeats that of the last row.
        own: Which rows belong to the series rather than to the padding.
        observed: Which values were observed; none in the padding.
        values: The observed values, with zeros for missing ones.
    """

    ts: Float[Array, " time"]
    own: Bool[Array, " time"]
    observed: Bool[Array, "time channels"]
    values: Float[Array, "time channels"]

    @classmethod
    def of(cls, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int) -> "Rows":
        """Return the rows of a series of this length."""
        own = first_of(len(ts), length)
        observed = own[:, None] & ~jnp.isnan(ys)
        return cls(jnp.where(own, ts, ts[length - 1]), own, observed, jnp.where(observed, ys, 0.0))

    @property
    def masks(self) -> Float[Array, "time channels"]:
        """Which values were observed, as numbers."""
        return self.observed.astype(self.values.dtype)

    @property
    def gaps(self) -> Float[Array, " time"]:
        """The time since the previous row; zero at the first."""
        return jnp.diff(self.ts, prepend=self.ts[:1])

    @property
    def gaps_after(self) -> Float[Array, " time"]:
        """The time until the next row; zero at the last."""
        return jnp.diff(self.ts, append=self.ts[-1:])

    @property
    def filled(self) -> Float[Array, "time channels"]:
        """The last value of each channel so far, including that of the row; zero before the first."""
        return self._values_at(self._last_observed())

    @property
    def filled_before(self) -> Float[Array, "time channels"]:
        """The last value of each channel in an earlier row; zero if there is none."""
        return self._values_at(self._before())

    @property
    def ages(self) -> Float[Array, "time channels"]:
        """The time since each channel was observed in an earlier row, or since the first row."""
        return self.ts[:, None] - self.ts[jnp.maximum(self._before(), 0)]

    @property
    def backward_inputs(self) -> Float[Array, "time inputs"]:
        """Values, masks, and the time until the next row, from the last row to the first."""
        return jnp.concatenate([self.values, self.masks, self.gaps_after[:, None]], axis=1)[::-1]

    def backward(self) -> "Rows":
        """Return the rows in reverse order, preceded by the padding."""
        return jax.tree.map(lambda leaf: leaf[::-1], self)

    def read(self, step: Callable[[PyTree, Any], PyTree], state: PyTree, inputs: PyTree) -> PyTree:
        """Return the state after `step(state, input)` at each row, skipping the padding."""
        last, _ = self._scan(step, state, inputs, lambda _: None)
        return last

    def readings(self, step: Callable[[PyTree, Any], PyTree], state: PyTree, inputs: PyTree) -> PyTree:
        """Return the states after each row, each leaf with a leading axis of rows."""
        _, states = self._scan(step, state, inputs, lambda state: state)
        return states

    def _scan(
        self,
        step: Callable[[PyTree, Any], PyTree],
        state: PyTree,
        inputs: PyTree,
        save: Callable[[PyTree], PyTree | None],
    ) -> tuple[PyTree, PyTree | None]:
        """Return the last state, and what is saved of the state after each row."""

        def masked_step(state: PyTree, row: tuple[Array, Any]) -> tuple[PyTree, PyTree | None]:
            own, row_inputs = row
            state = jax.tree.map(lambda new, old: jnp.where(own, new, old), step(state, row_inputs), state)
            return state, save(state)

        return jax.lax.scan(masked_step, state, (self.own, inputs))

    def _last_observed(self) -> Int[Array, "time channels"]:
        """Return the last row so far in which each channel was observed; -1 if there is none."""
        rows = jnp.where(self.observed, jnp.arange(len(self.ts))[:, None], -1)
        return jax.lax.cummax(rows)

    def _before(self) -> Int[Array, "time channels"]:
        last = self._last_observed()
        return jnp.concatenate([jnp.full_like(last[:1], -1), last[:-1]])

    def _values_at(self, rows: Int[Array, "time channels"]) -> Float[Array, "time channels"]:
        values = jnp.take_along_axis(self.values, jnp.maximum(rows, 0), axis=0)
        return jnp.where(rows >= 0, values, 0.0)
