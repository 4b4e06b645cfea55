"""Normalization of panels."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from nde.data.frames import did_you_mean
from nde.data.panel.time_series import TimeSeries
from nde.data.plural import pluralize
from nde.data.table import DataError

_Numbers = tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Normalization:
    """Standardization of channels and static features to mean 0 and standard deviation 1, and optionally of times.

    Fit it to the training panel and apply it to all panels, so that no information leaks from the others. A channel
    that is constant or never observed in the training panel is not scaled.

    Attributes:
        channels: Names of the channels.
        center: Means of the channels.
        scale: Standard deviations of the channels.
        static_center: Means of the static features.
        static_scale: Standard deviations of the static features.
        time_center: Offset of times.
        time_scale: Scale of times.

    Example:
        ```python
        import numpy as np
        import nde
        from nde.data import Normalization

        panel = nde.TimeSeries.from_arrays(np.random.default_rng(0).normal(5.0, 2.0, (100, 20, 1)))
        normalization = Normalization.fit(panel[:80])
        print(normalization.apply(panel[80:]).ys.mean(), normalization.invert(np.zeros((1, 1))))
        ```
    """

    channels: tuple[str, ...]
    center: _Numbers
    scale: _Numbers
    static_center: _Numbers = ()
    static_scale: _Numbers = ()
    time_center: float = 0.0
    time_scale: float = 1.0

    @classmethod
    def fit(cls, train: TimeSeries, *, times: bool = False) -> "Normalization":
        """Fit a normalization to a panel.

        Args:
            train: The training panel.
            times: Whether to scale times, too, so that they start at 0 and the longest series has duration 1.

        Returns:
            The normalization.
        """
        center, scale = _standard(train.ys)
        static_center, static_scale = _standard(train.static)
        time_center, time_scale = 0.0, 1.0
        if times:
            longest = float((train.ts[train.starts + train.lengths - 1] - train.ts[train.starts]).max())
            time_center, time_scale = float(train.ts.min()), longest if longest > 0 else 1.0
        return cls(train.channels, center, scale, static_center, static_scale, time_center, time_scale)

    def apply(self, panel: TimeSeries) -> TimeSeries:
        """Normalize a panel; its clock still converts to the times of the data.

        Args:
            panel: A panel with the channels and static features of the training panel.

        Returns:
            The normalized panel.

        Raises:
            DataError: If the panel has other channels or static features than the training panel.
        """
        if panel.channels != self.channels:
            raise DataError(
                f"Got a panel with channels {', '.join(panel.channels)}; this normalization was fitted to channels "
                f"{', '.join(self.channels)}. Prepare both panels in the same way."
            )
        if panel.static.shape[1] != len(self.static_center):
            raise DataError(
                f"Got a panel with {pluralize(panel.static.shape[1], 'static feature')}; this normalization was fitted "
                f"to {len(self.static_center)}. Prepare both panels in the same way."
            )
        return dataclasses.replace(
            panel,
            ts=(panel.ts - self.time_center) / self.time_scale,
            ys=(panel.ys - np.array(self.center)) / np.array(self.scale),
            static=(panel.static - np.array(self.static_center)) / np.array(self.static_scale),
            clock=panel.clock.rescaled(self.time_center, self.time_scale),
        )

    def invert(
        self, values: Float[Array | np.ndarray, "*shape channels"], channels: Sequence[str] | None = None
    ) -> Float[Array | np.ndarray, "*shape channels"]:
        """Convert normalized values back to the units of the data; `nan` stays `nan`.

        Args:
            values: A NumPy or JAX array of shape `(*shape, channels)`; for example, a forecast.
            channels: Names of the channels along the last axis; by default all channels.

        Returns:
            The values in the units of the data.

        Raises:
            DataError: If a channel does not exist, or the last axis has another size.
        """
        names = self.channels if channels is None else tuple(channels)
        for name in names:
            if name not in self.channels:
                raise DataError(f"There is no channel '{name}'. {did_you_mean(name, self.channels)}")
        if values.shape[-1] != len(names):
            raise DataError(
                f"Got values of shape {values.shape} for {pluralize(len(names), 'channel')}; the last axis must be "
                "that of the channels. For some of the channels, pass their names."
            )
        places = [self.channels.index(name) for name in names]
        scale, center = (np.array(x)[places].reshape(*(1,) * (values.ndim - 1), -1) for x in (self.scale, self.center))
        return values * scale + center

    def to_dict(self) -> dict[str, Any]:
        """Convert to a dictionary of lists and numbers, for JSON.

        Example:
            ```python
            import json
            from nde.data import Normalization

            normalization = Normalization(("x",), (5.0,), (2.0,))
            assert Normalization.from_dict(json.loads(json.dumps(normalization.to_dict()))) == normalization
            ```
        """
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "Normalization":
        """Restore a normalization from the dictionary of `to_dict`.

        Raises:
            DataError: If an entry is missing or unknown.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        if set(saved) != set(names):
            raise DataError(f"Got a normalization with entries {', '.join(saved)}; expected {', '.join(names)}.")
        fields: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in saved.items()}
        return cls(**fields)


def _standard(values: Float[np.ndarray, "rows columns"]) -> tuple[_Numbers, _Numbers]:
    """Mean and standard deviation of each column, ignoring missing values."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    deviation = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / count)
    least, most = np.where(known, values, np.inf).min(axis=0), np.where(known, values, -np.inf).max(axis=0)
    # By rounding, the deviation of a constant, and its distance to the mean, may be slightly more than zero.
    varies = (most > least) & (deviation > 0)
    mean = np.where(most == least, most, mean)
    return tuple(mean.tolist()), tuple(np.where(varies, deviation, 1.0).tolist())
