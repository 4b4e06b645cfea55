"""Coefficients of paths through data with gaps: all series at once, or series by series and channel by channel."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.interpolate import CubicHermiteSpline, CubicSpline

import nde
from benchmarks.goal import Goal
from benchmarks.side import Ready

OURS = {
    "natural": nde.natural_cubic_coefficients,
    "Hermite": nde.backward_hermite_coefficients,
    "linear": nde.linear_interpolation,
}
TORCHCDE = {
    "natural": "natural_cubic_coeffs",
    "Hermite": "hermite_cubic_coefficients_with_backward_differences",
    "linear": "linear_interpolation_coeffs",
}


@dataclass(frozen=True, eq=False)
class Data:
    """Series at common times.

    Args:
        kind: `"natural"`, `"Hermite"` or `"linear"`.
        ts: the times.
        ys: the values, of shape (series, times, channels); `nan` where a value is missing.
    """

    kind: str
    ts: np.ndarray
    ys: np.ndarray

    x64: bool = False


@dataclass(frozen=True)
class OurSplines:
    """`jit` of `vmap` over the series."""

    name: str = "nde"

    def installed(self) -> bool:
        """True: `nde` is installed."""
        return True

    def start(self, data: Data, _goal: Goal, /) -> Ready:
        """Compile."""
        ts, ys = jnp.asarray(data.ts, jnp.float32), jnp.asarray(data.ys, jnp.float32)
        function = OURS[data.kind]
        compiled = jax.jit(jax.vmap(function, in_axes=(None, 0)))

        def run() -> Any:
            return jax.block_until_ready(compiled(ts, ys))

        return Ready(run, before=run)


@dataclass(frozen=True)
class TorchCDE:
    """torchcde, which loops over channels if there are gaps."""

    name: str = "torchcde"

    def installed(self) -> bool:
        """Whether both PyTorch and torchcde are installed."""
        return all(find_spec(module) for module in ("torch", "torchcde"))

    def start(self, data: Data, _goal: Goal, /) -> Ready:
        """Nothing to prepare: a run takes many seconds."""
        torch, torchcde = import_module("torch"), import_module("torchcde")
        ts, ys = (torch.tensor(x, dtype=torch.float32) for x in (data.ts, data.ys))
        function = getattr(torchcde, TORCHCDE[data.kind])

        def run() -> Any:
            with torch.no_grad():
                return function(ys, ts)

        return Ready(run, before=lambda: None, least=1)


@dataclass(frozen=True)
class SciPySplines:
    """SciPy's class, or NumPy's `interp`, for each series and channel in turn, in float64."""

    kind: str

    @property
    def name(self) -> str:
        """The name of the class."""
        names = {"natural": "SciPy CubicSpline", "Hermite": "SciPy CubicHermiteSpline", "linear": "NumPy interp"}
        return names[self.kind]

    def installed(self) -> bool:
        """True: SciPy comes with JAX."""
        return True

    def start(self, data: Data, _goal: Goal, /) -> Ready:
        """Nothing to prepare."""
        one = ONE[data.kind]

        def run() -> Any:
            return [[one(data.ts, y) for y in channels] for channels in np.swapaxes(data.ys, 1, 2)]

        return Ready(run, before=lambda: None, setting="float64", least=3)


def _natural(ts: np.ndarray, y: np.ndarray) -> Any:
    seen = ~np.isnan(y)
    return CubicSpline(ts[seen], y[seen], bc_type="natural")


def _hermite(ts: np.ndarray, y: np.ndarray) -> Any:
    seen = ~np.isnan(y)
    t, x = ts[seen], y[seen]
    slopes = np.diff(x) / np.diff(t)
    return CubicHermiteSpline(t, x, np.concatenate([slopes[:1], slopes]))


def _linear(ts: np.ndarray, y: np.ndarray) -> np.ndarray:
    seen = ~np.isnan(y)
    return np.interp(ts, ts[seen], y[seen])


ONE: dict[str, Callable[[np.ndarray, np.ndarray], Any]] = {"natural": _natural, "Hermite": _hermite, "linear": _linear}
