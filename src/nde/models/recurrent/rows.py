"""The rows of a series as a recurrent network reads them."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from nde.core.count import first_of


class Rows(eqx.Module):
    """One series without `nan`: gaps are zero, the mean of normalized data, and the padding is at rest.

    Attributes:
        ts: Times; in the padding that of the last row.
        own: Which rows are the series' own.
        observed: What was observed; nothing in the padding.
        values: What was measured; zero where nothing was.
    """

    ts: Float[Array, " time"]
    own: Bool[Array, " time"]
    observed: Bool[Array, "time channels"]
    values: Float[Array, "time channels"]

    @classmethod
    def of(cls, ts: Float[Array, " time"], ys: Float[Array, "time channels"], length: Int[Array, ""] | int) -> "Rows":
        """The rows of a series of this length."""
        own = first_of(len(ts), length)
        observed = own[:, None] & ~jnp.isnan(ys)
        return cls(jnp.where(own, ts, ts[length - 1]), own, observed, jnp.where(observed, ys, 0.0))

    @property
    def masks(self) -> Float[Array, "time channels"]:
        """What was observed, as numbers."""
        return self.observed.astype(self.values.dtype)

    @property
    def gaps(self) -> Float[Array, " time"]:
        """The time since the row before; none at the first."""
        return jnp.diff(self.ts, prepend=self.ts[:1])

    @property
    def gaps_after(self) -> Float[Array, " time"]:
        """The time until the row after; none at the last."""
        return jnp.diff(self.ts, append=self.ts[-1:])

    @property
    def filled(self) -> Float[Array, "time channels"]:
        """The last value of each channel, that of the row among them; zero before its first."""
        return self._values_at(self._last_observed())

    @property
    def filled_before(self) -> Float[Array, "time channels"]:
        """The last value of each channel in an earlier row; zero if there is none."""
        return self._values_at(self._before())

    @property
    def ages(self) -> Float[Array, "time channels"]:
        """The time since each channel was observed in an earlier row, or since the first row."""
        return self.ts[:, None] - self.ts[jnp.maximum(self._before(), 0)]

    def backward(self) -> "Rows":
        """The same rows from the last to the first; the padding comes before them."""
        return jax.tree.map(lambda leaf: leaf[::-1], self)

    def read(self, step: Callable[[PyTree, Any], PyTree], state: PyTree, inputs: PyTree) -> PyTree:
        """The state after `step(state, input)` at each row of the series' own."""
        last, _ = self._scanned(step, state, inputs, lambda _: None)
        return last

    def readings(self, step: Callable[[PyTree, Any], PyTree], state: PyTree, inputs: PyTree) -> PyTree:
        """The states after each row, each leaf with a leading axis of rows."""
        _, states = self._scanned(step, state, inputs, lambda state: state)
        return states

    def _scanned(
        self,
        step: Callable[[PyTree, Any], PyTree],
        state: PyTree,
        inputs: PyTree,
        told: Callable[[PyTree], PyTree | None],
    ) -> tuple[PyTree, PyTree | None]:
        """The last state, and what is told of the state after each row."""

        def kept(state: PyTree, row: tuple[Array, Any]) -> tuple[PyTree, PyTree | None]:
            own, given = row
            state = jax.tree.map(lambda new, old: jnp.where(own, new, old), step(state, given), state)
            return state, told(state)

        return jax.lax.scan(kept, state, (self.own, inputs))

    def _last_observed(self) -> Int[Array, "time channels"]:
        """The last row in which each channel was observed; -1 if in none so far."""
        places = jnp.where(self.observed, jnp.arange(len(self.ts))[:, None], -1)
        return jax.lax.cummax(places)

    def _before(self) -> Int[Array, "time channels"]:
        last = self._last_observed()
        return jnp.concatenate([jnp.full_like(last[:1], -1), last[:-1]])

    def _values_at(self, places: Int[Array, "time channels"]) -> Float[Array, "time channels"]:
        known = jnp.take_along_axis(self.values, jnp.maximum(places, 0), axis=0)
        return jnp.where(places >= 0, known, 0.0)
