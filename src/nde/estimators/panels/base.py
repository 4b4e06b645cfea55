"""Base class for estimators that compare methods on many series."""

import abc
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from nde.data import DataError, as_panel
from nde.data.panel import TimeSeries
from nde.estimators.saving import write


def check_channels(panel: TimeSeries, channels: tuple[str, ...]) -> TimeSeries:
    """Check that a panel has the channels that an estimator was fitted to, in their order.

    Raises:
        DataError: If it has others.
    """
    if panel.channels != channels:
        raise DataError(
            f"Got a panel with channels {', '.join(panel.channels)}; this estimator was fitted to channels "
            f"{', '.join(channels)}."
        )
    return panel


class AbstractPanelEstimator(BaseEstimator):
    """Base class for estimators that compare methods on each channel of many series, and use the best.

    Attributes:
        known_methods: The names of all methods, in the order of preference.
    """

    known_methods: ClassVar[tuple[str, ...]]
    methods: Sequence[str] | None
    series: str | None
    time: str | None
    channels: Sequence[str] | None
    fitted_: dict[str, Any]

    @abc.abstractmethod
    def _to_config(self) -> dict[str, Any]:
        """The fitted state, for a JSON file."""

    @abc.abstractmethod
    def _from_config(self, config: dict[str, Any]) -> None:
        """Restore the state of `_to_config`."""

    @property
    def channels_(self) -> tuple[str, ...]:
        """Names of the channels that the estimator was fitted to."""
        return tuple(self.fitted_)

    def save(self, folder: str | Path) -> None:
        """Save the fitted estimator to a folder; `nde.estimators.load_estimator` loads it.

        Args:
            folder: The folder to write to; created if it does not exist.

        Raises:
            NotFittedError: If the estimator is not fitted.
        """
        check_is_fitted(self, "fitted_")
        write(folder, self, self._to_config(), None)

    def _panel(self, X: Any, channels: Sequence[str] | None) -> TimeSeries:
        return as_panel(X, series=self.series, time=self.time, channels=channels)

    def _fitted_panel(self, X: Any) -> TimeSeries:
        """Convert `X` to a panel with the channels that the estimator was fitted to."""
        check_is_fitted(self, "fitted_")
        return check_channels(self._panel(X, self.channels_), self.channels_)

    def _methods(self) -> list[str]:
        """The methods to compare, in the order of preference."""
        names = list(self.known_methods) if self.methods is None else list(self.methods)
        unknown = [name for name in names if name not in self.known_methods]
        if unknown or not names:
            raise ValueError(f"methods must be some of {', '.join(self.known_methods)}; got {names}.")
        return [name for name in self.known_methods if name in names]
