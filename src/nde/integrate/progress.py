"""Progress meters: how far a solve has come, shown while it runs."""

import abc
import itertools
import threading
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from nde.core.extras import require
from nde.core.lanes import any_lane, least_lane
from nde.core.types import BoolScalar, IntScalar, RealScalar


class AbstractProgressMeter(eqx.Module):
    """Shows the progress of a solve. Safe under `jit`, `vmap` and `grad`: a batch shares one display.

    Example:
        ```python
        import nde

        assert isinstance(nde.NoProgressMeter(), nde.AbstractProgressMeter)
        ```
    """

    @property
    def silent(self) -> bool:
        """Whether nothing is ever shown."""
        return False

    @abc.abstractmethod
    def init(self) -> PyTree[Any]:
        """The state before the first step."""

    @abc.abstractmethod
    def step(self, state: PyTree[Any], progress: Float[Array, ""]) -> PyTree[Any]:
        """The state after a step; `progress` runs from 0 to 1."""

    @abc.abstractmethod
    def close(self, state: PyTree[Any]) -> None:
        """Called once after the last step."""


class NoProgressMeter(AbstractProgressMeter):
    """Shows nothing; the default.

    Example:
        ```python
        import nde

        meter = nde.NoProgressMeter()
        assert meter.init() is None
        ```
    """

    @property
    def silent(self) -> bool:
        """True."""
        return True

    def init(self) -> None:
        """Nothing to keep."""
        return None

    def step(self, state: None, progress: Float[Array, ""]) -> None:
        """Nothing to show."""
        del state, progress

    def close(self, state: None) -> None:
        """Nothing to close."""
        del state


class _Shown(eqx.Module):
    """The share last shown and the steps since (the same in all lanes), and the display's number."""

    share: Float[Array, ""]
    steps: IntScalar
    display: Array


class _AbstractDisplayMeter(AbstractProgressMeter):
    @abc.abstractmethod
    def _due(self, state: _Shown, slowest: Float[Array, ""]) -> BoolScalar:
        """Whether the progress of the slowest lane is to be shown."""

    @abc.abstractmethod
    def _open(self) -> "_Display":
        """A new display."""

    def init(self) -> _Shown:
        """Opens a display when the solve starts to run."""
        number = jax.pure_callback(
            lambda: _DISPLAYS.open(self._open), jax.ShapeDtypeStruct((), jnp.int32), vmap_method="sequential"
        )
        return _Shown(share=jnp.zeros((), jnp.float32), steps=jnp.zeros((), jnp.int32), display=number)

    def step(self, state: _Shown, progress: Float[Array, ""]) -> _Shown:
        """Shows the progress of the slowest lane where it is due, and its end."""
        slowest = least_lane(jax.lax.stop_gradient(progress.astype(jnp.float32)))
        state = _Shown(state.share, state.steps + 1, state.display)
        show = any_lane(self._due(state, slowest) | ((slowest >= 1) & (state.share < 1)))

        def shown() -> Float[Array, ""]:
            jax.debug.callback(_DISPLAYS.show, state.display, slowest, ordered=False)
            return slowest

        share = jax.lax.cond(show, shown, lambda: state.share)
        return _Shown(share=share, steps=jnp.where(show, 0, state.steps), display=state.display)

    def close(self, state: _Shown) -> None:
        """Shows the end and closes the display."""
        jax.debug.callback(_DISPLAYS.close, state.display, state.share, ordered=False)


class TextProgressMeter(_AbstractDisplayMeter):
    """Prints the progress, one line each time it has grown by `minimum_increase`.

    Attributes:
        minimum_increase: The least growth between two lines, as a share of the whole.

    Example:
        ```python
        import nde

        nde.diffeqsolve(
            nde.ODETerm(lambda t, y, args: -y), nde.Euler(), 0.0, 1.0, 0.1, 1.0,
            progress_meter=nde.TextProgressMeter(minimum_increase=0.25),
        )
        ```
    """

    minimum_increase: RealScalar = 0.02

    def __check_init__(self) -> None:
        got = f"`TextProgressMeter` got `minimum_increase={self.minimum_increase!r}`; expected a number in [0, 1]."
        if isinstance(self.minimum_increase, np.ndarray | jax.Array):
            return
        if isinstance(self.minimum_increase, bool) or not isinstance(self.minimum_increase, int | float | np.number):
            raise TypeError(got)
        if not 0 <= self.minimum_increase <= 1:
            raise ValueError(got)

    def _due(self, state: _Shown, slowest: Float[Array, ""]) -> BoolScalar:
        return slowest - state.share >= self.minimum_increase

    def _open(self) -> "_Display":
        return _TextDisplay()


_REFRESH_INCREASE = 0.05
"""Growth of the share done after which the bar is refreshed, however few steps it took."""


class TqdmProgressMeter(_AbstractDisplayMeter):
    """Shows a progress bar by `tqdm`.

    Attributes:
        refresh_steps: Steps from one refresh of the bar to the next, unless a twentieth more of the whole is done.

    Raises:
        ImportError: If `tqdm` is not installed.

    Example:
        ```python
        import nde

        try:
            meter = nde.TqdmProgressMeter()
        except ImportError as error:
            print(error)
        ```
    """

    refresh_steps: int = 20

    def __check_init__(self) -> None:
        require("nde.TqdmProgressMeter", "tqdm")
        if isinstance(self.refresh_steps, bool) or not isinstance(self.refresh_steps, int | np.integer):
            raise TypeError(
                f"`TqdmProgressMeter` got `refresh_steps={self.refresh_steps!r}`; expected a whole number of steps."
            )
        if self.refresh_steps < 1:
            raise ValueError(f"`TqdmProgressMeter` got `refresh_steps={self.refresh_steps}`; expected at least 1 step.")

    def _due(self, state: _Shown, slowest: Float[Array, ""]) -> BoolScalar:
        return (state.steps >= self.refresh_steps) | (slowest - state.share >= _REFRESH_INCREASE)

    def _open(self) -> "_Display":
        return _TqdmDisplay()


class _Display(abc.ABC):
    @abc.abstractmethod
    def show(self, share: float) -> None: ...

    @abc.abstractmethod
    def close(self) -> None: ...


class _TextDisplay(_Display):
    def __init__(self) -> None:
        self.last = 0.0
        print("0.00%", flush=True)

    def show(self, share: float) -> None:
        if share > self.last:
            self.last = share
            print(f"{100 * share:.2f}%", flush=True)

    def close(self) -> None:
        return None


class _TqdmDisplay(_Display):
    def __init__(self) -> None:
        import tqdm  # noqa: PLC0415

        self.bar = tqdm.tqdm(total=100, unit="%", bar_format="{percentage:.1f}%|{bar}| [{elapsed}<{remaining}]")

    def show(self, share: float) -> None:
        reached = round(100 * share, 2)
        if reached > self.bar.n:
            self.bar.n = reached
            self.bar.refresh()

    def close(self) -> None:
        self.bar.close()


class _Displays:
    """The displays that are open, by number: compiled code carries the number only."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._open: dict[int, _Display] = {}
        self._lock = threading.Lock()

    def open(self, make: Callable[[], _Display]) -> Any:
        with self._lock:
            number = next(self._numbers)
            self._open[number] = make()
        return jnp.int32(number)

    def show(self, number: Any, share: Any) -> None:
        with self._lock:
            display = self._open.get(int(number))
            if display is not None:
                display.show(float(share))

    def close(self, number: Any, share: Any) -> None:
        with self._lock:
            display = self._open.pop(int(number), None)
            if display is not None:
                display.show(float(share))
                display.close()


_DISPLAYS = _Displays()
